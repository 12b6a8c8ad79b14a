/**
 * Reads a grid of which only whole batches were timed: wall time of prefill plus N decode steps by batch size and prompt length, a
 * row a repeat. Shapes without decode steps are the prefill alone. `gpu_used_mib` stands on the last row of a block (batch size
 * and prompt): what the process holds by then, since its arena gives nothing back. Order of the rows is order of measuring.
 */
import { z } from "zod";
import { checkRows, readCsv } from "../../formats/files/index.js";
import { blockName, type Measurement } from "../fit/index.js";
import { grouped } from "../fit/numerics/index.js";

const count = z.string().pipe(z.coerce.number<string>()).pipe(z.int().nonnegative());
export const wallTimeColumns = [
  "batch_size",
  "prompt_tokens",
  "decode_steps",
  "rep",
  "wall_ms",
  "gpu_used_mib",
] as const;
const rowSchema = z.object({
  batch_size: count,
  prompt_tokens: count,
  decode_steps: count,
  rep: count,
  wall_ms: z.string().pipe(z.coerce.number<string>()).pipe(z.number().positive()),
  gpu_used_mib: count.optional(),
});
const MIB = 2 ** 20;

/**
 * A measurement per row, and one of kind "memory" more where the memory was read. A block's prefill is the median of its
 * rows without decode steps; decode is what is left of the wall time, and neither is used by a fit of `wallOnly`.
 */
export async function readWallTimes(path: string): Promise<Measurement[]> {
  const rows = checkRows(rowSchema, await readCsv(path, wallTimeColumns), path);
  const timed = rows.map((row, order): Measurement => {
    const wallNs = Math.round(row.wall_ms * 1e6);
    return {
      batchSize: row.batch_size,
      promptTokens: row.prompt_tokens,
      decodeSteps: row.decode_steps,
      kind: "grid",
      rep: row.rep,
      order,
      prefillNs: wallNs,
      decodeNs: 0,
      wallNs,
      dispatchNs: 0,
      peakRssBytes: (row.gpu_used_mib ?? 0) * MIB,
      wallOnly: true,
    };
  });
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
