/**
 * Which blocks (batch size and prompt, with all their decode steps) a fit never sees: the corners of the grid, and a
 * seeded fifth of all blocks more. Whole blocks, because shapes that differ in decode steps alone share their prefill.
 */
import { blockName, type BatchShape } from "../../calibrate/fit/index.js";
import { stream } from "../../sim/kernel/index.js";

const HELD_OUT_FRACTION = 0.2;

/** Names of the held-out blocks. */
export function heldOutBlocks(shapes: readonly BatchShape[], seed: string): ReadonlySet<string> {
  const blocks = [...new Map(shapes.map((shape) => [blockName(shape), shape])).values()];
  const corners = cornersOf(blocks);
  const random = stream(`${seed}/held-out`);
  const ranked = blocks.map((block) => ({ name: blockName(block), key: random() })).sort((a, b) => a.key - b.key);
  const rest = ranked.map(({ name }) => name).filter((name) => !corners.has(name));
  return new Set([...corners, ...rest.slice(0, Math.ceil(HELD_OUT_FRACTION * blocks.length))]);
}

/** Fewest and most rows, shortest and longest prompts, each with the ends of what was measured beside them. */
function cornersOf(blocks: readonly BatchShape[]): Set<string> {
  const axes = ["batchSize", "promptTokens"] as const;
  const names = axes.flatMap((axis) => {
    const other = axis === "batchSize" ? "promptTokens" : "batchSize";
    return ends(blocks, axis).flatMap((end) => {
      const edge = blocks.filter((block) => block[axis] === end[axis]);
      return ends(edge, other).map(blockName);
    });
  });
  return new Set(names);
}

function ends(blocks: readonly BatchShape[], axis: "batchSize" | "promptTokens"): BatchShape[] {
  const sorted = [...blocks].sort((a, b) => a[axis] - b[axis]);
  return [sorted[0]!, sorted.at(-1)!];
}
