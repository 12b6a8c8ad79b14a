/** A budget too short for the whole grid gets a coarser one of the same range, and only then a smaller one. */
import { greatest } from "../../../formats/index.js";
import type { BatchShape } from "../../fit/index.js";

/**
 * The shapes to measure first: as many as `mostNs` is expected to last for. Thins the decode steps to their ends, then the
 * prompts, then the batch sizes to three, then leaves out the largest batch sizes; the last resort may still be too much.
 */
export function thinGrid(
  shapes: readonly BatchShape[],
  costNs: (shape: BatchShape) => number,
  mostNs: number,
): readonly BatchShape[] {
  const fits = (some: readonly BatchShape[]): boolean => some.reduce((sum, shape) => sum + costNs(shape), 0) <= mostNs;
  let thin = shapes;
  for (const step of [thinSteps, thinPrompts, thinBatches, shortestSteps]) {
    if (fits(thin)) return thin;
    thin = step(thin);
  }
  while (!fits(thin)) {
    const largest = greatest(thin.map(({ batchSize }) => batchSize));
    const smaller = shapes.filter(({ batchSize }) => batchSize < largest);
    if (new Set(smaller.map(({ batchSize }) => batchSize)).size < MIN_BATCH_SIZES) break;
    thin = shortestSteps(thinBatches(thinPrompts(smaller)));
  }
  return thin;
}

const MIN_BATCH_SIZES = 3;

const thinSteps = (shapes: readonly BatchShape[]): BatchShape[] => keep(shapes, ({ decodeSteps }) => decodeSteps, ends);
const thinPrompts = (shapes: readonly BatchShape[]): BatchShape[] =>
  keep(shapes, ({ promptTokens }) => promptTokens, ends);
const thinBatches = (shapes: readonly BatchShape[]): BatchShape[] =>
  keep(shapes, ({ batchSize }) => batchSize, endsAndMiddle);
/** One level of decode steps is enough to tell a step's cost, and the shortest is the cheapest; 0 steps would tell nothing. */
const shortestSteps = (shapes: readonly BatchShape[]): BatchShape[] =>
  keep(
    shapes,
    ({ decodeSteps }) => decodeSteps,
    (levels) => [levels.find((steps) => steps > 0) ?? levels[0]!],
  );

function keep(
  shapes: readonly BatchShape[],
  levelOf: (shape: BatchShape) => number,
  choose: (levels: readonly number[]) => readonly number[],
): BatchShape[] {
  const kept = choose([...new Set(shapes.map(levelOf))].sort((a, b) => a - b));
  return shapes.filter((shape) => kept.includes(levelOf(shape)));
}

function ends(levels: readonly number[]): number[] {
  return [levels[0]!, levels.at(-1)!];
}

function endsAndMiddle(levels: readonly number[]): number[] {
  return [levels[0]!, levels[Math.floor(levels.length / 2)]!, levels.at(-1)!];
}
