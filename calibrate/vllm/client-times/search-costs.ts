/** Moves an engine's costs to where a simulation with them comes closest to the recording. */
import { greatest, type VllmEngineCost } from "../../../formats/index.js";
import { blackBoxConstants, type BlackBoxConstants, type Pulls } from "./black-box-constants.js";
import { costOf, denseParameterNames, parameterNames, type ParameterName, type Parameters } from "./black-box-model.js";
import type { Start } from "./black-box-start.js";
import { evolve, gaussNewton, nelderMead, type LinearSolver, type Miss } from "../../fit/numerics/index.js";

/** Costs that are moved together, and how many trials they get in a round. */
const blocks: readonly (readonly [names: readonly ParameterName[], evaluations: number])[] = [
  [["decode_base", "decode_padded_token", "experts", "context_token", "launch_piecewise", "launch_none"], 90],
  [["launch_full", "launch_request", "schedule_request", "mixed_base", "prefill_base", "prefill_padded_token", "attention_pair"], 60], // prettier-ignore
  [["accept", "request", "output", "output_token", "first_wait_token", "delivery"], 80],
  [["launch_sigma", "front_sigma", "stall_probability", "stall"], 40],
];
/** Trials of the loads' paces, in a round. */
const PACE_TRIALS = 20;
/** Of the simplex in each round; after steps of Gauss and Newton one is enough. */
const sizes = { usual: [0.15, 0.075], polished: [0.1] } as const;
/** Of each start, where there are several, to see which is to be followed. */
const SCOUTING = 160;

/** Told costs whose line, not whose height, a ladder gives: less sure. */
const slopes: readonly ParameterName[] = ["decode_padded_token", "context_token", "launch_request"];

/** The pull of a cost's logarithm towards its start: strong where probes measured it, weak where it is assumed. */
export function pullOf(name: ParameterName, { origins }: Start, pulls: Pulls): number {
  const origin = origins[name];
  return origin === "measured" && slopes.includes(name) ? pulls.measuredSlope : pulls[origin];
}

interface SearchOptions {
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Share of the usual number of trials; default 1. */
  readonly effort?: number | undefined;
  /** Costs that are moved; the others stay where they start. Default: all of a dense model. */
  readonly names?: readonly ParameterName[] | undefined;
  /** How many loads have a pace of their own; default 0. */
  readonly paces?: number | undefined;
  readonly constants?: BlackBoxConstants | undefined;
  /** What the loss is made of, for steps of Gauss and Newton; absent: none are taken, and costs are never called near. */
  readonly polish?:
    | {
        readonly missesOf: (cost: VllmEngineCost, paces: readonly number[]) => readonly Miss[];
        readonly solver: LinearSolver;
      }
    | undefined;
  /** Called where a stretch of the search begins: weights may be set anew there. `isNear`: the last stretch, with `polish`. */
  readonly onSettle?: ((cost: VllmEngineCost, paces: readonly number[], isNear: boolean) => void) | undefined;
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
function centred(paces: readonly number[]): readonly number[] {
  const mean = paces.reduce((sum, pace) => sum + pace, 0) / Math.max(1, paces.length);
  return paces.map((pace) => pace - mean);
}

/**
 * Moves the costs from the most promising start, all at once and then block by block, to where the loss (a mean squared
 * logarithm) is least; deterministic.
 */
export function searchCosts(
  starts: readonly Start[],
  lossOf: Loss,
  options: SearchOptions = {},
): FoundCosts & { readonly error: number } {
  const search = new Search(lossOf, options, starts);
  const begun = starts.map((start) => search.begin(start));
  const scouted =
    starts.length > 1 ? begun.map((one) => search.evolve(one, SCOUTING, "calibrate/black-box/scouting")) : begun;
  const chosen = search.settle(
    scouted.reduce((best, one) => (one.value < best.value ? one : best)),
    false,
  );
  const evolved = search.evolve(chosen, search.evaluationsFrom(chosen.start), "calibrate/black-box");
  const found = search.settle(evolved, options.polish !== undefined);
  return search.describe(search.refine(search.polish(found)));
}

type Loss = (cost: VllmEngineCost, paces: readonly number[]) => number;

/** A search's problem: what is moved, what that costs, and how many trials are done. */
class Search {
  private readonly names: readonly ParameterName[];
  /** How many loads have a pace of their own. */
  private readonly paces: number;
  private readonly effort: number;
  private readonly constants: BlackBoxConstants;
  private readonly total: number;
  private done = 0;

  constructor(
    private readonly lossOf: Loss,
    private readonly options: SearchOptions,
    starts: readonly Start[],
  ) {
    const { effort = 1, names = denseParameterNames, paces = 0, constants = blackBoxConstants } = options;
    this.names = names;
    this.paces = paces;
    this.effort = effort;
    this.constants = constants;
    const scouting = starts.length > 1 ? starts.length * SCOUTING : 0;
    const refining =
      this.sizes.length * (blocks.reduce((sum, [, trials]) => sum + trials, 0) + (paces > 1 ? PACE_TRIALS : 0));
    const whole = greatest(starts.map((start) => this.evaluationsFrom(start)));
    // Of a step of Gauss and Newton: both sides of each variable, where it is, and where it goes.
    const polishing = this.polishing() * (2 * (names.length + paces) + 2);
    this.total = Math.round(effort * (scouting + whole + refining)) + polishing;
  }

