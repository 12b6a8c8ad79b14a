/** Which shapes are kept out of the fit and scored: at least a fifth of those measured, the corners of the grid among them. */
import { greatest, least } from "../../formats/index.js";
import { createHash } from "node:crypto";
import { blockName, type BatchShape } from "../fit/index.js";

const HELD_OUT_FRACTION = 0.2;
/** More would leave too little to fit; a grid of fewer than twelve blocks gives up some of its corners for that. */
const MAX_FRACTION = 0.34;

/**
 * Names of the prompt blocks (batch size and prompt, all decode steps) kept out, at least two and one of them inner: the
 * corners, those of few rows with long prompts and of many with short ones first, then whatever a seeded hash ranks first.
 * Looks at shapes alone, never at times. Nothing measured gives nothing held out.
 */
export function heldOutBlocks(shapes: readonly BatchShape[], seed: string): ReadonlySet<string> {
  const blocks = [...new Map(shapes.map((shape) => [blockName(shape), shape])).values()];
  if (blocks.length === 0) return new Set();
  const ranked = blocks
    .map((block) => ({ block, rank: hashOf(seed, block) }))
    .sort((a, b) => a.rank.localeCompare(b.rank))
    .map(({ block }) => block);
  const corners = cornersOf(ranked);
  const inner = ranked
    .filter((block) => !corners.includes(block))
    .sort((a, b) => centrality(b, blocks) - centrality(a, blocks));
  const count = Math.max(2, Math.ceil(blocks.length * HELD_OUT_FRACTION));
  const most = Math.max(2, Math.floor(blocks.length * MAX_FRACTION));
  const cornerCount = Math.min(corners.length, most - 1);
  const innerCount = Math.max(1, count - cornerCount);
  return new Set([...corners.slice(0, cornerCount), ...inner.slice(0, innerCount)].map(blockName));
}

/** In the order in which they are given up last: seeded between equals. A grid with gaps has the nearest there is. */
function cornersOf(ranked: readonly BatchShape[]): BatchShape[] {
  const extreme = (...keys: ((block: BatchShape) => number)[]): BatchShape =>
    [...ranked].sort((a, b) => keys.map((key) => key(a) - key(b)).find((difference) => difference !== 0) ?? 0)[0]!;
  const rows = ({ batchSize }: BatchShape): number => batchSize;
  const prompt = ({ promptTokens }: BatchShape): number => promptTokens;
  const minus = (key: (block: BatchShape) => number) => (block: BatchShape) => -key(block);
  const fewLong = extreme(rows, minus(prompt));
  const manyShort = extreme(prompt, minus(rows));
  const manyLong = extreme((block) => -rows(block) * prompt(block));
  const fewShort = extreme(rows, prompt);
  const crossed = ranked.indexOf(fewLong) < ranked.indexOf(manyShort) ? [fewLong, manyShort] : [manyShort, fewLong];
  return [...new Set([...crossed, manyLong, fewShort])];
}

/** In how many ways a block lies inside the measured range. */
function centrality({ batchSize, promptTokens }: BatchShape, blocks: readonly BatchShape[]): number {
  const isInner = (level: number, levels: readonly number[]): number =>
    level === least(levels) || level === greatest(levels) ? 0 : 1;
  const sizes = blocks.map((block) => block.batchSize);
  const prompts = blocks.map((block) => block.promptTokens);
  return isInner(batchSize, sizes) + isInner(promptTokens, prompts);
}

function hashOf(seed: string, shape: BatchShape): string {
  return createHash("sha256")
    .update(`${seed}/held-out/${blockName(shape)}`)
    .digest("hex");
}
