/**
 * Calibrates a model on this machine: measures what the plan asks for as far as memory and time allow, and fits a profile
 * to it. Nothing else should run meanwhile; what did is reported.
 */
import { availableParallelism, cpus, totalmem } from "node:os";
import {
  availableMemoryBytes,
  cpuModel,
  describeMachine,
  readGpu,
  GpuMemoryWatch,
  otherCores,
  readLoad,
} from "../../machine/index.js";
import {
  CopyCount,
  ensureModel,
  modelForm,
  requireProvider,
  startOnnxExecutor,
  tryBatch,
  type OnnxExecutor,
} from "../../onnx/index.js";
import { ConfigError, defined, type CalibrationPlan, type Profile } from "../../formats/index.js";
import { blockName, toCells, type Measurement, type Residual } from "../fit/index.js";
import { MemoryBound } from "./batch-memory.js";
import { buildProfile } from "./build-profile.js";
import { describeLoad, describeSession } from "./describe-session.js";
import { heldOutBlocks } from "./held-out.js";
import { measurePlan, type MeasuredPlan } from "./measure-plan.js";
import { timerOverheadNs, type MeasuringBench } from "./measuring-bench.js";
import { pinProcess } from "./pin.js";
import { referenceShape, resolvePlan, type GridPlan } from "./plan.js";
import { appendRaw, resumeRaw, startRaw, writeRawContext, type EarlierSitting, type RawContext } from "./raw-file.js";
import { CalibrationSession, type CalibrationProgress } from "./session.js";

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
  readonly warnings: readonly string[];
  /** Reasons not to use the profile; none when unseen batches are met. */
  readonly rejection: readonly string[];
  /** Whole batches as measured and as modelled. */
  readonly residuals: readonly Residual[];
  readonly context: RawContext;
}

/** Kept of a budget for the fit and for writing its files. */
const FIT_RESERVE_NS = 4e9;
/** Fewest shapes to fit, beside those held out. */
const MIN_FITTED = 3;

/** Measures and fits. Builds the model when it is not in the cache yet. Throws ConfigError, ArtifactError, BackendError. */
export async function calibrateOnnx(plan: CalibrationPlan, options: CalibrateOptions = {}): Promise<Calibration> {
  const { seed = "1", cacheDir, signal } = options;
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
  const threads = options.threads ?? availableParallelism();
  const pinning = await pinProcess(threads);
  const copies = new CopyCount();
  const startExecutor = async (): Promise<OnnxExecutor> => {
    const sampling = grid.sampling !== undefined;
    return counting(await startOnnxExecutor({ model, device: grid.device, threads, sampling }), copies);
  };
  let watch: GpuMemoryWatch | undefined;
  try {
    const executor = await startExecutor();
    try {
      const gpu = grid.device === "cuda" ? await readGpu() : undefined;
      watch = gpu === undefined ? undefined : await GpuMemoryWatch.start();
      const availableBytes = Math.min(
        options.memoryLimitBytes ?? Infinity,
        gpu === undefined ? availableMemoryBytes() : gpu.totalBytes - gpu.usedBytes,
      );
      const bound = new MemoryBound(executor.info.model, availableBytes);
      const bench: MeasuringBench = {
        executor,
        fitsApart: async (shape) => {
          if (!bound.isRisky(shape)) return true;
          const { batchSize: rows, promptTokens, decodeSteps } = shape;
          const batch = { model, device: grid.device, threads, rows, promptTokens, outputTokens: decodeSteps + 1 };
          return (
            await tryBatch({ ...batch, ...(gpu === undefined ? { limitBytes: availableBytes } : {}) }, { signal })
          ).fits;
        },
        startExecutor,
        nowNs,
        timerNs: timerOverheadNs(nowNs),
        readLoad,
        availableBytes,
        ...(watch === undefined ? {} : { readPeakBytes: gpuPeaks(watch) }),
      };
      const before = readLoad();
      const loadedBytes = gpu?.usedBytes ?? process.memoryUsage.rss();
      const { session, made, context } = await measureAll(bench, grid, { ...options, endNs, loadedBytes, bound });
      const others = otherCores(before, readLoad());
      const built = await buildProfile({
        plan: grid,
        measurements: session.chosen,
        everything: session.measurements,
        settings: {
          ...defined({ budget_s: plan.budget_s, weights: grid.weights, sampling: grid.sampling }),
          timer_ns: bench.timerNs,
          pinned: pinning.isPinned,
          ...defined({ cpus: pinning.cpus }),
          other_cores: Number(others.toPrecision(3)),
        },
        info: executor.info,
        machine: describeMachine(executor.info.ortVersion, gpu),
        memory: { totalBytes: gpu?.totalBytes ?? totalmem(), baseBytes: context.baseBytes },
      });
      const warnings = [
        ...describeLoad(others, cpus().length),
        ...describeSession(session, made),
        ...built.warnings,
        ...copies.describe(),
      ];
      const { residuals, rejection } = built;
      const notes = [...new Set([...rejection, ...warnings])];
      const profile = notes.length > 0 ? { ...built.profile, notes } : built.profile;
      return { profile, measurements: session.measurements, warnings, rejection, residuals, context };
    } finally {
      watch?.stop();
      await executor.close();
    }
  } finally {
    await pinning.release();
  }
}

