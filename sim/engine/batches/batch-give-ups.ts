/**
 * Requests of whole batches whose clients may give up or try again. A batch takes its time for all its members: one that is
 * given up wastes an equal share of it, since all are padded to one shape.
 */
import type { RequestTable, Workload } from "../../../formats/index.js";
import type { GiveUpSummary } from "../../metrics/index.js";
import type { BatchWork } from "../../policy/index.js";
import { ImpatientClient } from "../../workload/index.js";
import type { Ledger } from "./ledger.js";

export class BatchGiveUps {
  readonly client: ImpatientClient;
  private readonly machineOf = new Map<number, number>();
  /** Of requests that were in a batch: its time over its size, ns. */
  private readonly shareNs = new Map<number, number>();
  private readonly wasted = { requests: 0, inAnswer: 0, promptTokens: 0, outputTokens: 0, ns: 0 };

  constructor(
    private readonly workload: Workload,
    private readonly ledger: Ledger,
  ) {
    this.client = new ImpatientClient(workload);
  }

  get nextNs(): number {
    return this.client.nextGiveUpNs;
  }

  accepted(index: number, machine: number, nowNs: number): void {
    this.machineOf.set(index, machine);
    this.client.waits(index, nowNs);
  }

  ran({ requests }: BatchWork, tookNs: number): void {
    for (const { index } of requests) this.shareNs.set(index, tookNs / requests.length);
  }

  /** Takes the request whose client gives up at nextNs out of the log; undefined: its client does not wait any more. */
  take(nowNs: number): { readonly index: number; readonly machine: number; readonly isRunning: boolean } | undefined {
    const { client, ledger, wasted } = this;
    const index = client.takeGiveUp();
    if (!ledger.isOpen(index)) return undefined;
    const times = ledger.timesOf(index);
    const reason = client.reasonAt(index, nowNs, times);
    if (reason === undefined) return undefined;
    ledger.aborted(index, nowNs, reason);
    wasted.requests++;
    if (times.firstTokenNs < nowNs) wasted.inAnswer++;
    const shareNs = this.shareNs.get(index);
    if (shareNs !== undefined) {
      const { promptTokens, outputTokens } = this.workload.requests[client.numberOf(index)]!;
      wasted.promptTokens += promptTokens;
      wasted.outputTokens += outputTokens;
      wasted.ns += shareNs;
    }
    client.failed(nowNs, index);
    return { index, machine: this.machineOf.get(index)!, isRunning: shareNs !== undefined };
  }

  summary({ rows, ok }: RequestTable, busyNs: number): GiveUpSummary {
    const { wasted, workload } = this;
    const asked = workload.requests.length;
    return {
      aborted: wasted.requests,
      aborted_before_first_token: wasted.requests - wasted.inAnswer,
      aborted_in_answer: wasted.inAnswer,
      retried: rows - asked,
      unanswered: asked - ok.reduce((sum, one) => sum + one, 0),
      wasted_prompt_tokens: wasted.promptTokens,
      wasted_output_tokens: wasted.outputTokens,
      wasted_gpu_share: busyNs > 0 ? wasted.ns / busyNs : 0,
    };
  }
}
