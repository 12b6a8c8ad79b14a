/** Moves an engine's costs to where a simulation with them is nearest to what was seen. */
import type { VllmEngineCost } from "../../formats/index.js";
import { costOf, parameterNames, type ParameterName, type Parameters } from "./black-box-model.js";
import { evolve } from "./evolution.js";
import { nelderMead } from "./nelder-mead.js";

/** Costs that are moved together, and how many trials they get in a round. */
const blocks: readonly (readonly [names: readonly ParameterName[], evaluations: number])[] = [
  [["decode_base", "decode_padded_token", "context_token", "launch_piecewise", "launch_none"], 90],
  [["launch_full", "schedule_request", "prefill_base", "prefill_padded_token", "attention_pair"], 60],
  [["accept", "request", "output", "output_token", "first_wait_token", "delivery"], 80],
  [["launch_sigma", "front_sigma", "stall_probability", "stall"], 40],
];
/** Of the simplex in each round. */
const sizes = [0.15, 0.075];
/** What comes before: all costs at once, coarsely. */
const evolution = { evaluations: 600, population: 20, name: "calibrate/black-box" };
/**
 * A pull towards the start, of one factor of e, so that what no feature tells of stays where it was. It is strong for what
 * probes tell in closed form, and for what hides behind it: a decode's launch behind the GPU, attention behind tokens.
 */
const PULL = 0.002;
const WEAK_PULL = 0.0003;
const strongPull: Partial<Record<ParameterName, number>> = {
  launch_full: 0.03,
  decode_base: 0.02,
  decode_padded_token: 0.004,
  context_token: 0.004,
  prefill_padded_token: 0.02,
  attention_pair: 0.02,
  schedule_request: 0.02,
  prefill_base: 0.02,
};

export interface SearchOptions {
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Share of the usual number of trials; default 1. */
  readonly effort?: number | undefined;
  /** Whether probes told the start, so that it is worth keeping to. */
  readonly isStartTold?: boolean;
}

/** Moves the costs, all at once and then block by block, to where the loss (a mean squared logarithm) is least; deterministic. */
export function searchCosts(
  start: Parameters,
  lossOf: (cost: VllmEngineCost) => number,
  { onProgress, effort = 1, isStartTold = false }: SearchOptions = {},
): { readonly cost: VllmEngineCost; readonly error: number } {
  const total = Math.round(
    effort * (evolution.evaluations + sizes.length * blocks.reduce((sum, [, evaluations]) => sum + evaluations, 0)),
  );
  let done = 0;
  const at = (x: readonly number[]): Parameters =>
    Object.fromEntries(parameterNames.map((name, index) => [name, Math.exp(x[index]!)])) as unknown as Parameters;
  const origin = parameterNames.map((name) => Math.log(start[name]));
  const pullOf = (name: ParameterName): number => (isStartTold ? (strongPull[name] ?? PULL) : WEAK_PULL);
  const errorOf = (x: readonly number[]): number => {
    onProgress?.(Math.min(++done, total), total);
    const pulls = x.map((value, index) => pullOf(parameterNames[index]!) * (value - origin[index]!) ** 2);
    return lossOf(costOf(at(x))) + pulls.reduce((sum, pull) => sum + pull, 0);
  };
  const evolved = evolve(errorOf, origin, { ...evolution, size: origin.map(() => 0.3), evaluations: effort * evolution.evaluations }); // prettier-ignore
  let x = errorOf(evolved) < errorOf(origin) ? evolved : origin;
  let best = Infinity;
  for (const size of sizes) {
    for (const [names, evaluations] of blocks) {
      const before = x;
      const indices = names.map((name) => parameterNames.indexOf(name));
      const whole = (part: readonly number[]): number[] =>
        before.map((value, index) => (indices.includes(index) ? part[indices.indexOf(index)]! : value));
      const minimum = nelderMead(
        (part) => errorOf(whole(part)),
        indices.map((index) => before[index]!),
        { size: indices.map(() => size), evaluations: effort * evaluations },
      );
      x = whole(minimum.x);
      best = minimum.value;
    }
  }
  return { cost: costOf(at(x)), error: Math.sqrt(best) };
}
