/** Moves an engine's costs to where a simulation with them is nearest to what was seen. */
import { greatest, type VllmEngineCost } from "../../../formats/index.js";
import { blackBoxConstants, type BlackBoxConstants, type Pulls } from "./black-box-constants.js";
import { costOf, parameterNames, type ParameterName, type Parameters } from "./black-box-model.js";
import type { Start } from "./black-box-start.js";
import { evolve, nelderMead } from "../../fit/index.js";

/** Costs that are moved together, and how many trials they get in a round. */
const blocks: readonly (readonly [names: readonly ParameterName[], evaluations: number])[] = [
  [["decode_base", "decode_padded_token", "context_token", "launch_piecewise", "launch_none"], 90],
  [["launch_full", "launch_request", "schedule_request", "mixed_base", "prefill_base", "prefill_padded_token", "attention_pair"], 60], // prettier-ignore
  [["accept", "request", "output", "output_token", "first_wait_token", "delivery"], 80],
  [["launch_sigma", "front_sigma", "stall_probability", "stall"], 40],
];
/** Trials of the loads' paces, in a round. */
const PACE_TRIALS = 20;
/** Of the simplex in each round. */
const sizes = [0.15, 0.075];
/** Of each start, where there are several, to see which is to be followed. */
const SCOUTING = 160;

/** Told costs whose line, not whose height, a ladder gives: less sure. */
const slopes: readonly ParameterName[] = ["decode_padded_token", "context_token", "launch_request"];

/** The pull of a cost's logarithm towards its start: strong where probes measured it, weak where it is assumed. */
export function pullOf(name: ParameterName, { origins }: Start, pulls: Pulls): number {
  const origin = origins[name];
  return origin === "measured" && slopes.includes(name) ? pulls.measuredSlope : pulls[origin];
}

export interface SearchOptions {
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Share of the usual number of trials; default 1. */
  readonly effort?: number | undefined;
  /** Costs that are moved; the others stay where they start. Default: all. */
  readonly names?: readonly ParameterName[] | undefined;
  /** Loads of which each has a pace of the host's of its own; default 0. */
  readonly paces?: number | undefined;
  readonly constants?: BlackBoxConstants | undefined;
  /** Called where a stretch of the search begins: weights may be set anew there. */
  readonly onSettle?: ((cost: VllmEngineCost, paces: readonly number[]) => void) | undefined;
}

export interface FoundCosts {
  readonly parameters: Parameters;
  /** Logarithms of the loads' paces beside each other: 0 in the mean. */
  readonly paces: readonly number[];
  /** Pull of each towards the start, of a factor of e, in units of the loss. */
  readonly pulls: Readonly<Record<ParameterName, number>>;
  /** Where the search began. */
  readonly start: Start;
}

interface Searched {
  readonly start: Start;
  readonly origin: readonly number[];
  readonly x: readonly number[];
  readonly value: number;
}

/** Logarithms that a trial may be from its start: what is farther is no engine, and its times are beyond what clocks count. */
const MAX_LOG_MOVE = { cost: Math.log(100), pace: Math.log(3) } as const;

function bounded(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}

/** Beside each other: what all loads share is in the costs. */
export function centred(paces: readonly number[]): readonly number[] {
  const mean = paces.reduce((sum, pace) => sum + pace, 0) / Math.max(1, paces.length);
  return paces.map((pace) => pace - mean);
}

/**
 * Moves the costs from the most promising start, all at once and then block by block, to where the loss (a mean squared
 * logarithm) is least; deterministic.
 */
