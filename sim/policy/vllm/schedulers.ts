/** vllm's two schedulers, which decide alike, and which of them runs (the table in docs/design.md, section 2). */
import { withFields } from "../../../formats/index.js";
import type { SchedulerChoice, StepSchedulers } from "../step-policy.js";
import type { SchedulerRequest, StepScheduler } from "../step.js";
import type { TokenCounts } from "../token-counts.js";
import { CountScheduler } from "./counted/index.js";
import { areAnswersFinished } from "./finished-answers.js";
import type { SchedulerLimits } from "./limits.js";
import { Scheduler } from "./scheduler.js";
import type { ReplayRequest } from "./sequence.js";

/** Requests as the server sees them: their limits, and the end-of-sequence token where it comes. */
function asServed(
  requests: readonly SchedulerRequest[],
  { hasLimits }: TokenCounts,
  maxModelLen: number,
): readonly ReplayRequest[] {
  if (!hasLimits) return requests;
  return requests.map((request) => {
    const { maxTokens = request.outputTokens, promptTokens, outputTokens } = request;
    if (maxTokens <= outputTokens) return request;
    const limit = Math.max(outputTokens, Math.min(maxTokens, maxModelLen - promptTokens));
    return withFields(request, { outputTokens: limit, eosAt: outputTokens });
  });
}

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
      const asked = asServed(requests, tokens, limits.maxModelLen);
      const everyBlock = (): StepScheduler => new Scheduler(limits, asked);
      // The counts' cache takes released blocks in the newer order only.
      const counts = (prefixCaching: boolean): SchedulerChoice => {
        if (prefixCaching && !limits.rules.freesUnkeyedFirst) return { make: everyBlock };
        const counted = withFields(limits, { prefixCaching });
        return { make: () => new CountScheduler(counted, requests, tokens), counted };
      };
      // Counts know nothing of answers that end by themselves.
      if (isReference || asked !== requests) return { make: everyBlock };
      if (!limits.prefixCaching) return counts(false);
      const isFollowed = requests.some(({ follows, answer }) => follows !== undefined || answer !== undefined);
      // Counts make the blocks of an answer known when it ends.
      if (isFollowed && !areAnswersFinished(requests)) return { make: everyBlock };
      if (requests.some(({ content }) => content !== undefined)) return counts(true);
      // Without shared prefixes the cache changes nothing until a preempted request finds its own blocks again.
      return { ...counts(false), afterPreemption: counts(true) };
    },
  };
}
