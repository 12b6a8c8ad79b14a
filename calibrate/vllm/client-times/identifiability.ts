/**
 * How sure a fit to clients' times is. Around the fitted costs the logarithms of simulated features are taken as linear in
 * the logarithms of the costs (Gauss and Newton), and each pull towards the start as what was known before: that gives the
 * covariance of all costs, intervals of each, and joint draws. Features are not independent of each other, so intervals are
 * rather too narrow than too wide.
 */
import type { CostDraws } from "../../../formats/index.js";
import { normal, stream } from "../../../sim/index.js";
import { normalEquations, type LinearSolver, cholesky } from "../../fit/index.js";
import { costOf, type ParameterName, type Parameters } from "./black-box-model.js";
import type { AssumedParts } from "./black-box-constants.js";
import { coefficientsOf } from "./cost-places.js";
import type { Intervals } from "../step-logs/index.js";
import type { FoundCosts } from "./search-costs.js";

/** Logarithm of a simulated over the recorded feature; the weights of all sum to 1 at most. */
export interface Miss {
  readonly log: number;
  readonly weight: number;
}

export interface Identifiability {
  /** 95 % intervals of coefficients, by their place in the cost. */
  readonly intervals: Intervals;
  /** Costs that fit the recordings equally well, all coefficients at once. */
  readonly draws: CostDraws;
  /** Costs that the start decides more than the recordings do. */
  readonly weaklyIdentified: readonly ParameterName[];
}

export interface IdentifiabilityOptions {
  /** Costs that were fitted; the others are not in question. */
  readonly names: readonly ParameterName[];
  readonly missesOf: (parameters: Parameters, paces: readonly number[]) => readonly Miss[];
  /** Pull of a load's pace towards those of the others. */
  readonly pacePull: number;
  readonly parts?: AssumedParts | undefined;
}

/** Change of a cost's logarithm by which slopes are taken: beyond the roughness of a simulation. */
const STEP = 0.1;
const DRAWS = 64;
/**
 * No draw is farther from the fit than this many deviations, nor than this factor: a cost that nothing determines is drawn
 * within what measured servers differ by, not within what a linear extrapolation allows.
 */
const MAX_DEVIATIONS = 3;
const MAX_FACTOR = 3;

export function identifiability(
  { parameters, paces, pulls }: Pick<FoundCosts, "parameters" | "paces" | "pulls">,
  solver: LinearSolver,
  { names, missesOf, pacePull, parts }: IdentifiabilityOptions,
): Identifiability {
  const misses = missesOf(parameters, paces);
  const weights = misses.map(({ weight }) => weight);
  const loss = misses.reduce((sum, { log, weight }) => sum + weight * log * log, 0);
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const features = all ** 2 / weights.reduce((sum, weight) => sum + weight * weight, 0);
  const slopes = slopesOf({ parameters, paces }, names, missesOf);
  const rows = misses.map((_, at) => slopes.map((slope) => slope[at]!));
  const { gram } = normalEquations(
    rows,
    misses.map(() => 0),
    weights,
  );
  const pullAt = (i: number): number => (i < names.length ? pulls[names[i]!] : pacePull);
  const information = gram.map((row, i) => row.map((value, j) => (i === j ? value + pullAt(i) : value)));
  const covariance = names.map((_, i) => {
    const unit = slopes.map((_, j) => (i === j ? 1 : 0));
    return solver(information, unit)
      .slice(0, names.length)
      .map((value) => (loss / features) * value);
  });
  const deviations = covariance.map((row, i) => Math.sqrt(row[i]!));
  const at = (of: Parameters): Record<string, number> => coefficientsOf(costOf(of, parts));
  const intervals: Intervals = Object.fromEntries(
    names.flatMap((name, i) => Object.entries(places(parameters, name, { deviation: deviations[i]!, at }))),
  );
  return {
    intervals,
    draws: drawsOf(parameters, names, { covariance, deviations, at, places: Object.keys(intervals) }),
    weaklyIdentified: names.filter((name, i) => gram[i]![i]! < pulls[name]),
  };
}

/** How each miss's logarithm grows with the logarithm of each cost, then of each load's pace. */
function slopesOf(
  { parameters, paces }: Pick<FoundCosts, "parameters" | "paces">,
  names: readonly ParameterName[],
  missesOf: IdentifiabilityOptions["missesOf"],
): number[][] {
  const logsAt = (at: Parameters, own: readonly number[]): number[] => missesOf(at, own).map(({ log }) => log);
  const slopeOf = (logsBy: (by: number) => number[]): number[] => {
    const [up, down] = [logsBy(STEP), logsBy(-STEP)];
    return up.map((value, at) => (value - down[at]!) / (2 * STEP));
  };
  const ofCosts = names.map((name) =>
    slopeOf((by) => logsAt({ ...parameters, [name]: parameters[name] * Math.exp(by) }, paces)),
  );
  // A single load's pace is in the costs.
  if (paces.length < 2) return ofCosts;
  const movedAt = (load: number, by: number): number[] => paces.map((pace, at) => pace + (at === load ? by : 0));
  return [...ofCosts, ...paces.map((_, load) => slopeOf((by) => logsAt(parameters, movedAt(load, by))))];
}

type Coefficients = (of: Parameters) => Record<string, number>;

/** The coefficients that a cost stands in, which are multiples of it, with their intervals. */
function places(
  parameters: Parameters,
  name: ParameterName,
  { deviation, at }: { readonly deviation: number; readonly at: Coefficients },
): Intervals {
  const moved = at({ ...parameters, [name]: 2 * parameters[name] });
  const factor = Math.exp(1.96 * deviation);
  return Object.fromEntries(
    Object.entries(at(parameters))
      .filter(([place, ns]) => moved[place] !== ns)
      .map(([place, ns]) => [place, [ns / factor, ns * factor] as const]),
  );
}

interface Drawn {
  readonly covariance: readonly (readonly number[])[];
  readonly deviations: readonly number[];
  readonly at: Coefficients;
  /** Coefficients that the draws have. */
  readonly places: readonly string[];
}

/** Normal in the logarithms, with the costs' covariance; what is out of bounds is drawn again, and in the end brought back. */
function drawsOf(
  parameters: Parameters,
  names: readonly ParameterName[],
  { covariance, deviations, at, places: wanted }: Drawn,
): CostDraws {
  const root = cholesky(covariance);
  const random = stream("calibrate/black-box/draws");
  const bounds = deviations.map((deviation) => Math.min(MAX_DEVIATIONS * deviation, Math.log(MAX_FACTOR)));
  const draw = (): number[] => {
    const z = names.map(() => normal(random));
    return root.map((row) => row.reduce((sum, value, j) => sum + value * z[j]!, 0));
  };
  const isPlausible = (logs: readonly number[]): boolean => logs.every((log, i) => Math.abs(log) <= bounds[i]!);
  const values = Array.from({ length: DRAWS }, () => {
    let logs = draw();
    for (let again = 0; again < 20 && !isPlausible(logs); again++) logs = draw();
    const kept = logs.map((log, i) => Math.max(-bounds[i]!, Math.min(bounds[i]!, log)));
    const moved = Object.fromEntries(names.map((name, i) => [name, parameters[name] * Math.exp(kept[i]!)]));
    const coefficients = at({ ...parameters, ...moved });
    return wanted.map((place) => Number(coefficients[place]!.toPrecision(5)));
  });
  return { names: [...wanted], values };
}
