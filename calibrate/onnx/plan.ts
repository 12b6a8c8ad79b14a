/**
 * What will be measured, in which order: the plan's options with every default filled, the grid of shapes, the order of
 * each round and the shapes of the memory pass. Pure, and the same for the same seed.
 */
import { samplingSettings, type ModelShape, type SamplingSettings } from "../../onnx/index.js";
import { ConfigError, defined, type CalibrationPlan } from "../../formats/index.js";
import { shuffled, stream } from "../../sim/kernel/index.js";
import { shapeName, type BatchShape } from "../fit/index.js";

/** A calibration plan with every default filled; `seed` fixes order, prompts and what is held out. */
export interface GridPlan {
  /** Name with its form, as `gpt2+fused+fp16`, or the path of an export. */
  readonly model: string;
  /** Checkpoint that the weights are from, where they are not noise. */
  readonly weights?: string;
  /** Absent: greedy tokens. */
  readonly sampling?: SamplingSettings;
  readonly device: "cpu" | "cuda";
  readonly batchSizes: readonly number[];
  readonly promptTokens: readonly number[];
  readonly decodeSteps: readonly number[];
  /** Measurements of each shape, and of one whose median stays uncertain. */
  readonly repeats: number;
  readonly maxRepeats: number;
  /** Whether steps of continuous batching are measured, too. */
  readonly steps: boolean;
  readonly seed: string;
}

/** Covers the shipped prompts and 20 output tokens; about 10 s for `mini` on 2 quiet cores, 25 s on busy ones. */
const defaultLevels = {
  cpu: { batchSizes: [1, 2, 4, 8, 16], promptTokens: [1, 12, 48], decodeSteps: [5, 24] },
  cuda: { batchSizes: [1, 2, 4, 8, 16, 32], promptTokens: [8, 32, 128], decodeSteps: [5, 32] },
} as const;

/** Repeats after which the outermost on either side no longer count against a median (median-interval.ts). */
const DEFAULT_MAX_REPEATS = 8;

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
  const sampling = samplingSettings(plan);
  return {
    model: plan.model,
    ...defined({ weights: plan.weights, sampling }),
    device: plan.device,
    batchSizes: levels(plan.batch_sizes, defaults.batchSizes),
    promptTokens,
    decodeSteps,
    repeats: plan.repeats,
    maxRepeats: Math.max(plan.repeats, plan.max_repeats ?? DEFAULT_MAX_REPEATS),
    steps: plan.steps ?? plan.device === "cpu",
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

/** Shapes shuffled anew for each round, so that a drift of the machine spreads over all of them. */
export function roundOrder(shapes: readonly BatchShape[], seed: string, round: number): BatchShape[] {
  return shuffled(shapes, stream(`${seed}/calibrate/order/${round}`));
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

/** A cheap shape from the middle of the grid, to be repeated through the session. */
export function referenceShape({ batchSizes, promptTokens, decodeSteps }: GridPlan): BatchShape {
  const middle = (levels: readonly number[]): number => levels[Math.floor((levels.length - 1) / 2)]!;
  return { batchSize: middle(batchSizes), promptTokens: middle(promptTokens), decodeSteps: decodeSteps[0]! };
}

/** Tokens whose keys and values a batch holds at its end. */
export function tokensHeld({ batchSize, promptTokens, decodeSteps }: BatchShape): number {
  return batchSize * (promptTokens + 1 + decodeSteps);
}

/** Random token ids for each row, the same for the same seed, shape and repeat. */
export function promptIdsOf(
  { seed }: Pick<GridPlan, "seed">,
  shape: BatchShape,
  rep: number,
  vocab: number,
): number[][] {
  const random = stream(`${seed}/calibrate/prompts/${shapeName(shape)}/${rep}`);
  return Array.from({ length: shape.batchSize }, () =>
    Array.from({ length: shape.promptTokens }, () => Math.floor(random() * vocab)),
  );
}
