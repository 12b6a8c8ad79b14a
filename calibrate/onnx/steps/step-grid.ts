/**
 * Which steps are measured: from the levels of the plan's batches, so that steps cover the same range. Decodes by number and
 * context, chunks of prompts at their start and over a context, both together, and moved slots. Pure.
 */
import { emptyStep, type StepSpec } from "../../fit/index.js";
import type { GridPlan } from "../plan.js";

/** What of a plan decides which steps are measured. */
export type StepLevels = Pick<GridPlan, "batchSizes" | "promptTokens" | "decodeSteps">;

/** Every step to measure once a round; `positions`: the longest request that the model takes. */
export function stepGrid(levels: StepLevels, positions: number): StepSpec[] {
  const { least, middle, most } = contexts(levels);
  const counts = withMiddles(levels.batchSizes);
  const chunkLevels = withMiddles(levels.promptTokens.filter((tokens) => tokens > 1));
  const [shortest, longest] = [chunkLevels[0]!, chunkLevels.at(-1)!];
  const [one, some, many] = [counts[0]!, counts[counts.length >> 1]!, counts.at(-1)!];
  const all = new Set(levels.batchSizes);
  const decodes = counts.flatMap((count) =>
    (all.has(count) ? [least, middle, most] : [middle]).map((context) => ({ ...emptyStep, decodes: count, context })),
  );
  const prompts = chunkLevels.map((chunkTokens) => ({ ...emptyStep, chunks: 1, chunkTokens }));
  const later = [shortest, longest].flatMap((chunkTokens) => [
    { ...emptyStep, chunks: 1, chunkTokens, isLast: false },
    { ...emptyStep, chunks: 1, chunkTokens, chunkContext: most },
    { ...emptyStep, chunks: 1, chunkTokens, chunkContext: middle, isLast: false },
  ]);
  const mixed = levels.batchSizes.flatMap((count) =>
    [shortest, longest].map((chunkTokens) => ({
      ...emptyStep,
      decodes: count,
      context: middle,
      chunks: 1,
      chunkTokens,
    })),
  );
  const crowds = [2, 3].flatMap((chunks) =>
    [0, some].map((count) => ({ ...emptyStep, decodes: count, context: middle, chunks, chunkTokens: shortest })),
  );
  // As when all clients of a closed loop begin at once.
  const starts = [...new Set([some, many])]
    .filter((chunks) => chunks > 3)
    .map((chunks) => ({ ...emptyStep, chunks, chunkTokens: shortest }));
  const moves = [
    { ...emptyStep, decodes: some, context: middle, moves: 1 },
    { ...emptyStep, decodes: some, context: most, moves: 2 },
    { ...emptyStep, decodes: one, context: most, moves: 1 },
    { ...emptyStep, decodes: many, context: middle, moves: 1 },
  ];
  return [...decodes, ...prompts, ...later, ...mixed, ...crowds, ...starts, ...moves].filter(
    (spec) => longestRequest(spec) <= positions,
  );
}

/** Cheap, with something of everything; repeated through the session, and before real runs. */
export function referenceSpec(levels: StepLevels): StepSpec {
  const chunkTokens = levels.promptTokens.find((tokens) => tokens > 1)!;
  const decodes = levels.batchSizes[(levels.batchSizes.length - 1) >> 1]!;
  return referenceStep({ decodes, context: contexts(levels).middle, chunkTokens });
}

/** So many decodes of that context beside one prompt. */
export function referenceStep(of: Pick<StepSpec, "decodes" | "context" | "chunkTokens">): StepSpec {
  return { ...emptyStep, ...of, chunks: 1 };
}

/** Tokens that a slot holds at the end of the step, at most. */
export function longestRequest({ decodes, context, chunks, chunkTokens, chunkContext, moves }: StepSpec): number {
  const decoding = decodes > 0 ? context + 1 + (moves > 0 ? 1 : 0) : 0;
  return Math.max(decoding, chunks > 0 ? chunkContext + chunkTokens : 0);
}

/** Requests that have a slot in the step, or before it. */
export function requestsOf({ decodes, chunks, moves }: StepSpec): number {
  return decodes + chunks + moves;
}

/** Cached tokens of a decode: at the start of the shortest prompt's answer, at the end of the longest's, between them. */
function contexts({ promptTokens, decodeSteps }: StepLevels): { least: number; middle: number; most: number } {
  const [least, most] = [promptTokens[0]!, promptTokens.at(-1)! + decodeSteps.at(-1)!];
  return { least, middle: Math.round((least + most) / 2), most };
}

/** The levels, and the geometric middle between each two of them. */
function withMiddles(levels: readonly number[]): number[] {
  const middles = levels.slice(1).map((level, at) => Math.round(Math.sqrt(level * levels[at]!)));
  return [...new Set([...levels, ...middles])].sort((a, b) => a - b);
}
