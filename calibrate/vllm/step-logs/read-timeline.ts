/**
 * Reads a timeline with a model of its two clocks: which launches show, when the GPU began and ended each step, and
 * which steps' GPU time is known. What one clock hides of the other is decided by the model, never by the outcome, so
 * that what is read is not biased.
 */
import { gpuNsOf, gpuNsOfSpan, idleSpanNs, launchMeanNs, type EngineModel } from "./engine-model.js";
import type { TimedStep, Timeline } from "../recording/index.js";

export interface Reading {
  readonly step: TimedStep;
  /** The launch, ns: exact where the GPU did not hide it, else an upper bound; NaN where nothing shows of it. */
  readonly launchNs: number;
  readonly isLaunchExact: boolean;
  /** GPU time, ns, where the step's end on the GPU shows and its beginning is known; else NaN. */
  readonly gpuNs: number;
  /** Whether the GPU was idle when the launch began, so that its beginning depends on the launch. */
  readonly startsIdle: boolean;
  /** From the end of its scheduling to its end on the GPU, where that shows; else NaN. */
  readonly untilGpuEndNs: number;
}

/** `doubt`: by what share of its step's GPU time a launch must end later than the GPU to count as seen. */
export function readTimeline({ steps }: Timeline, model: EngineModel, doubt: number): Reading[] {
  const predictedEndNs = new Map<TimedStep, number>();
  let gpuFreeNs = -Infinity;
  return steps.map((step) => {
    const launch = readLaunch(step, model, { predictedEndNs, doubt });
    const meanNs = launchMeanNs(model, step);
    const assumedNs = launch.isExact ? launch.ns : Math.min(meanNs, Number.isNaN(launch.ns) ? meanNs : launch.ns);
    const beginsNs = step.scheduleEndNs + model.launch[step.kind].lead * assumedNs;
    const startNs = Math.max(gpuFreeNs, beginsNs);
    const gpuNs = gpuNsOf(step, model.gpu);
    const startsIdle = gpuFreeNs <= beginsNs;
    const endNs = startsIdle
      ? step.scheduleEndNs + idleSpanNs(model, step, assumedNs, gpuNs)
      : Math.max(startNs + gpuNs, step.scheduleEndNs + assumedNs);
    predictedEndNs.set(step, endNs);
    const seenEndNs = step.updateStartNs - model.copyNs;
    const shows = gpuEndShows(step, model, { endNs, startNs, gpuNs, assumedNs });
    const shownGpuNs = (): number =>
      startsIdle ? gpuNsOfSpan(model, step, assumedNs, seenEndNs - step.scheduleEndNs) : seenEndNs - startNs;
    const reading: Reading = {
      step,
      launchNs: launch.ns,
      isLaunchExact: launch.isExact,
      gpuNs: shows ? shownGpuNs() : NaN,
      startsIdle: gpuFreeNs <= step.scheduleEndNs,
      untilGpuEndNs: shows ? seenEndNs - step.scheduleEndNs : NaN,
    };
    if (shows) gpuFreeNs = seenEndNs;
    else gpuFreeNs = Number.isNaN(seenEndNs) ? endNs : Math.min(endNs, seenEndNs);
    return reading;
  });
}

/** A launch shows in the update after it, when the step that is updated was ready before. */
function readLaunch(
  step: TimedStep,
  model: EngineModel,
  { predictedEndNs, doubt }: { readonly predictedEndNs: ReadonlyMap<TimedStep, number>; readonly doubt: number },
): { readonly ns: number; readonly isExact: boolean } {
  const { shownBy, scheduleEndNs } = step;
  if (shownBy === undefined || Number.isNaN(shownBy.updateStartNs)) return { ns: NaN, isExact: false };
  const gapNs = shownBy.updateStartNs - scheduleEndNs;
  if (shownBy === step) return { ns: gapNs, isExact: false };
  const readyNs = (predictedEndNs.get(shownBy) ?? Infinity) + model.copyNs - scheduleEndNs;
  const doubtNs = Math.max(doubt * gpuNsOf(shownBy, model.gpu), 0.1 * readyNs);
  return { ns: gapNs, isExact: gapNs > readyNs + 0.1e6 + doubtNs };
}

/** How much longer than its launch a step's GPU time has to be for its end to show it, after the later and softly. */
const CLEAR_OF_LAUNCH = 1.05;
const CLEAR_OF_SOFT = 1.15;

interface Predicted {
  readonly endNs: number;
  readonly startNs: number;
  readonly gpuNs: number;
  readonly assumedNs: number;
}

/** Whether by the model the GPU, not the host, decided when the step's results were taken. */
function gpuEndShows(step: TimedStep, model: EngineModel, { endNs, startNs, gpuNs, assumedNs }: Predicted): boolean {
  const { latest, scheduleEndNs, updateStartNs } = step;
  if (latest === undefined || Number.isNaN(updateStartNs)) return false;
  // The GPU may have ended before its own launch was over.
  const isSoft = model.launch[step.kind].overlapPower < Infinity && step.record.prefillTokens > 0;
  if (startNs + gpuNs < scheduleEndNs + (isSoft ? CLEAR_OF_SOFT : CLEAR_OF_LAUNCH) * assumedNs) return false;
  if (latest === step) return true;
  const hostNs = latest.scheduleEndNs + launchMeanNs(model, latest) * model.launch[latest.kind].p90Ratio;
  return endNs + model.copyNs > hostNs;
}
