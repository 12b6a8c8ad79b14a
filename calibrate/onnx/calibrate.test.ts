import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CalibrationPlan } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { calibrateOnnx } from "./calibrate.js";
import { chooseMeasurements } from "./drift-watch.js";
import { readRaw } from "./raw-file.js";
import type { CalibrationProgress } from "./session.js";
import { rawPathOf, writeCalibration } from "./write.js";

const plan: CalibrationPlan = {
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
  const calibration = await calibrateOnnx(plan, { cacheDir: folder, onProgress: (p) => progress.push(p) });
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

  const kinds = calibration.measurements.map(({ kind }) => kind);
  expect(kinds[0]).toBe("cold");
  expect(kinds.filter((kind) => kind === "memory")).toHaveLength(6);
  expect(kinds.filter((kind) => kind === "grid").length).toBeGreaterThanOrEqual(24);
  expect(progress.at(-1)).toMatchObject({ done: calibration.measurements.length, etaS: 0 });
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
