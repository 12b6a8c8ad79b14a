/**
 * Reads a grid of which only whole batches were timed: wall time of prefill plus N decode steps by batch size and prompt length, a
 * row a repeat. Shapes without decode steps are the prefill alone. `gpu_used_mib` stands on the last row of a block (batch size
 * and prompt): what the process holds by then, since its arena gives nothing back. Order of the rows is order of measuring.
 */
import { readCsv } from "../../../formats/files/index.js";
import { blockName, type BatchShape, type Measurement } from "../../fit/index.js";
import { grouped } from "../../fit/numerics/index.js";
import { readRaw } from "./raw-file.js";
import { count, positiveMs, rawRows } from "./raw-rows.js";

interface WallTime extends BatchShape {
  readonly rep: number;
  readonly wallNs: number;
  readonly gpuUsedMib?: number;
}

const wallRows = rawRows<WallTime>({
  batch_size: ["batchSize", count],
  prompt_tokens: ["promptTokens", count],
  decode_steps: ["decodeSteps", count],
  rep: ["rep", count],
  wall_ms: ["wallNs", positiveMs],
  gpu_used_mib: ["gpuUsedMib", count.optional()],
});
export const wallTimeColumns = wallRows.columns;
const MIB = 2 ** 20;

/** Reads the raw measurements of any profile of whole batches, of these or of raw-file.ts. ArtifactError for what is neither. */
export async function readMeasurements(path: string): Promise<Measurement[]> {
  const [first] = await readCsv(path, ["batch_size", "wall_ms"]);
  return first !== undefined && "gpu_used_mib" in first ? readWallTimes(path) : readRaw(path);
}

/**
 * A measurement per row, and one of kind "memory" more where the memory was read. A block's prefill is the median of its
 * rows without decode steps; decode is what is left of the wall time, and neither is used by a fit of `wallOnly`.
 */
export async function readWallTimes(path: string): Promise<Measurement[]> {
  const rows = await wallRows.read(path);
  const timed = rows.map(
    ({ gpuUsedMib = 0, batchSize, promptTokens, decodeSteps, rep, wallNs }, order): Measurement => ({
      ...{ batchSize, promptTokens, decodeSteps, kind: "grid", rep, order, prefillNs: wallNs, decodeNs: 0, wallNs },
      ...{ dispatchNs: 0, peakRssBytes: gpuUsedMib * MIB, wallOnly: true },
    }),
  );
  const prefills = grouped(
    timed.filter(({ decodeSteps }) => decodeSteps === 0),
    blockName,
  );
  const grid = timed.map((one) => (one.decodeSteps === 0 ? one : splitWall(one, prefills.get(blockName(one)))));
  const memory = grid.filter(({ peakRssBytes }) => peakRssBytes > 0);
  return [...grid, ...memory.map((one): Measurement => ({ ...one, kind: "memory" }))];
}

/** At least 1 ns of each, so that a noisy prefill makes no negative decode. */
function splitWall(one: Measurement, prefills: readonly Measurement[] = []): Measurement {
  const sorted = prefills.map(({ wallNs }) => wallNs).sort((a, b) => a - b);
  const middleNs = sorted[Math.floor(sorted.length / 2)] ?? one.wallNs / (1 + one.decodeSteps);
  const prefillNs = Math.min(Math.max(1, Math.round(middleNs)), one.wallNs - 1);
  return { ...one, prefillNs, decodeNs: one.wallNs - prefillNs };
}
