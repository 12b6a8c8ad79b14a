/**
 * Calibrates a model on this machine: measures what the plan asks for as far as memory and time allow, and fits a profile
 * to it. Nothing else should run meanwhile; what did is reported.
 */
import { availableParallelism, cpus, totalmem } from "node:os";
import { describeMachine, otherCores, readLoad } from "../../machine/index.js";
import { ensureModel, modelForm, requireProvider, type ModelFiles } from "../../onnx/index.js";
import { ConfigError, defined, type CalibrationPlan, type Profile } from "../../formats/index.js";
import type { Measurement, Residual, StepMeasurement } from "../fit/index.js";
import { buildProfile } from "./build-profile.js";
import { describeLoad, describeSession } from "./describe-session.js";
import {
  nowNs,
  openMachineBench,
  type MachineBench,
  measureBatches,
  type MeasuredBatches,
  pinProcess,
  type Pinning,
  type CalibrationProgress,
} from "./measure/index.js";
import { resolvePlan, type GridPlan } from "./plan.js";
import { stepRawPathOf, type RawContext } from "./raw/index.js";
import { calibrateSteps, type CalibratedSteps } from "./steps/index.js";

export interface CalibrateOptions {
  /** Fixes order, prompts and what is held out; "1" when absent. */
  readonly seed?: string;
  /** CSV that every measurement is added to as it is made; nothing is kept on disk when absent. */
  readonly rawPath?: string;
  /** Go on with what `rawPath` holds, instead of failing. */
  readonly resume?: boolean;
  readonly cacheDir?: string;
  readonly threads?: number;
  /** Seconds of the plan's budget that are gone already, or will be needed afterwards. */
  readonly budgetSpentS?: number;
  /** Memory that batches may take; absent: what is available. */
  readonly memoryLimitBytes?: number;
  readonly onProgress?: (progress: CalibrationProgress) => void;
  /** Stops between two batches; the promise rejects with the signal's reason, and `rawPath` keeps what was measured. */
  readonly signal?: AbortSignal;
}

/** A calibration: the profile, what it was made from, and what its reader should know. */
export interface Calibration {
  readonly profile: Profile;
  readonly measurements: readonly Measurement[];
  readonly stepMeasurements: readonly StepMeasurement[];
  readonly warnings: readonly string[];
  /** Reasons not to use the profile; none when unseen batches are met. */
  readonly rejection: readonly string[];
  /** Whole batches as measured and as modelled. */
  readonly residuals: readonly Residual[];
  readonly context: RawContext;
}

/** Kept of a budget for the fit and for writing its files. */
const FIT_RESERVE_NS = 4e9;
/** Of what is left of a budget, for the steps. */
const STEP_FRACTION = 0.25;

/** Measures and fits. Builds the model when it is not in the cache yet. Throws ConfigError, ArtifactError, BackendError. */
export async function calibrateOnnx(plan: CalibrationPlan, options: CalibrateOptions = {}): Promise<Calibration> {
  const { seed = "1", cacheDir, signal, threads = availableParallelism() } = options;
  if (options.resume === true && options.rawPath === undefined) {
    throw new ConfigError(
      "calibrate: resume needs the raw measurements of the interrupted calibration, got no file; give --output",
    );
  }
  const endNs = plan.budget_s === undefined ? Infinity : nowNs() + (plan.budget_s - (options.budgetSpentS ?? 0)) * 1e9;
  // Before a large model is built for a device that is not there.
  await requireProvider(plan.device);
  const model = await ensureModel(plan.model, {
    ...modelForm(plan),
    ...defined({ cacheDir, signal }),
  });
  const grid = resolvePlan({ ...plan, model: model.name }, model.shape, seed);
  signal?.throwIfAborted();
  const pinning = await pinProcess(threads);
  try {
    const { memoryLimitBytes } = options;
    const bench = await openMachineBench(model, grid, { threads, memoryLimitBytes, signal });
    try {
      const timing = { ...options, threads, endNs, isStepsAsked: plan.steps === true };
      const measured = await measure(bench, model, grid, timing);
      return await fit(bench, grid, measured, pinning, plan.budget_s);
    } finally {
      await bench.close();
    }
  } finally {
    await pinning.release();
  }
}

