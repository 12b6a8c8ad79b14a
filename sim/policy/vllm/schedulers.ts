/** How vllm's schedulers are made for a workload. */
import { withFields } from "../../../formats/index.js";
import type { SchedulerChoice, StepSchedulers } from "../step-policy.js";
import type { SchedulerLimits } from "./limits.js";
import { areAnswersFinished } from "./prefix-cache/index.js";
import { VllmScheduler } from "./vllm-scheduler.js";

export function vllmSchedulers(limits: SchedulerLimits): StepSchedulers {
  return {
    limits,
    prefixCache: {
      blockTokens: limits.blockSize,
      // One block is the null block.
      kvTokens: (limits.numGpuBlocks - 1) * limits.blockSize,
    },
    isFifo: limits.schedulingPolicy === "fcfs",
    choose: ({ requests, tokens, isReference, saysWork = false }): SchedulerChoice => {
      const isFollowed = requests.some(({ follows, answer }) => follows !== undefined || answer !== undefined);
      const findsAnswers = limits.prefixCaching && isFollowed && !areAnswersFinished(requests);
      const choiceOf = (prefixCaching: boolean): SchedulerChoice => {
        const chosen = withFields(limits, { prefixCaching });
        const options = { saysWork: saysWork || findsAnswers, findsAnswers };
        const make = (): VllmScheduler => new VllmScheduler(chosen, requests, options, tokens);
        return options.saysWork ? { make } : { make, counted: chosen };
      };
      const isShared = isFollowed || requests.some(({ content }) => content !== undefined);
      if (!limits.prefixCaching || isShared || saysWork || isReference) return choiceOf(limits.prefixCaching);
      // Without shared prefixes the cache changes nothing until a preempted request finds its own blocks again.
      return { ...choiceOf(false), afterPreemption: choiceOf(true) };
    },
  };
}
