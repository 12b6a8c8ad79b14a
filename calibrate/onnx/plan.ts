/**
 * What will be measured, in which order: the plan's options with every default filled, the grid of shapes, the order of
 * each round, the shapes held out of the fit and those of the memory pass. Pure, and the same for the same seed.
 */
import { createHash } from "node:crypto";
import type { ModelShape } from "../../backend/onnx/index.js";
import { ConfigError, type CalibrationPlan } from "../../formats/index.js";
import { stream } from "../../sim/kernel/index.js";
import { blockName, shapeName, type BatchShape } from "../fit/index.js";

/** A calibration plan with every default filled; `seed` fixes order, prompts and what is held out. */
export interface GridPlan {
  readonly model: string;
  readonly device: "cpu" | "cuda";
  readonly batchSizes: readonly number[];
  readonly promptTokens: readonly number[];
  readonly decodeSteps: readonly number[];
  readonly repeats: number;
  readonly seed: string;
}

/** Covers the shipped prompts and 20 output tokens; about 10 s for `mini` on 2 quiet cores, 25 s on busy ones. */
const defaultLevels = {
  cpu: { batchSizes: [1, 2, 4, 8, 16], promptTokens: [1, 12, 48], decodeSteps: [5, 24] },
  cuda: { batchSizes: [1, 2, 4, 8, 16, 32], promptTokens: [8, 32, 128], decodeSteps: [5, 32] },
} as const;

const HELD_OUT_FRACTION = 0.2;

/** Sorted levels without repetition; ConfigError where the model has too few positions for the longest shape. */
export function resolvePlan(plan: CalibrationPlan, shape: ModelShape, seed: string): GridPlan {
  const defaults = defaultLevels[plan.device];
  const levels = (given: readonly number[] | undefined, fallback: readonly number[]): number[] =>
    [...new Set(given ?? fallback)].sort((a, b) => a - b);
  const promptTokens = levels(plan.prompt_tokens, defaults.promptTokens);
  const decodeSteps = levels(plan.decode_steps, defaults.decodeSteps);
  const longest = promptTokens.at(-1)! + decodeSteps.at(-1)! + 1;
  if (longest > shape.positions) {
    throw new ConfigError(
      `calibrate: the longest shape needs ${longest} positions (prompt_tokens ${promptTokens.at(-1)!} + 1 + decode_steps ` +
        `${decodeSteps.at(-1)!}), model "${plan.model}" has ${shape.positions}; choose shorter prompt_tokens or decode_steps`,
    );
  }
  return {
    model: plan.model,
    device: plan.device,
    batchSizes: levels(plan.batch_sizes, defaults.batchSizes),
    promptTokens,
    decodeSteps,
    repeats: plan.repeats,
    seed,
  };
}

/** Every shape of the grid, ascending. */
export function gridShapes({ batchSizes, promptTokens, decodeSteps }: GridPlan): BatchShape[] {
  return batchSizes.flatMap((batchSize) =>
    promptTokens.flatMap((prompt) =>
      decodeSteps.map((steps) => ({ batchSize, promptTokens: prompt, decodeSteps: steps })),
    ),
  );
}

/** The grid shuffled anew for each round, so that a drift of the machine spreads over all shapes. */
export function roundOrder(plan: GridPlan, round: number): BatchShape[] {
  const random = stream(`${plan.seed}/calibrate/order/${round}`);
  return gridShapes(plan)
    .map((shape) => ({ shape, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ shape }) => shape);
}

/**
 * Names of the prompt blocks (batch size and prompt, all decode steps) kept out of the fit, about a fifth, at least two:
 * one corner and one from the middle of the grid, then whatever a seeded hash ranks first. The corner is one of few rows with
 * long prompts or many with short ones, so that the fit still covers the measured range.
 */
export function heldOutBlocks(plan: GridPlan): ReadonlySet<string> {
  const ends = (levels: readonly number[]): [number, number] => [levels[0]!, levels.at(-1)!];
  const [[fewRows, manyRows], [short, long]] = [ends(plan.batchSizes), ends(plan.promptTokens)];
  const isCorner = ({ batchSize: rows, promptTokens: prompt }: BatchShape): boolean =>
    (rows === fewRows && prompt === long) || (rows === manyRows && prompt === short);
  const isInner = (level: number, [low, high]: [number, number]): number => (level === low || level === high ? 0 : 1);
  const centrality = ({ batchSize, promptTokens }: BatchShape): number =>
    isInner(batchSize, [fewRows, manyRows]) + isInner(promptTokens, [short, long]);

  const blocks = gridShapes({ ...plan, decodeSteps: [0] });
  const ranked = blocks.sort((a, b) => hashOf(plan.seed, a).localeCompare(hashOf(plan.seed, b)));
  const corner = ranked.find(isCorner)!;
  const most = Math.max(...ranked.map(centrality));
  const middle = ranked.find((block) => block !== corner && centrality(block) === most)!;
  const rest = ranked.filter((block) => block !== corner && block !== middle && centrality(block) > 0);
  const count = Math.max(2, Math.round(blocks.length * HELD_OUT_FRACTION));
  return new Set([corner, middle, ...rest].slice(0, count).map(blockName));
}

/** Shapes of the memory pass, ascending in tokens held: the smallest, middle and largest batch sizes and prompts. */
export function memoryShapes(plan: GridPlan): BatchShape[] {
  const decodeSteps = plan.decodeSteps.at(-1)!;
  const spread = (levels: readonly number[]): number[] => [
    ...new Set([levels[0]!, levels[Math.floor(levels.length / 2)]!, levels.at(-1)!]),
  ];
  return spread(plan.batchSizes)
    .flatMap((batchSize) => spread(plan.promptTokens).map((promptTokens) => ({ batchSize, promptTokens, decodeSteps })))
    .sort((a, b) => tokensHeld(a) - tokensHeld(b));
}

/** Random token ids for each row, the same for the same seed, shape and repeat. */
export function promptIdsOf(plan: GridPlan, shape: BatchShape, rep: number, vocab: number): number[][] {
  const random = stream(`${plan.seed}/calibrate/prompts/${shapeName(shape)}/${rep}`);
  return Array.from({ length: shape.batchSize }, () =>
    Array.from({ length: shape.promptTokens }, () => Math.floor(random() * vocab)),
  );
}

function tokensHeld({ batchSize, promptTokens, decodeSteps }: BatchShape): number {
  return batchSize * (promptTokens + 1 + decodeSteps);
}

function hashOf(seed: string, shape: BatchShape): string {
  return createHash("sha256")
    .update(`${seed}/held-out/${blockName(shape)}`)
    .digest("hex");
}
