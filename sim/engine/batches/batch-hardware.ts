/**
 * What runs whole batches in a simulation: from a batch and its start to what became of it. Costs of a profile of whole
 * batches (here), or a vLLM engine that gets all requests of a batch at once (engine-batches.ts).
 */
import type { CostModel } from "../../cost/index.js";
import type { BatchWork, MemberOutcome } from "../../policy/index.js";

/** Times in ns since the run's start. */
export interface BatchRan {
  /** When every member that got a first token had it. */
  readonly firstTokenNs: number;
  readonly endNs: number;
  /** Peak memory, of all there is; bytes where they are known. */
  readonly memoryFraction: number;
  readonly peakBytes?: number;
  /** Each member's own, in the batch's order; absent: all have the batch's. */
  readonly members?: readonly MemberOutcome[];
}

export interface BatchHardware {
  /** Runs a batch; starts do not go back in time, and come no earlier than the end of the batch before. */
  run(work: BatchWork, startNs: number): BatchRan;
}

/** Batches that take what a cost model says. */
export function modelledHardware(cost: CostModel): BatchHardware {
  return {
    run: ({ requests, promptTokens, outputTokens }, startNs) => {
      const rows = requests.length;
      const { prefillNs, decodeNs, peakBytes } = cost.batch({ rows, promptTokens, outputTokens });
      const firstTokenNs = startNs + prefillNs;
      return { firstTokenNs, endNs: firstTokenNs + decodeNs, memoryFraction: peakBytes / cost.totalBytes, peakBytes };
    },
  };
}