interface Measured extends MeasuredBatches {
  /** Undefined where the plan has no steps. */
  readonly stepped: CalibratedSteps | undefined;
  /** Cores that other processes kept busy meanwhile. */
  readonly otherCores: number;
}

interface MeasureOptions extends CalibrateOptions {
  readonly threads: number;
  readonly endNs: number;
  /** Whether the user wants steps, so that it is an error where they cannot be measured. */
  readonly isStepsAsked: boolean;
}

/** Batches, then the steps that the plan has. */
async function measure(
  bench: MachineBench,
  model: ModelFiles,
  plan: GridPlan,
  options: MeasureOptions,
): Promise<Measured> {
  const { endNs } = options;
  const before = readLoad();
  const leftNs = Math.max(0, endNs - nowNs());
  const batchesEndNs = plan.steps && endNs !== Infinity ? endNs - STEP_FRACTION * leftNs : endNs;
  const batches = await measureBatches(bench, plan, { ...options, endNs: batchesEndNs - FIT_RESERVE_NS });
  const { length: done } = batches.session.measurements;
  const stepped = plan.steps ? await measureSteps(model, plan, options, done) : undefined;
  return { ...batches, stepped, otherCores: otherCores(before, readLoad()) };
}

/** The profile, and what its reader should know. */
async function fit(
  bench: MachineBench,
  plan: GridPlan,
  measured: Measured,
  pinning: Pinning,
  budgetS: number | undefined,
): Promise<Calibration> {
  const { session, made, context, stepped, otherCores: others } = measured;
  const { gpu, executor } = bench;
  const built = await buildProfile({
    plan,
    measurements: session.chosen,
    everything: session.measurements,
    settings: {
      ...defined({ budget_s: budgetS, weights: plan.weights, sampling: plan.sampling }),
      timer_ns: bench.timerNs,
      pinned: pinning.isPinned,
      ...defined({ cpus: pinning.cpus }),
      other_cores: Number(others.toPrecision(3)),
    },
    info: executor.info,
    machine: describeMachine(executor.info.ortVersion, gpu),
    steps: stepped?.steps,
    memory: { totalBytes: gpu?.totalBytes ?? totalmem(), baseBytes: context.baseBytes },
  });
  const warnings = [
    ...describeLoad(others, cpus().length),
    ...describeSession(session, made),
    ...built.warnings,
    ...(stepped?.warnings ?? []),
    ...bench.copies.describe(),
  ];
  const { residuals, rejection } = built;
  const notes = [...new Set([...rejection, ...warnings])];
  const profile = notes.length > 0 ? { ...built.profile, notes } : built.profile;
  const { measurements: stepMeasurements = [] } = stepped ?? {};
  return { profile, measurements: session.measurements, stepMeasurements, warnings, rejection, residuals, context };
}

/** `batches`: measured before. */
async function measureSteps(
  model: ModelFiles,
  plan: GridPlan,
  { rawPath, resume, onProgress, signal, threads, endNs, isStepsAsked }: MeasureOptions,
  batches: number,
): Promise<CalibratedSteps> {
  const raw = rawPath === undefined ? undefined : { path: stepRawPathOf(rawPath), isNew: resume !== true };
  let startNs: number | undefined;
  const stepped = await calibrateSteps({
    ...{ model, plan, threads, nowNs, signal },
    endNs: endNs - FIT_RESERVE_NS,
    ...defined({ raw }),
    onProgress: (done, total, label) => {
      startNs ??= nowNs();
      const etaS = ((nowNs() - startNs) / 1e9 / done) * (total - done);
      onProgress?.({ done: batches + done, total: batches + total, etaS, label });
    },
  });
  if (isStepsAsked && stepped.steps === undefined) throw new ConfigError(`calibrate: ${stepped.warnings.join("; ")}`);
  return stepped;
}
