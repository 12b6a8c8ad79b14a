/**
 * Batch service times out of per-request latencies. With a closed loop of c clients and first-in-first-out batches,
 * request i is sent when request i - c ends (the first c at time 0), so its latency is the time between the ends of two
 * batches, and ends follow one from another. Service is from one end to the next, less the timeout where a batch waited.
 */
import { ArtifactError } from "../../formats/index.js";
import type { RecordedCell, RecordedRequest } from "./recording.js";

export interface CellDesign {
  readonly clients: number;
  /** Batch size that the cell begins with. */
  readonly batchSize: number;
  readonly timeoutMs: number;
  /** The cell is the first of its process, so that its first batch pays the warm-up. */
  readonly startsProcess: boolean;
}

export interface RecoveredBatch {
  readonly size: number;
  /** What the machine did before: `busy` with the batch before, `idle` for a timeout, or the cell (process) began. */
  readonly after: "busy" | "idle" | "cell_start" | "process_start";
  readonly serviceMs: number;
  /** How far its requests disagree on when it ended: what clients and their threads add, ms. */
  readonly disagreementMs: number;
  readonly peakGib: number;
  readonly longestPromptWords: number;
}

export function recoverBatches(cell: RecordedCell, design: CellDesign): RecoveredBatch[] {
  const { clients, timeoutMs } = design;
  const start = design.startsProcess ? "process_start" : "cell_start";
  const batchOf = (seq: number): number => cell.requests[seq - 1]?.batch ?? 0;
  const endsMs = [0];
  const batches: RecoveredBatch[] = [];
  let limit = design.batchSize;
  for (const members of byBatch(cell.requests)) {
    const estimatesMs = members.map(({ seq, latencyS }) => endsMs[batchOf(seq - clients)]! + latencyS * 1000);
    const endMs = estimatesMs.reduce((sum, estimateMs) => sum + estimateMs, 0) / members.length;
    const waited = members.length < limit;
    const { nextLimit, peakGib } = members[0]!;
    batches.push({
      size: members.length,
      after: waited ? "idle" : batches.length === 0 ? start : "busy",
      serviceMs: endMs - endsMs.at(-1)! - (waited ? timeoutMs : 0),
      disagreementMs: Math.max(...estimatesMs) - Math.min(...estimatesMs),
      peakGib,
      longestPromptWords: Math.max(...members.map(({ inputWords }) => inputWords)),
    });
    endsMs.push(endMs);
    limit = nextLimit;
  }
  return batches;
}

/** Requests of each batch, batches in order; they must be numbered 1, 2, 3 ... in issue order. */
function byBatch(requests: readonly RecordedRequest[]): RecordedRequest[][] {
  const batches: RecordedRequest[][] = [];
  for (const request of requests) {
    const { seq, batch } = request;
    if (batch !== batches.length && batch !== batches.length + 1) {
      throw new ArtifactError(
        `request ${seq} is in batch ${batch} after batch ${batches.length}, expected issue order`,
      );
    }
    (batches[batch - 1] ??= []).push(request);
  }
  return batches;
}
