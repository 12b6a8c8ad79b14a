/** The counts of a step as records of engines have them. */
import type { EngineStepRecord } from "../../../formats/index.js";
import type { EngineStep } from "../../policy/index.js";

type Times = "scheduleStartNs" | "scheduleEndNs" | "updateStartNs" | "updateEndNs";

export function recordedCounts(step: EngineStep): Omit<EngineStepRecord, Times> {
  return {
    step: step.id,
    scheduledRequests: step.scheduledRequests,
    scheduledTokens: step.scheduledTokens,
    decodeRequests: step.decodeRequests,
    decodeContextTokens: step.decodeContextTokens,
    prefillRequests: step.prefillRequests,
    prefillTokens: step.prefillTokens,
    contextTokens: step.decodeContextTokens + step.prefillContextTokens,
    prefillAttentionPairs: step.prefillAttentionPairs,
    samplingRequests: step.samplingRequests,
    preempted: step.preempted.length,
  };
}