  begin(start: Start): Searched {
    const costs = this.names.map((name) => Math.log(start.parameters[name]));
    const origin = [...costs, ...new Array<number>(this.paces).fill(0)];
    return { start, origin, x: origin, value: this.errorFrom(start, origin)(origin) };
  }

  /** All at once. */
  evolve(from: Searched, trials: number, name: string): Searched {
    const { sizes, population } = this.constants.search;
    const errorOf = this.errorFrom(from.start, from.origin);
    const x = evolve(errorOf, from.x, {
      ...{ population, name },
      size: from.x.map((_, index) => {
        const cost = this.names[index];
        return cost !== undefined && from.start.origins[cost] === "guessed" ? sizes.guessed : sizes.measured;
      }),
      evaluations: this.effort * trials,
    });
    const value = errorOf(x);
    return value < from.value ? { ...from, x, value } : from;
  }

  /** Lets the weights be set anew. */
  settle(from: Searched, isNear: boolean): Searched {
    if (this.options.onSettle === undefined) return from;
    const { parameters, paces } = this.at(from.x, from.start);
    this.options.onSettle(costOf(parameters, this.constants.parts), paces, isNear);
    return { ...from, value: this.errorFrom(from.start, from.origin)(from.x) };
  }

  private get sizes(): readonly number[] {
    return this.options.polish === undefined ? sizes.usual : sizes.polished;
  }

  private polishing(): number {
    return this.options.polish === undefined ? 0 : Math.round(this.effort * this.constants.search.polish);
  }

  /** All at once, along the slopes of all misses. */
  polish(found: Searched): Searched {
    const { polish } = this.options;
    const steps = this.polishing();
    if (polish === undefined || steps === 0) return found;
    const { parts } = this.constants;
    const { x, value } = gaussNewton(
      {
        missesOf: (x) => {
          this.options.onProgress?.(Math.min(++this.done, this.total), this.total);
          const { parameters, paces } = this.at(x, found.start);
          return polish.missesOf(costOf(parameters, parts), paces);
        },
        pulls: found.x.map((_, index) => this.pullAt(index, found.start)),
        origin: found.origin,
      },
      found.x,
      { solver: polish.solver, steps },
    );
    return value < found.value ? { ...found, x, value } : found;
  }

  /** Block by block, by simplices that shrink from round to round. */
  refine(found: Searched): Searched {
    const { names, paces, effort } = this;
    const errorOf = this.errorFrom(found.start, found.origin);
    let { x, value } = found;
    const ofPaces = paces > 1 ? Array.from({ length: paces }, (_, k) => names.length + k) : [];
    const moved = [
      ...blocks.map(([block, trials]) => [block.map((name) => names.indexOf(name)).filter((at) => at >= 0), trials] as const), // prettier-ignore
      [ofPaces, PACE_TRIALS] as const,
    ].filter(([indices]) => indices.length > 0);
    for (const size of this.sizes) {
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

  describe({ start, x, value }: Searched): FoundCosts & { readonly error: number } {
    const { search } = this.constants;
    const pulls = Object.fromEntries(
      parameterNames.map((name) => [name, pullOf(name, start, search.pulls)]),
    ) as FoundCosts["pulls"];
    return { ...this.at(x, start), pulls, start, error: Math.sqrt(value) };
  }

  /** The more of the start is guessed, the farther it is: steps are long and there are more. */
  evaluationsFrom({ origins }: Start): number {
    const { measured, guessed } = this.constants.search.evaluations;
    const share = this.names.filter((name) => origins[name] === "guessed").length / Math.max(1, this.names.length);
    return measured + share * (guessed - measured);
  }

  /** Of a cost, or of a load's pace. */
  private pullAt(index: number, start: Start): number {
    const { pulls } = this.constants.search;
    const name = this.names[index];
    return name === undefined ? pulls.pace : pullOf(name, start, pulls);
  }

  /** The loss, and the pull of everything towards its start. */
  private errorFrom(start: Start, origin: readonly number[]): (x: readonly number[]) => number {
    const { parts } = this.constants;
    return (x) => {
      this.options.onProgress?.(Math.min(++this.done, this.total), this.total);
      const pulled = x.map((value, index) => this.pullAt(index, start) * (value - origin[index]!) ** 2);
      const { parameters, paces } = this.at(x, start);
      return this.lossOf(costOf(parameters, parts), paces) + pulled.reduce((sum, pull) => sum + pull, 0);
    };
  }

  /** What a place of the search stands for: logarithms of the costs that are moved, then of the paces. */
  private at(x: readonly number[], { parameters }: Start): Pick<FoundCosts, "parameters" | "paces"> {
    const moved = this.names.map((name, index) => {
      const log = bounded(x[index]! - Math.log(parameters[name]), MAX_LOG_MOVE.cost);
      return [name, parameters[name] * Math.exp(log)] as const;
    });
    return {
      parameters: { ...parameters, ...Object.fromEntries(moved) },
      paces: centred(x.slice(this.names.length).map((pace) => bounded(pace, MAX_LOG_MOVE.pace))),
    };
  }
}
