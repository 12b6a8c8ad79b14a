/** Moves an engine's costs to where a simulation with them is nearest to what was seen. */
import type { VllmEngineCost } from "../../formats/index.js";
import { costOf, parameterNames, type ParameterName, type Parameters } from "./black-box-model.js";
import { evolve } from "./evolution.js";
import { nelderMead } from "./nelder-mead.js";

/** Costs that are moved together, and how many trials they get in a round. */
const blocks: readonly (readonly [names: readonly ParameterName[], evaluations: number])[] = [
  [["decode_base", "decode_padded_token", "context_token", "launch_piecewise", "launch_none"], 90],
  [["launch_full", "launch_request", "schedule_request", "prefill_base", "prefill_padded_token", "attention_pair"], 60],
  [["accept", "request", "output", "output_token", "first_wait_token", "delivery"], 80],
  [["launch_sigma", "front_sigma", "stall_probability", "stall"], 40],
];
/** Of the simplex in each round. */
const sizes = [0.15, 0.075];
/** What comes before: all costs at once. Where no probe told the start, it is far: steps are long and there are more. */
const POPULATION = 20;
const evolution = { told: { size: 0.06, evaluations: 600 }, untold: { size: 0.3, evaluations: 1500 } };
/** Of each start, where there are several, to see which is to be followed. */
const SCOUTING = 160;
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

export interface FoundCosts {
  readonly parameters: Parameters;
  /** Pull of each towards the start, of a factor of e, in units of the loss. */
  readonly pulls: Readonly<Record<ParameterName, number>>;
}

interface Searched {
  readonly origin: readonly number[];
  readonly x: readonly number[];
  readonly value: number;
}

/**
 * Moves the costs from the most promising start, all at once and then block by block, to where the loss (a mean squared
 * logarithm) is least; deterministic.
 */
export function searchCosts(
  starts: readonly Parameters[],
  lossOf: (cost: VllmEngineCost) => number,
  { onProgress, effort = 1, isStartTold = false }: SearchOptions = {},
): FoundCosts & { readonly error: number } {
  const { size, evaluations } = isStartTold ? evolution.told : evolution.untold;
  const scouting = starts.length > 1 ? starts.length * SCOUTING : 0;
  const refining = sizes.length * blocks.reduce((sum, [, trials]) => sum + trials, 0);
  const total = Math.round(effort * (scouting + evaluations + refining));
  let done = 0;
  const pullOf = (name: ParameterName): number => (isStartTold ? (strongPull[name] ?? PULL) : WEAK_PULL);
  const errorFrom =
    (origin: readonly number[]) =>
    (x: readonly number[]): number => {
      onProgress?.(Math.min(++done, total), total);
      const pulls = x.map((value, index) => pullOf(parameterNames[index]!) * (value - origin[index]!) ** 2);
      return lossOf(costOf(parametersAt(x))) + pulls.reduce((sum, pull) => sum + pull, 0);
    };
  const evolved = (from: Searched, trials: number, name: string): Searched => {
    const errorOf = errorFrom(from.origin);
    const x = evolve(errorOf, from.x, {
      population: POPULATION,
      name,
      size: from.x.map(() => size),
      evaluations: effort * trials,
    });
    const value = errorOf(x);
    return value < from.value ? { ...from, x, value } : from;
  };
  const origins = starts.map((start) => parameterNames.map((name) => Math.log(start[name])));
  const begun = origins.map((origin): Searched => ({ origin, x: origin, value: errorFrom(origin)(origin) }));
  const scouted = scouting === 0 ? begun : begun.map((one) => evolved(one, SCOUTING, "calibrate/black-box/scouting"));
  const chosen = scouted.reduce((best, one) => (one.value < best.value ? one : best));
  const found = evolved(chosen, evaluations, "calibrate/black-box");
  const { x, value } = refined(found, errorFrom(chosen.origin), effort);
  const pulls = Object.fromEntries(parameterNames.map((name) => [name, pullOf(name)])) as FoundCosts["pulls"];
  return { parameters: parametersAt(x), pulls, error: Math.sqrt(value) };
}

/** Block by block, by simplices that shrink from round to round. */
function refined(found: Searched, errorOf: (x: readonly number[]) => number, effort: number): Searched {
  let { x, value } = found;
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
      value = minimum.value;
    }
  }
  return { ...found, x, value };
}

function parametersAt(x: readonly number[]): Parameters {
  const natural = parameterNames.map((name, index) => [name, Math.exp(x[index]!)] as const);
  return Object.fromEntries(natural) as unknown as Parameters;
}
