import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CalibrationPlan } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { calibrateOnnx } from "./calibrate.js";
import { chooseMeasurements } from "./measure/drift-watch.js";
import { readRaw, stepRawPathOf, stepRows } from "./raw/index.js";
import type { CalibrationProgress } from "./measure/session.js";

import { rawPathOf, writeCalibration } from "./write.js";

/** Of batches alone; the first test measures steps, too. */
const plan: CalibrationPlan = {
  steps: false,
  model: "tiny",
  device: "cpu",
  batch_sizes: [1, 2, 4],
  prompt_tokens: [4, 16],
  decode_steps: [2, 6],
  repeats: 2,
};

let folder: string;
let profilePath: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-calibrate-"));
  profilePath = join(folder, "tiny.json");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("a real model is measured and its profile written with the measurements beside it", async () => {
  const progress: CalibrationProgress[] = [];
  const withSteps = { ...plan, steps: true };
  const calibration = await calibrateOnnx(withSteps, { cacheDir: folder, onProgress: (p) => progress.push(p) });
  await writeCalibration(calibration, profilePath);

  const profile = readProfile(profilePath);
  expect(profile.engine.name).toBe("onnxruntime-cpu");
  expect(profile.model).toMatchObject({ name: "tiny", layers: 2, dtype: "float32" });
  expect(profile.range).toEqual({ batch: [1, 4], prompt_tokens: [4, 16], context_tokens: [4, 22] });
  expect(profile.fit!.batch.points).toBe(8);
  expect(profile.held_out!.batch.points).toBe(4);
  if (profile.cost.kind !== "static_batch") throw new Error(`calibrated costs are ${profile.cost.kind}`);
  expect(profile.cost.prefill.every((term) => term.coefficient_ns > 0)).toBe(true);
  expect(profile.memory.base_bytes).toBeGreaterThan(1e7);
  expect(profile.memory.kv_bytes_per_token).toBe(2 * 2 * 32 * 4);
  expect(profile.raw).toBe("tiny.measurements.csv");
  expect(await readRaw(rawPathOf(profilePath))).toEqual(calibration.measurements);

  const steps = profile.steps!;
  expect(steps).toEqual({ ...calibration.profile.steps, raw: "tiny.step-measurements.csv" });
  expect(steps.range.batch).toEqual([1, 6]);
  expect(steps.terms.dense[0]!.coefficient_ns).toBeGreaterThan(0);
  expect(steps.held_out!.points).toBeGreaterThan(3);
  expect(steps.mixed!.points).toBe(6);
  expect(steps.schedule.base_ns + steps.update.base_ns).toBeGreaterThan(0);
  expect(steps.draws!.dense[0]).toHaveLength(steps.terms.dense.length);
  expect(await stepRows.read(join(folder, steps.raw!))).toEqual(calibration.stepMeasurements);

  const kinds = calibration.measurements.map(({ kind }) => kind);
  expect(kinds[0]).toBe("cold");
  expect(kinds.filter((kind) => kind === "memory")).toHaveLength(6);
  expect(kinds.filter((kind) => kind === "grid").length).toBeGreaterThanOrEqual(24);
  expect(progress.at(-1)).toMatchObject({ etaS: 0 });
});

test("an interrupted calibration keeps what it measured and is finished on resuming", async () => {
  const rawPath = rawPathOf(profilePath);
  const stop = new AbortController();
  const interrupted = calibrateOnnx(plan, {
    cacheDir: folder,
    rawPath,
    signal: stop.signal,
    onProgress: ({ done }) => {
      if (done === 15) stop.abort();
    },
  });
  await expect(interrupted).rejects.toMatchObject({ name: "AbortError" });
  const kept = await readRaw(rawPath);
  expect(kept).toHaveLength(15);

  await expect(calibrateOnnx(plan, { cacheDir: folder, rawPath })).rejects.toThrow("pass --resume");
  const { measurements, context } = await calibrateOnnx(plan, { cacheDir: folder, rawPath, resume: true });
  expect(measurements.slice(0, 15)).toEqual(kept);
  expect(await readRaw(rawPath)).toEqual(measurements);
  expect(context.baseBytes).toBe(planBaseBytes(rawPath));
  expect(existsSync(profilePath)).toBe(false);
});

test("a memory pass cut short is repeated as a whole, since peaks of two processes do not mix", async () => {
  const rawPath = rawPathOf(profilePath);
  const stop = new AbortController();
  const onProgress = ({ label }: CalibrationProgress): void => {
    if (label.startsWith("memory b2")) stop.abort();
  };
  const interrupted = calibrateOnnx(plan, { cacheDir: folder, rawPath, signal: stop.signal, onProgress });
  await expect(interrupted).rejects.toMatchObject({ name: "AbortError" });
  const cut = (await readRaw(rawPath)).length;
  const { measurements } = await calibrateOnnx(plan, { cacheDir: folder, rawPath, resume: true });
  expect(measurements.filter(({ kind }) => kind === "memory").length).toBeGreaterThan(6);
  const memory = chooseMeasurements(measurements).filter(({ kind }) => kind === "memory");
  expect(memory).toHaveLength(6);
  expect(memory.every(({ order }) => order >= cut)).toBe(true);
});

test("a calibration that is cut while it measures steps goes on with the steps that are left", async () => {
  const rawPath = rawPathOf(profilePath);
  const withSteps = { ...plan, steps: true };
  const stop = new AbortController();
  let steps = 0;
  const onProgress = ({ label }: CalibrationProgress): void => {
    if (label.startsWith("steps") && ++steps === 30) stop.abort();
  };
  const interrupted = calibrateOnnx(withSteps, { cacheDir: folder, rawPath, signal: stop.signal, onProgress });
  await expect(interrupted).rejects.toMatchObject({ name: "AbortError" });
  const kept = await stepRows.read(stepRawPathOf(rawPath));
  expect(kept).toHaveLength(30);
  const { stepMeasurements } = await calibrateOnnx(withSteps, { cacheDir: folder, rawPath, resume: true });
  expect(stepMeasurements.slice(0, 30)).toEqual(kept);
  expect(await stepRows.read(stepRawPathOf(rawPath))).toEqual(stepMeasurements);
});

test("a model that cannot run steps is calibrated without, which is told; steps that were asked for are an error", async () => {
  const narrow: CalibrationPlan = { ...plan, model: "llama-tiny", steps: undefined };
  const { profile, warnings } = await calibrateOnnx(narrow, { cacheDir: folder });
  expect(profile.steps).toBeUndefined();
  expect(warnings.join()).toMatch(/steps of continuous batching were not measured: .*heads are 8 wide/);
  await expect(calibrateOnnx({ ...narrow, steps: true }, { cacheDir: folder })).rejects.toThrow(/heads are 8 wide/);
});

test("resuming another plan is rejected", async () => {
  const rawPath = rawPathOf(profilePath);
  const stop = new AbortController();
  const options = {
    cacheDir: folder,
    rawPath,
    signal: stop.signal,
    onProgress: () => {
      stop.abort();
    },
  };
  await expect(calibrateOnnx(plan, options)).rejects.toMatchObject({ name: "AbortError" });
  const other = calibrateOnnx({ ...plan, repeats: 3 }, { cacheDir: folder, rawPath, resume: true });
  await expect(other).rejects.toThrow("plan repeats 2, now it is 3");
});

function planBaseBytes(rawPath: string): number {
  const text = readFileSync(rawPath.replace(".csv", ".plan.json"), "utf8");
  return (JSON.parse(text) as { baseBytes: number }).baseBytes;
}
