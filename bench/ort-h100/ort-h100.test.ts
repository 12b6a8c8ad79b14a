import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArtifactError } from "../../formats/index.js";
import { readWallTimes } from "../../calibrate/onnx/index.js";
import { heldOutBlocks } from "./held-out.js";
import { recordingsIn } from "./recording.js";
import { fitMemorySplit, fitSplit, PROFILE_SEED, TARGET } from "./score-recording.js";

const FOLDER = "profiles/raw";
const fp32 = (): string => recordingsIn(FOLDER).find((path) => path.includes("fp32"))!;

function written(...rows: string[]): string {
  const path = join(mkdtempSync(join(tmpdir(), "recording-")), "grid.csv");
  writeFileSync(path, ["batch_size,prompt_tokens,decode_steps,rep,wall_ms,gpu_used_mib", ...rows, ""].join("\n"));
  return path;
}

test("a row is a whole batch; the prefill is the block's batches without decode steps", async () => {
  const [prefill, whole, memory] = await readWallTimes(written("2,8,0,0,3.5,", "2,8,96,0,20.25,1841"));
  expect(prefill).toMatchObject({
    kind: "grid",
    prefillNs: 3.5e6,
    decodeNs: 0,
    wallNs: 3.5e6,
    wallOnly: true,
    order: 0,
  });
  expect(whole).toMatchObject({ kind: "grid", prefillNs: 3.5e6, decodeNs: 16.75e6, wallNs: 20.25e6, order: 1 });
  expect(memory).toMatchObject({ kind: "memory", decodeSteps: 96, peakRssBytes: 1841 * 2 ** 20 });
});

test("a wall time that is none is rejected with its line", async () => {
  await expect(readWallTimes(written("2,8,0,0,-1,"))).rejects.toThrow(ArtifactError);
  await expect(readWallTimes(written("2,8,0,0,-1,"))).rejects.toThrow(/grid\.csv:2: wall_ms/);
});

test("held out are the corners of the grid and a fifth more, the same for the same seed", async () => {
  const measurements = await readWallTimes(fp32());
  const heldOut = heldOutBlocks(measurements, "1");
  for (const corner of ["b1 p8", "b1 p512", "b128 p8", "b128 p128", "b32 p512"]) expect(heldOut).toContain(corner);
  expect(heldOut.size).toBe(5 + Math.ceil(0.2 * 53));
  expect(heldOutBlocks(measurements, "1")).toEqual(heldOut);
  expect(heldOutBlocks(measurements, "2")).not.toEqual(heldOut);
});

test("the fp32 recording is predicted within the targets, twice as well as by a plain linear fit", async () => {
  const measurements = await readWallTimes(fp32());
  const fit = await fitSplit(measurements, PROFILE_SEED, { bootstrapSamples: 0 });
  const plain = await fitSplit(measurements, PROFILE_SEED, { bootstrapSamples: 0, plain: true });
  expect(fit.held_out!.batch.points).toBeGreaterThanOrEqual(0.2 * fit.residuals.length);
  expect(fit.held_out!.batch.median_ape).toBeLessThanOrEqual(TARGET.median);
  expect(fit.held_out!.batch.p90_ape).toBeLessThanOrEqual(TARGET.p90);
  expect(plain.held_out!.batch.p90_ape).toBeGreaterThan(2 * fit.held_out!.batch.p90_ape);
});

test("peaks of unseen batches are predicted within 10 % in both precisions", async () => {
  for (const path of recordingsIn(FOLDER)) {
    const memory = await fitMemorySplit(await readWallTimes(path), PROFILE_SEED);
    expect(memory.arenaRegionBytes).toBe(2 ** 30);
    expect(memory.heldOutErrorFraction).toBeLessThan(0.1);
  }
});
