import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArtifactError, ConfigError } from "../../../formats/index.js";
import type { Measurement } from "../../fit/index.js";
import type { GridPlan } from "../plan.js";
import { appendRaw, planPathOf, readRaw, resumeRaw, startRaw } from "./raw-file.js";

const plan: GridPlan = {
  model: "tiny",
  device: "cpu",
  batchSizes: [1, 2, 4],
  promptTokens: [4, 8],
  decodeSteps: [2],
  repeats: 2,
  maxRepeats: 8,
  steps: false,
  seed: "1",
};
const machine = { cpu: "a cpu", cores: 2, runtime: "onnxruntime-node 1.29.0 cpu, 2 threads" };
const measurement: Measurement = {
  batchSize: 2,
  promptTokens: 8,
  decodeSteps: 2,
  rep: 1,
  order: 5,
  prefillNs: 1_234_567,
  decodeNs: 2_345_678,
  wallNs: 3_999_999,
  dispatchNs: 419_754,
  peakRssBytes: 123_456_789,
  kind: "grid",
};

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-raw-"));
  path = join(folder, "mini.measurements.csv");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("what was appended is read back to the nanosecond", async () => {
  startRaw(path, { plan, machine, baseBytes: 7, scouted: false });
  appendRaw(path, measurement);
  appendRaw(path, { ...measurement, kind: "memory", rep: 0 });
  const reference = { ...measurement, kind: "reference", block: 3, otherCores: 0.125 } as const;
  appendRaw(path, reference);
  expect(await readRaw(path)).toEqual([measurement, { ...measurement, kind: "memory", rep: 0 }, reference]);
});

test("measurements of servesim 0.1 are read, a calibration it began is not gone on with", async () => {
  expect(await readRaw("profiles/mini-cpu-2core.measurements.csv")).toHaveLength(108);
  startRaw(path, { plan, machine, baseBytes: 7, scouted: false });
  writeFileSync(planPathOf(path), JSON.stringify({ version: 1, plan, machine, baseBytes: 7 }));
  await expect(resumeRaw(path, { plan, machine })).rejects.toThrow(/plan\.json: begun by an earlier servesim.*--force/);
});

test("a full disk is named, with what to do", () => {
  expect(() => {
    appendRaw("/dev/full", measurement);
  }).toThrow(/cannot add a measurement to \/dev\/full: the disk is full; .*--resume/);
});

test("a file that holds measurements is not started over", () => {
  startRaw(path, { plan, machine, baseBytes: 7, scouted: false });
  expect(() => {
    startRaw(path, { plan, machine, baseBytes: 7, scouted: false });
  }).toThrow(/already has measurements; pass --resume/);
});

test("a last row cut short is dropped on resuming, and the file can be appended to again", async () => {
  startRaw(path, { plan, machine, baseBytes: 7, scouted: false });
  appendRaw(path, measurement);
  appendFileSync(path, "2,8,2,1,6,1.2");
  expect(await resumeRaw(path, { plan, machine })).toEqual({
    measurements: [measurement],
    baseBytes: 7,
    scouted: false,
  });
  appendRaw(path, { ...measurement, order: 6 });
  expect(await readRaw(path)).toHaveLength(2);
});

test("another plan or another machine is rejected by its first difference", async () => {
  startRaw(path, { plan, machine, baseBytes: 7, scouted: false });
  const other = { plan: { ...plan, batchSizes: [1, 2] }, machine };
  await expect(resumeRaw(path, other)).rejects.toThrow(ConfigError);
  await expect(resumeRaw(path, other)).rejects.toThrow("plan batchSizes [1,2,4], now it is [1,2]");
  const elsewhere = { plan, machine: { ...machine, cpu: "b cpu" } };
  await expect(resumeRaw(path, elsewhere)).rejects.toThrow('machine cpu "a cpu", now it is "b cpu"');
});

test("a row whose time is no number is named by file and line", async () => {
  startRaw(path, { plan, machine, baseBytes: 7, scouted: false });
  appendFileSync(path, "2,8,2,1,6,soon,1,1,1,1,grid,,\n");
  await expect(readRaw(path)).rejects.toThrow(ArtifactError);
  await expect(readRaw(path)).rejects.toThrow(/measurements\.csv:2: prefill_ms/);
});

test("killed between its plan and its first measurement, a calibration is begun again", async () => {
  startRaw(path, { plan, machine, baseBytes: 7, scouted: true });
  for (const left of [undefined, "", "batch_size,prom"]) {
    if (left === undefined) rmSync(path);
    else writeFileSync(path, left);
    expect(await resumeRaw(path, { plan, machine })).toEqual({ measurements: [], baseBytes: 7, scouted: false });
    appendRaw(path, measurement);
    expect(await readRaw(path)).toEqual([measurement]);
  }
});

test("somebody else's plan file is not replaced", () => {
  writeFileSync(planPathOf(path), '{"mine": 1}');
  expect(() => {
    startRaw(path, { plan, machine, baseBytes: 7, scouted: false });
  }).toThrow(/measurements\.plan\.json exists already and is not a calibration plan/);
});
