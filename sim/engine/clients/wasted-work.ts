/**
 * What an engine does for each request, to tell what it did for those whose clients gave up: the tokens that it computed, and
 * its share of the GPU's time. A step's time is shared by its requests in proportion to their tokens in it.
 */
import type { StepAssignment } from "../../policy/index.js";
import type { ObservedPass, StepObserver } from "../server/index.js";

/** By row of the log, all replicas together. */
export class RequestWork {
  readonly promptTokens: Float64Array;
  readonly outputTokens: Float64Array;
  readonly gpuNs: Float64Array;

  constructor(rows: number) {
    this.promptTokens = new Float64Array(rows);
    this.outputTokens = new Float64Array(rows);
    this.gpuNs = new Float64Array(rows);
  }

  add({ index, tokens, samples, prefills }: StepAssignment, gpuNs: number): void {
    if (prefills) this.promptTokens[index]! += tokens;
    if (samples) this.outputTokens[index]! += 1;
    this.gpuNs[index]! += gpuNs;
  }
}

/** Adds up an engine's work, and hands everything on to another observer. */
export function observeWork(work: RequestWork, other: StepObserver | undefined): StepObserver {
  return {
    queued: (index, atNs) => other?.queued(index, atNs),
    taken: (index, atNs) => other?.taken(index, atNs),
    sent: (step, atNs) => other?.sent(step, atNs),
    scheduled: (pass: ObservedPass) => {
      const { assignments, step, gpuNs } = pass;
      for (const one of assignments) work.add(one, (gpuNs * one.tokens) / step.scheduledTokens);
      other?.scheduled(pass);
    },
  };
}