/** What was sampled while a batch ran, and what is in use at its end. */
function gpuPeaks(watch: GpuMemoryWatch): () => Promise<number> {
  return async () => Math.max(watch.takePeakBytes(), (await readGpu()).usedBytes);
}

/** The executor, with its copies counted. */
function counting(executor: OnnxExecutor, copies: CopyCount): OnnxExecutor {
  return {
    ...executor,
    async runBatch(batch) {
      const run = await executor.runBatch(batch);
      copies.add(run);
      return run;
    },
  };
}

interface MeasureAllOptions extends CalibrateOptions {
  readonly endNs: number;
  /** Memory in use once the model is loaded. */
  readonly loadedBytes: number;
  readonly bound: MemoryBound;
}

async function measureAll(
  bench: MeasuringBench,
  plan: GridPlan,
  { rawPath, resume, onProgress, signal, endNs, loadedBytes, bound }: MeasureAllOptions,
): Promise<{ readonly session: CalibrationSession; readonly made: MeasuredPlan; readonly context: RawContext }> {
  const { info } = bench.executor;
  const runtime = `onnxruntime-node ${info.ortVersion} ${info.provider}, ${info.threads} threads`;
  const here = { plan, machine: { cpu: cpuModel(), cores: info.threads, runtime } };
  const nothing: EarlierSitting = { measurements: [], baseBytes: loadedBytes, scouted: false };
  const earlier = resume === true ? await resumeRaw(rawPath!, here) : nothing;
  let context: RawContext = { ...here, baseBytes: earlier.baseBytes, scouted: earlier.scouted };
  if (rawPath !== undefined && resume !== true) startRaw(rawPath, context);

  const session = new CalibrationSession({
    bench,
    plan,
    reference: referenceShape(plan),
    earlier: earlier.measurements,
    keep: (measurement) => {
      if (rawPath !== undefined) appendRaw(rawPath, measurement);
    },
    ...defined({ onProgress, signal }),
  });
  const made = await measurePlan({
    bench,
    plan,
    session,
    bound,
    endNs: endNs - FIT_RESERVE_NS,
    scouted: earlier.scouted,
    onScout: (scouted) => {
      context = { ...context, scouted, ...(scouted ? {} : { baseBytes: loadedBytes }) };
      if (rawPath !== undefined) writeRawContext(rawPath, context);
    },
  });
  if (endNs !== Infinity) requireEnough(session, plan, made);
  return { session, made, context };
}

/** ConfigError when the budget ended before there was enough to fit anything to. */
function requireEnough(session: CalibrationSession, plan: GridPlan, { measured, allowed }: MeasuredPlan): void {
  const cells = toCells(session.chosen);
  const heldOut = heldOutBlocks(cells, plan.seed);
  if (cells.filter((cell) => !heldOut.has(blockName(cell))).length >= MIN_FITTED) return;
  throw new ConfigError(
    `calibrate: the budget ended with ${measured} of ${allowed} shapes measured, which is too little to fit a cost model ` +
      `to; continue with --resume and a larger --budget, or choose fewer or smaller batch_sizes and prompt_tokens`,
  );
}

function nowNs(): number {
  return Number(process.hrtime.bigint());
}
