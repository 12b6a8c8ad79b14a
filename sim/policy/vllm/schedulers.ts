/** vllm's two schedulers, which decide alike, and which of them runs (the table in docs/design.md, section 2). */
import type { SchedulerChoice, StepSchedulers } from "../step-policy.js";
import type { StepScheduler } from "../step.js";
import { CountScheduler } from "./counted/index.js";
import type { SchedulerLimits } from "./limits.js";
import { Scheduler } from "./scheduler.js";

export function vllmSchedulers(limits: SchedulerLimits): StepSchedulers {
  return {
    limits,
    prefixCache: {
      blockTokens: limits.blockSize,
      // One block is the null block.
      kvTokens: (limits.numGpuBlocks - 1) * limits.blockSize,
    },
    isFifo: limits.schedulingPolicy === "fcfs",
    choose: ({ requests, tokens, isReference }): SchedulerChoice => {
      const everyBlock = (): StepScheduler => new Scheduler(limits, requests);
      const counts = (prefixCaching: boolean) => (): StepScheduler =>
        new CountScheduler({ ...limits, prefixCaching }, requests, tokens);
      if (isReference) return { make: everyBlock };
      if (!limits.prefixCaching) return { make: counts(false) };
      // Counts know contents of prompts alone: a turn that may find the answer before it takes the scheduler that has every block.
      if (requests.some(({ follows, answer }) => follows !== undefined || answer !== undefined))
        return { make: everyBlock };
      if (requests.some(({ content }) => content !== undefined)) return { make: counts(true) };
      // Without shared prefixes the cache changes nothing until a preempted request finds its own blocks again.
      return { make: counts(false), afterPreemption: counts(true) };
    },
  };
}
