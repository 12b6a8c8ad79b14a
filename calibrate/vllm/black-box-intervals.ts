/**
 * How sure a fit to clients' times is. Around the fitted costs the logarithms of simulated features are taken as linear in
 * the logarithms of the costs (Gauss and Newton), and each pull towards the start as what was known before. Features are
 * not independent of each other, so intervals are rather too narrow than too wide.
 */
import { normalEquations, type LinearSolver } from "../fit/index.js";
import { costOf, type ParameterName, type Parameters } from "./black-box-model.js";
import type { Intervals } from "./engine-intervals.js";
import type { FoundCosts } from "./search-costs.js";

/** Logarithm of a simulated over the recorded feature; the weights of all sum to 1. */
export interface Miss {
  readonly log: number;
  readonly weight: number;
}

export interface Sureness {
  /** 95 % intervals of coefficients, by their place in the cost. */
  readonly intervals: Intervals;
  /** Costs that the start decides more than the recordings do. */
  readonly untold: readonly ParameterName[];
}

/** Change of a cost's logarithm by which slopes are taken: beyond the roughness of a simulation. */
const STEP = 0.1;

/** Of the costs of those names; the others are not in question. */
export function surenessOf(
  { parameters, pulls }: FoundCosts,
  names: readonly ParameterName[],
  missesOf: (parameters: Parameters) => readonly Miss[],
  solver: LinearSolver,
): Sureness {
  const misses = missesOf(parameters);
  const weights = misses.map(({ weight }) => weight);
  const loss = misses.reduce((sum, { log, weight }) => sum + weight * log * log, 0);
  const features = 1 / weights.reduce((sum, weight) => sum + weight * weight, 0);
  const moved = (name: ParameterName, by: number): number[] =>
    missesOf({ ...parameters, [name]: parameters[name] * Math.exp(by) }).map(({ log }) => log);
  const slopes = names.map((name) => {
    const [up, down] = [moved(name, STEP), moved(name, -STEP)];
    return up.map((value, at) => (value - down[at]!) / (2 * STEP));
  });
  const rows = misses.map((_, at) => slopes.map((slope) => slope[at]!));
  const { gram } = normalEquations(
    rows,
    misses.map(() => 0),
    weights,
  );
  const information = gram.map((row, i) => row.map((value, j) => (i === j ? value + pulls[names[i]!] : value)));
  const deviations = names.map((_, i) => {
    const unit = names.map((_, j) => (i === j ? 1 : 0));
    return Math.sqrt((loss / features) * solver(information, unit)[i]!);
  });
  return {
    intervals: Object.assign({}, ...names.map((name, i) => places(parameters, name, deviations[i]!))) as Intervals,
    untold: names.filter((name, i) => gram[i]![i]! < pulls[name]),
  };
}

/** The coefficients that a cost stands in, which are multiples of it, with their intervals. */
function places(parameters: Parameters, name: ParameterName, deviation: number): Intervals {
  const at = coefficientsOf(parameters);
  const moved = coefficientsOf({ ...parameters, [name]: 2 * parameters[name] });
  const factor = Math.exp(1.96 * deviation);
  return Object.fromEntries(
    Object.entries(at)
      .filter(([place, ns]) => moved[place] !== ns)
      .map(([place, ns]) => [place, [ns / factor, ns * factor] as const]),
  );
}

function coefficientsOf(parameters: Parameters): Record<string, number> {
  const { gpu, host, front_end } = costOf(parameters);
  return numbersOf({ gpu, host, front_end });
}

function numbersOf(value: object, path = ""): Record<string, number> {
  const entries = Object.entries(value).map(([key, field]: [string, unknown]) => {
    const place = path === "" ? key : `${path}.${key}`;
    if (typeof field === "object" && field !== null) return numbersOf(field, place);
    return typeof field === "number" ? { [place]: field } : {};
  });
  return Object.assign({}, ...entries) as Record<string, number>;
}
