/**
 * How launch and GPU of a step that prefills hold each other up on an idle GPU, from recordings with one step in flight:
 * there each step's whole span shows, and its launch is known from the other recordings and the host's pace.
 */
import { least } from "../../../formats/index.js";
import { gpuNsOf, idleSpanNs, launchMeanNs, type EngineLog, type EngineModel } from "./engine-model.js";
import type { Reading } from "./read-timeline.js";

/** Where no recording shows it: as on the recorded 8B server. */
export const TYPICAL_OVERLAP = 3.5;

const powers = [2, 2.5, 3, 3.5, 4, 5, 6, 8, 12];
const MIN_STEPS = 100;
/** Of the absolute logarithm of real over predicted span: what is beyond was interrupted. */
const CAP = 0.5;

/** The launches with one overlap of the kinds that are no full graph, where enough steps show it. */
export function withOverlap(
  logs: readonly EngineLog[],
  readings: readonly (readonly Reading[])[],
  model: EngineModel,
): EngineModel["launch"] {
  if (logs.every(({ isAsync }) => !isAsync)) return model.launch;
  const spans = readings
    .flatMap((run, at) => (logs[at]!.isAsync || logs[at]!.isProbes ? [] : run))
    .flatMap(({ step }) => {
      if (step.kind === "full" || step.record.prefillTokens === 0 || step.latest !== step) return [];
      const spanNs = step.updateStartNs - model.copyNs - step.scheduleEndNs;
      const launchNs = launchMeanNs(model, step);
      return spanNs > 0 ? [{ step, spanNs, launchNs, gpuNs: gpuNsOf(step, model.gpu) }] : [];
    });
  if (spans.length < MIN_STEPS) return model.launch;
  const losses = powers.map((overlapPower) => {
    const launch = launchesWith(model.launch, overlapPower);
    return spans.reduce((sum, { step, spanNs, launchNs, gpuNs }) => {
      const error = Math.log(spanNs / idleSpanNs({ ...model, launch }, step, launchNs, gpuNs));
      return sum + Math.min(CAP, Math.abs(error));
    }, 0);
  });
  return launchesWith(model.launch, powers[losses.indexOf(least(losses))]!);
}

function launchesWith({ full, piecewise, none }: EngineModel["launch"], overlapPower: number): EngineModel["launch"] {
  return { full, piecewise: { ...piecewise, overlapPower }, none: { ...none, overlapPower } };
}
