/**
 * How sure a fit to clients' times is. Around the fitted costs the logarithms of simulated features are taken as linear in
 * the logarithms of the costs (Gauss and Newton), and each pull towards the start as what was known before: that gives the
 * covariance of all costs, intervals of each, and joint draws. Features are not independent of each other, so intervals are
 * rather too narrow than too wide.
 */
import type { CostDraws, VllmEngineCost } from "../../../formats/index.js";
import { normal, stream } from "../../../sim/index.js";
import {
  cholesky,
  dot,
  informationOf,
  logsOf,
  slopesAt,
  type LinearSolver,
  type Miss,
} from "../../fit/numerics/index.js";
import { costOf, type ParameterName, type Parameters } from "./black-box-model.js";
import type { AssumedParts } from "./black-box-constants.js";
import type { Intervals } from "../step-logs/index.js";
import type { FoundCosts } from "./search-costs.js";

export interface Identifiability {
  /** 95 % intervals of coefficients, by their place in the cost. */
  readonly intervals: Intervals;
  /** Costs that fit the recordings equally well, all coefficients at once. */
  readonly draws: CostDraws;
  /** Costs that the start decides more than the recordings do. */
  readonly weaklyIdentified: readonly ParameterName[];
}

interface IdentifiabilityOptions {
  /** Costs that were fitted; the others are not in question. */
  readonly names: readonly ParameterName[];
  readonly missesOf: (parameters: Parameters, paces: readonly number[]) => readonly Miss[];
  /** Pull of a load's pace towards those of the others. */
  readonly pacePull: number;
  readonly parts?: AssumedParts | undefined;
}

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
  const at = atLogs({ parameters, paces }, names);
  const moved = (logs: readonly number[]): readonly Miss[] => missesOf(...at(logs));
  // A single load's pace is in the costs.
  const here = new Array<number>(names.length + (paces.length < 2 ? 0 : paces.length)).fill(0);
  const misses = moved(here);
  const weights = misses.map(({ weight }) => weight);
  const loss = misses.reduce((sum, { log, weight }) => sum + weight * log * log, 0);
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const features = all ** 2 / weights.reduce((sum, weight) => sum + weight * weight, 0);
  const slopes = slopesAt(logsOf(moved), here);
  const pulled = here.map((_, i) => (i < names.length ? pulls[names[i]!] : pacePull));
  const { gram, information } = informationOf(slopes, misses, pulled);
  const covariance = names.map((_, i) => {
    const unit = slopes.map((_, j) => (i === j ? 1 : 0));
    return solver(information, unit)
      .slice(0, names.length)
      .map((value) => (loss / features) * value);
  });
  const deviations = covariance.map((row, i) => Math.sqrt(row[i]!));
  const placesOf = (of: Parameters): Record<string, number> => coefficientsOf(costOf(of, parts));
  const intervals: Intervals = Object.fromEntries(
    names.flatMap((name, i) => Object.entries(places(parameters, name, deviations[i]!, placesOf))),
  );
  return {
    intervals,
    draws: drawsOf(at, { covariance, deviations }, placesOf, Object.keys(intervals)),
    weaklyIdentified: names.filter((name, i) => gram[i]![i]! < pulls[name]),
  };
}

/** Costs and paces by the logarithm that each is moved, costs first. */
function atLogs(
  { parameters, paces }: Pick<FoundCosts, "parameters" | "paces">,
  names: readonly ParameterName[],
): (logs: readonly number[]) => [Parameters, readonly number[]] {
  return (logs) => {
    const moved = names.map((name, i) => [name, parameters[name] * Math.exp(logs[i]!)] as const);
    const own = paces.map((pace, load) => pace + (logs[names.length + load] ?? 0));
    return [{ ...parameters, ...Object.fromEntries(moved) }, own];
  };
}

/** Coefficients of GPU, host and front end by their place in the cost: "gpu.decode_base_ns". Jitter has no places of its own. */
function coefficientsOf({ gpu, host, front_end }: VllmEngineCost): Record<string, number> {
  return numbersIn({ gpu, host, front_end });
}

function numbersIn(value: object, path = ""): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [key, field] of Object.entries(value) as [string, unknown][]) {
    const place = path === "" ? key : `${path}.${key}`;
    if (Array.isArray(field)) continue;
    if (typeof field === "object" && field !== null) Object.assign(found, numbersIn(field, place));
    else if (typeof field === "number") found[place] = field;
  }
  return found;
}

type Coefficients = (of: Parameters) => Record<string, number>;

/** The coefficients that a cost stands in, which are multiples of it, with their intervals. */
function places(parameters: Parameters, name: ParameterName, deviation: number, at: Coefficients): Intervals {
  const moved = at({ ...parameters, [name]: 2 * parameters[name] });
  const factor = Math.exp(1.96 * deviation);
  return Object.fromEntries(
    Object.entries(at(parameters))
      .filter(([place, ns]) => moved[place] !== ns)
      .map(([place, ns]) => [place, [ns / factor, ns * factor] as const]),
  );
}

/**
 * Draws of the coefficients in `wanted`: normal in the logarithms, with the costs' covariance; what is out of bounds is drawn
 * again, and in the end brought back.
 */
function drawsOf(
  at: (logs: readonly number[]) => readonly [Parameters, readonly number[]],
  { covariance, deviations }: { covariance: readonly (readonly number[])[]; deviations: readonly number[] },
  placesOf: Coefficients,
  wanted: readonly string[],
): CostDraws {
  const root = cholesky(covariance);
  const random = stream("calibrate/black-box/draws");
  const bounds = deviations.map((deviation) => Math.min(MAX_DEVIATIONS * deviation, Math.log(MAX_FACTOR)));
  const draw = (): number[] => {
    const z = bounds.map(() => normal(random));
    return root.map((row) => dot(row, z));
  };
  const isPlausible = (logs: readonly number[]): boolean => logs.every((log, i) => Math.abs(log) <= bounds[i]!);
  const values = Array.from({ length: DRAWS }, () => {
    let logs = draw();
    for (let again = 0; again < 20 && !isPlausible(logs); again++) logs = draw();
    const kept = logs.map((log, i) => Math.max(-bounds[i]!, Math.min(bounds[i]!, log)));
    const coefficients = placesOf(at(kept)[0]);
    return wanted.map((place) => Number(coefficients[place]!.toPrecision(5)));
  });
  return { names: [...wanted], values };
}
