/**
 * Calibrates a model on this machine: cold start, memory in ascending size, then the grid in random order, round by
 * round, and the fit. Shapes whose repeats disagree get up to two repeats more. Nothing else should run meanwhile.
 */
import { cpus, totalmem } from "node:os";
import { ensureModel, startOnnxExecutor, type OnnxExecutor } from "../../backend/onnx/index.js";
import { ConfigError, type CalibrationPlan, type Profile } from "../../formats/index.js";
import { toCells, type Measurement } from "../fit/index.js";
import { cpuModel, describeMachine, readGpu } from "../../backend/machine.js";
import type { MeasureTask } from "./measure.js";
import { gridShapes, memoryShapes, resolvePlan, roundOrder, type GridPlan } from "./plan.js";
import { buildProfile } from "./build-profile.js";
import { appendRaw, resumeRaw, startRaw, writeRawContext, type RawContext } from "./raw-file.js";
import { describeLoad, otherCores, readLoad } from "./other-load.js";
import { CalibrationSession, type CalibrationProgress } from "./session.js";
import { unstableTasks } from "./unstable.js";

export interface CalibrateOptions {
  /** Fixes order, prompts and what is held out; "1" when absent. */
  readonly seed?: string;
  /** CSV that every measurement is added to as it is made; nothing is kept on disk when absent. */
  readonly rawPath?: string;
  /** Go on with what `rawPath` holds, instead of refusing to touch it. */
  readonly resume?: boolean;
  readonly cacheDir?: string;
  readonly threads?: number;
  readonly onProgress?: (progress: CalibrationProgress) => void;
  /** Stops between two batches; the promise rejects with the signal's reason, and `rawPath` keeps what was measured. */
  readonly signal?: AbortSignal;
}

/** A calibration: the profile, what it was made from, and what its reader should know. */
export interface Calibration {
  readonly profile: Profile;
  readonly measurements: readonly Measurement[];
  readonly warnings: readonly string[];
  readonly context: RawContext;
}

/** Measures and fits. Builds the model when it is not in the cache yet. Throws ConfigError, ArtifactError, BackendError. */
export async function calibrateOnnx(plan: CalibrationPlan, options: CalibrateOptions = {}): Promise<Calibration> {
  const { seed = "1", cacheDir, threads, signal } = options;
  if (options.resume === true && options.rawPath === undefined) {
    throw new ConfigError("calibrate: resume needs the raw measurements to go on with, got no file; give --output");
  }
  const model = await ensureModel(plan.model, {
    ...(cacheDir === undefined ? {} : { cacheDir }),
    ...(signal === undefined ? {} : { signal }),
  });
  const grid = resolvePlan(plan, model.shape, seed);
  signal?.throwIfAborted();
  const executor = await startOnnxExecutor({
    model,
    device: grid.device,
    ...(threads === undefined ? {} : { threads }),
  });
  try {
    const before = readLoad();
    const { measurements, context } = await measureAll(executor, grid, options);
    const load = describeLoad(otherCores(before, readLoad()), cpus().length);
    const gpu = grid.device === "cuda" ? await readGpu() : undefined;
    const built = await buildProfile({
      plan: grid,
      measurements,
      info: executor.info,
      machine: describeMachine(executor.info.ortVersion, gpu),
      memory: { totalBytes: gpu?.totalBytes ?? totalmem(), baseBytes: context.baseBytes },
    });
    const warnings = [...load, ...built.warnings];
    const profile = warnings.length > 0 ? { ...built.profile, notes: warnings } : built.profile;
    return { profile, measurements, warnings, context };
  } finally {
    await executor.close();
  }
}

async function measureAll(
  executor: OnnxExecutor,
  plan: GridPlan,
  options: CalibrateOptions,
): Promise<{ readonly measurements: Measurement[]; readonly context: RawContext }> {
  const { rawPath, resume, onProgress, signal } = options;
  const onGpu = plan.device === "cuda";
  const { info } = executor;
  const runtime = `onnxruntime-node ${info.ortVersion} ${info.provider}, ${info.threads} threads`;
  const here = { plan, machine: { cpu: cpuModel(), cores: info.threads, runtime } };
  const loadedBytes = onGpu ? (await readGpu()).usedBytes : process.memoryUsage.rss();
  const before = resume === true ? await resumeRaw(rawPath!, here) : { measurements: [], baseBytes: loadedBytes };
  let context: RawContext = { ...here, baseBytes: before.baseBytes };
  if (rawPath !== undefined && resume !== true) startRaw(rawPath, context);

  const session = new CalibrationSession({
    executor,
    plan,
    earlier: before.measurements,
    keep: (measurement) => {
      if (rawPath !== undefined) appendRaw(rawPath, measurement);
    },
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(signal === undefined ? {} : { signal }),
    ...(onGpu ? { readPeakBytes: async () => (await readGpu()).usedBytes } : {}),
  });
  const memory = memoryShapes(plan).map((shape): MeasureTask => ({ kind: "memory", shape, rep: 0 }));
  const rounds = Array.from({ length: plan.repeats }, (_, rep) =>
    roundOrder(plan, rep).map((shape): MeasureTask => ({ kind: "grid", shape, rep })),
  );
  session.expect(1 + memory.length + plan.repeats * gridShapes(plan).length);

  const cold: MeasureTask = { kind: "cold", shape: memory[0]!.shape, rep: 0 };
  if (session.has(cold)) await session.warmUp(cold.shape);
  else await session.run([cold]);
  if (memory.some((task) => !session.has(task))) {
    // Peaks of two processes cannot be mixed, so a memory pass that was cut short is made again from its start.
    context = { ...context, baseBytes: loadedBytes };
    if (rawPath !== undefined) writeRawContext(rawPath, context);
    for (const task of memory) await session.measure(task);
  } else {
    await session.warmUp(memory.at(-1)!.shape);
  }
  for (const round of rounds) await session.run(round);
  await session.run(unstableTasks(toCells(session.measurements), plan.repeats));
  return { measurements: session.measurements, context };
}
