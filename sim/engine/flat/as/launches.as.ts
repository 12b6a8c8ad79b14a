/** Steps on their way to the GPU: what schedule, launch and GPU take, and where that lies beyond the measured range. */
import { clocks, inFlight } from "./clocks.as";
import {
  decodeLaunchNs,
  decodeMeanNs,
  drawnGpuNs,
  EAGER,
  graphTokens,
  later,
  leadOf,
  meansOf,
  mixedLaunchNs,
  mixedMeanNs,
  mixedSpanNs,
  PIECEWISE,
  promptRestIsDecode,
  scheduleNs,
  whole,
} from "./costs.as";
import {
  ATTENTION_PAIRS,
  BATCH,
  CONTEXT_TOKENS,
  PREFILL_TOKENS,
  PROMPT_TOKENS,
  see,
  seeAbove,
  STEP_TOKENS,
  took,
  tookDecodes,
} from "./range.as";
import { Step } from "../../../policy/vllm/scheduler/step";

/** Launches a step that only decodes. */
export function launchDecodes(step: Step): void {
  const requests = step.scheduledRequests;
  const contextTokens = step.decodeContextTokens;
  const kind = meansOf(requests).decodeKind;
  const scheduledNs = clocks.hostNs + scheduleNs(requests, 0, clocks.hostNs);
  const launchNs = decodeLaunchNs(requests, kind, scheduledNs);
  const gpuNs = drawnGpuNs(decodeMeanNs(requests, contextTokens));
  tookDecodes(requests, contextTokens, 1, gpuNs);
  launched(
    step,
    scheduledNs,
    launchNs,
    later(clocks.gpuEndNs, scheduledNs + whole(leadOf(kind) * launchNs)) + gpuNs,
    gpuNs,
  );
}

export function launchAny(step: Step): void {
  const scheduledNs = clocks.hostNs + scheduleNs(step.scheduledRequests, step.prefillRequests, clocks.hostNs);
  if (step.scheduledTokens === 0) {
    clocks.hostNs = scheduledNs;
    inFlight.push(step, scheduledNs);
  } else if (step.prefillTokens === (promptRestIsDecode ? step.promptRests : 0)) launchRests(step, scheduledNs);
  else launchMixed(step, scheduledNs);
}

/** A step whose prefills are last tokens of prompts, which count as decodes. */
function launchRests(step: Step, scheduledNs: f64): void {
  const kind = meansOf(step.scheduledRequests).decodeKind;
  const launchNs = decodeLaunchNs(step.scheduledRequests, kind, scheduledNs);
  const gpuNs = drawnGpuNs(decodeMeanNs(step.scheduledRequests, step.decodeContextTokens + step.prefillContextTokens));
  seeStep(step, gpuNs);
  launched(
    step,
    scheduledNs,
    launchNs,
    later(clocks.gpuEndNs, scheduledNs + whole(leadOf(kind) * launchNs)) + gpuNs,
    gpuNs,
  );
}

function launchMixed(step: Step, scheduledNs: f64): void {
  const kind = step.scheduledTokens < graphTokens ? PIECEWISE : EAGER;
  const launchNs = mixedLaunchNs(step.scheduledRequests, kind, scheduledNs);
  const meanNs = mixedMeanNs(
    step.scheduledTokens,
    step.prefillAttentionPairs,
    step.decodeContextTokens + step.prefillContextTokens,
  );
  const gpuNs = drawnGpuNs(meanNs);
  seeStep(step, gpuNs);
  const endNs =
    clocks.gpuEndNs <= scheduledNs + whole(leadOf(kind) * launchNs)
      ? scheduledNs + mixedSpanNs(kind, launchNs, gpuNs)
      : clocks.gpuEndNs + gpuNs;
  launched(step, scheduledNs, launchNs, endNs, gpuNs);
}

/** The GPU ends a step at `endNs`, or with its launch if that is later. */
function launched(step: Step, scheduledNs: f64, launchNs: f64, endNs: f64, gpuNs: f64): void {
  clocks.hostNs = scheduledNs + launchNs;
  clocks.gpuEndNs = later(endNs, clocks.hostNs);
  clocks.busyNs += gpuNs;
  inFlight.push(step, clocks.gpuEndNs);
}

/** As RangeUse.step(). */
function seeStep(step: Step, gpuNs: f64): void {
  see(BATCH, <f64>step.scheduledRequests);
  see(STEP_TOKENS, <f64>step.scheduledTokens);
  if (step.decodeRequests > 0) see(CONTEXT_TOKENS, step.decodeContextTokens / <f64>step.decodeRequests);
  if (step.prefillTokens > 0) {
    see(PREFILL_TOKENS, <f64>step.prefillTokens);
    seeAbove(ATTENTION_PAIRS, step.prefillAttentionPairs);
    seeAbove(PROMPT_TOKENS, (step.prefillContextTokens + <f64>step.prefillTokens) / <f64>step.prefillRequests);
  }
  took(gpuNs);
}