export function searchCosts(
  starts: readonly Start[],
  lossOf: (cost: VllmEngineCost, paces: readonly number[]) => number,
  options: SearchOptions = {},
): FoundCosts & { readonly error: number } {
  const { onProgress, effort = 1, names = parameterNames, paces = 0, constants = blackBoxConstants } = options;
  const { search, parts } = constants;
  const scouting = starts.length > 1 ? starts.length * SCOUTING : 0;
  const refining = sizes.length * (blocks.reduce((sum, [, trials]) => sum + trials, 0) + (paces > 1 ? PACE_TRIALS : 0));
  const whole = greatest(starts.map((start) => evaluationsFrom(start, names, search.evaluations)));
  const total = Math.round(effort * (scouting + whole + refining));
  let done = 0;
  const at = (x: readonly number[], { parameters }: Start): Pick<FoundCosts, "parameters" | "paces"> => ({
    parameters: {
      ...parameters,
      ...Object.fromEntries(names.map((name, index) => [name, parameters[name] * Math.exp(bounded(x[index]! - Math.log(parameters[name]), MAX_LOG_MOVE.cost))])), // prettier-ignore
    },
    paces: centred(x.slice(names.length).map((pace) => bounded(pace, MAX_LOG_MOVE.pace))),
  });
  const errorFrom =
    (start: Start, origin: readonly number[]) =>
    (x: readonly number[]): number => {
      onProgress?.(Math.min(++done, total), total);
      const pulled = x.map((value, index) => {
        const name = names[index];
        const pull = name === undefined ? search.pulls.pace : pullOf(name, start, search.pulls);
        return pull * (value - origin[index]!) ** 2;
      });
      const { parameters, paces: own } = at(x, start);
      return lossOf(costOf(parameters, parts), own) + pulled.reduce((sum, pull) => sum + pull, 0);
    };
  const evolved = (from: Searched, trials: number, name: string): Searched => {
    const errorOf = errorFrom(from.start, from.origin);
    const x = evolve(errorOf, from.x, {
      population: search.population,
      name,
      size: from.x.map((_, index) => {
        const cost = names[index];
        return cost !== undefined && from.start.origins[cost] === "guessed"
          ? search.sizes.guessed
          : search.sizes.measured;
      }),
      evaluations: effort * trials,
    });
    const value = errorOf(x);
    return value < from.value ? { ...from, x, value } : from;
  };
  const settled = (from: Searched): Searched => {
    if (options.onSettle === undefined) return from;
    const { parameters, paces: own } = at(from.x, from.start);
    options.onSettle(costOf(parameters, parts), own);
    return { ...from, value: errorFrom(from.start, from.origin)(from.x) };
  };
  const begun = starts.map((start): Searched => {
    const origin = [...names.map((name) => Math.log(start.parameters[name])), ...new Array<number>(paces).fill(0)];
    return { start, origin, x: origin, value: errorFrom(start, origin)(origin) };
  });
  const scouted = scouting === 0 ? begun : begun.map((one) => evolved(one, SCOUTING, "calibrate/black-box/scouting"));
  const chosen = settled(scouted.reduce((best, one) => (one.value < best.value ? one : best)));
  const { start } = chosen;
  const found = settled(evolved(chosen, evaluationsFrom(start, names, search.evaluations), "calibrate/black-box"));
  const { x, value } = refined(found, errorFrom(start, chosen.origin), { effort, names, paces });
  const pulls = Object.fromEntries(
    parameterNames.map((name) => [name, pullOf(name, start, search.pulls)]),
  ) as FoundCosts["pulls"];
  return { ...at(x, start), pulls, start, error: Math.sqrt(value) };
}

/** The more of the start is guessed, the farther it is: steps are long and there are more. */
function evaluationsFrom(
  { origins }: Start,
  names: readonly ParameterName[],
  { measured, guessed }: BlackBoxConstants["search"]["evaluations"],
): number {
  const share = names.filter((name) => origins[name] === "guessed").length / Math.max(1, names.length);
  return measured + share * (guessed - measured);
}

interface Refining {
  readonly effort: number;
  readonly names: readonly ParameterName[];
  readonly paces: number;
}

/** Block by block, by simplices that shrink from round to round. */
function refined(
  found: Searched,
  errorOf: (x: readonly number[]) => number,
  { effort, names, paces }: Refining,
): Searched {
  let { x, value } = found;
  const ofPaces = paces > 1 ? Array.from({ length: paces }, (_, k) => names.length + k) : [];
  const moved = [
    ...blocks.map(([block, trials]) => [block.map((name) => names.indexOf(name)).filter((at) => at >= 0), trials] as const), // prettier-ignore
    [ofPaces, PACE_TRIALS] as const,
  ].filter(([indices]) => indices.length > 0);
  for (const size of sizes) {
    for (const [indices, evaluations] of moved) {
      const before = x;
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
