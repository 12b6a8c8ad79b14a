/** The parts of the requests of static batches on a machine, from the batches' times. */
import type { BatchRecord, RequestTable } from "../../formats/index.js";
import { noParts, type ExplainedRequest } from "./part-names.js";

/** `batch`: the row's; `busyNs`: for how long batches ran while the request waited. A row that has its whole answer. */
export function partsOfBatch(table: RequestTable, row: number, batch: BatchRecord, busyNs: number): ExplainedRequest {
  const arrivalNs = table.arrivalNs[row]!;
  const sentNs = table.sentNs[row]!;
  const firstNs = table.firstTokenNs[row]!;
  const lastNs = table.lastTokenNs[row]!;
  const first = noParts();
  first.client = sentNs - arrivalNs;
  first.batch_running = busyNs;
  first.batch_filling = batch.startNs - sentNs - busyNs;
  const prefillNs = firstNs - batch.startNs;
  first.own_prefill = prefillNs / batch.size;
  first.others_prefill = prefillNs - first.own_prefill;
  const rest = noParts();
  // All rows go on until the longest answer of the batch ends, one token of each in a step.
  const steps = Math.max(1, batch.outputTokens - 1);
  rest.decode = (lastNs - firstNs) * Math.min(1, Math.max(0, table.outputTokens[row]! - 1) / steps);
  rest.batch_longest = lastNs - firstNs - rest.decode;
  return { first, rest, decodeNs: rest.decode, besideNs: rest.decode * batch.size };
}

/** For how long batches ran up to each instant. Batches come in order and do not overlap. */
export class BusyTime {
  private readonly sums: number[] = [];

  constructor(private readonly batches: readonly BatchRecord[]) {
    let sum = 0;
    for (const { startNs, endNs } of batches) this.sums.push((sum += endNs - startNs));
  }

  between(fromNs: number, toNs: number): number {
    return this.upTo(toNs) - this.upTo(fromNs);
  }

  private upTo(atNs: number): number {
    let [low, high] = [0, this.batches.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.batches[middle]!.startNs >= atNs) high = middle;
      else low = middle + 1;
    }
    if (low === 0) return 0;
    const { startNs, endNs } = this.batches[low - 1]!;
    return this.sums[low - 1]! - Math.max(0, endNs - Math.max(atNs, startNs));
  }
}
