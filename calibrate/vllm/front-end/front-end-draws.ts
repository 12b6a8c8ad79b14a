/**
 * How sure the fit of the front end is: costs that the recordings allow as well. Resampling and searching again would take
 * forty times the fit, so each draw is one step of Gauss and Newton from the fitted costs: figures of the recordings
 * (delay-features.ts) are taken as linear in the costs; each draw moves them by what a resample of stretches of the
 * recordings does, and by as much as the fitted front end misses them, and solves for the costs that this asks for. A cost
 * that the figures do not tell is drawn within what servers differ by (randomised maximum likelihood; Oliver, He and Reynolds, 1996).
 */
import { mean, normal, stream, type Random } from "../../../sim/index.js";
import { normalEquations, slopesAt, withDiagonal, type LinearSolver } from "../../fit/numerics/index.js";
import type { DeliveryLog } from "./delivery-log.js";
import {
  delayFeatures,
  picked,
  stretchesOf,
  type DelayFeature,
  type Picked,
  type Stretches,
} from "./delay-features.js";
import { recordedDelays, replayedDelays, type Delays } from "./front-end-delays.js";
import { costNames, frontEndAt, JITTER_NUMBERS } from "./front-end-parameters.js";
import { mergedIn, MIN_MERGED, replayDraw } from "./replay-front-end.js";

const SAMPLES = 40;
/** Draws of the jobs' own variation that figures are taken over. */
const REPLAYS = [0, 1, 2, 3] as const;
/** Standard deviation of a cost that nothing tells, over itself: those of the two recorded servers differ by up to a factor of three. */
const UNTOLD = 0.5;
/** No cost is drawn smaller or larger than the fitted by more than this factor. */
const MAX_FACTOR = 3;
const ATTEMPTS = 20;

/** By place in a profile's cost, ns. `numbers`: the fitted ones, as frontEndAt takes them. */
export function frontEndDraws(
  logs: readonly DeliveryLog[],
  numbers: readonly number[],
  { sendNs, wakeNs, solver }: { readonly sendNs: number; readonly wakeNs: number; readonly solver: LinearSolver },
): Readonly<Record<string, number>>[] {
  const told = logs.map((log) => figuresOf(log, numbers, sendNs, wakeNs));
  const misses = told.flatMap(({ misses: of }) => of(undefined));
  const slopes = slopesAt((other) => told.flatMap(({ logsAt }) => logsAt(other)), numbers);
  const random = stream("fit/front-end-draws");
  const resamples = Array.from({ length: SAMPLES }, () =>
    told.flatMap(({ misses: of, stretches }) => of(resampled(stretches, random))),
  );
  const solve = stepSolver(misses, slopes, resamples, solver);
  const steps = resamples.map((resample) => {
    let step = solve(resample, random);
    for (let again = 0; again < ATTEMPTS && !isPlausible(step); again++) step = solve(resample, random);
    return step;
  });
  // About the fit: of forty draws, chance would move the mean.
  const centre = numbers.map((_, at) => mean(steps.map((step) => step[at]!)));
  return steps.map((step) => costsOf(numbers, step.map((by, at) => by - centre[at]!))); // prettier-ignore
}

interface Figures {
  readonly stretches: Stretches;
  /** Logarithms of replayed over recorded figures; undefined: over all of the log. */
  readonly misses: (some: Picked | undefined) => DelayFeature[];
  /** Logarithms of the figures with other numbers. */
  readonly logsAt: (numbers: readonly number[]) => number[];
}

function figuresOf(log: DeliveryLog, numbers: readonly number[], sendNs: number, wakeNs: number): Figures {
  const stretches = stretchesOf(log);
  const all = picked(
    stretches,
    Array.from({ length: stretches.count }, (_, at) => at),
  );
  const replayed = (at: readonly number[]): { readonly delays: readonly Delays[]; readonly merged: number } => {
    const replays = REPLAYS.map((draw) => replayDraw(log, frontEndAt(at), sendNs, draw));
    const merged = mean(replays.map((replay) => mergedIn(replay, log.traffic)));
    return { delays: replays.map((replay) => replayedDelays(log, replay, wakeNs)), merged };
  };
  const fitted = replayed(numbers);
  const real = [recordedDelays(log)];
  const mergedLog = (share: number): number => Math.log(MIN_MERGED + share);
  const merged = log.merged === undefined ? [] : [{ log: mergedLog(fitted.merged) - mergedLog(log.merged), weight: log.weight }]; // prettier-ignore
  return {
    stretches,
    misses: (some = all) => {
      const simulated = delayFeatures(fitted.delays, stretches, some);
      const recorded = delayFeatures(real, stretches, some);
      const missed = simulated.map(({ log: sim, weight }, at) => ({ log: sim - recorded[at]!.log, weight: log.weight * weight })); // prettier-ignore
      return [...missed, ...merged];
    },
    logsAt: (at) => {
      const { delays, merged: share } = replayed(at);
      const logs = delayFeatures(delays, stretches, all).map((feature) => feature.log);
      return log.merged === undefined ? logs : [...logs, mergedLog(share)];
    },
  };
}

function resampled(stretches: Stretches, random: Random): Picked {
  return picked(
    stretches,
    Array.from({ length: stretches.count }, () => Math.floor(random() * stretches.count)),
  );
}

/** Changes of all numbers that a resample asks for, each over its number. `slopes`: of each number, of each figure. */
function stepSolver(
  misses: readonly DelayFeature[],
  slopes: readonly (readonly number[])[],
  resamples: readonly (readonly DelayFeature[])[],
  solver: LinearSolver,
): (resample: readonly DelayFeature[], random: Random) => number[] {
  const weights = misses.map(({ weight }) => weight);
  const rows = misses.map((_, at) => slopes.map((slope) => slope[at]!));
  const weighted = (squares: readonly number[]): number =>
    squares.reduce((sum, square, at) => sum + weights[at]! * square, 0) /
    weights.reduce((sum, weight) => sum + weight, 0);
  const missed = weighted(misses.map(({ log }) => log * log));
  // About the resamples' own mean: that resampling moves a quantile is no reason to move the costs.
  const centre = misses.map((_, at) => mean(resamples.map((one) => one[at]!.log)));
  const sampled = weighted(centre.map((log, at) => mean(resamples.map((one) => (one[at]!.log - log) ** 2))));
  // In units of what a figure of weight 1 is known to.
  const known = weights.map((weight) => weight / (missed + sampled));
  const precision = UNTOLD ** -2;
  return (resample, random) => {
    const asked = centre.map((log, at) => log - resample[at]!.log + Math.sqrt(missed) * normal(random));
    const { gram, moment } = normalEquations(rows, asked, known);
    const side = moment.map((value) => value + precision * UNTOLD * normal(random));
    return solver(
      withDiagonal(gram, () => precision),
      side,
    );
  };
}

/** Costs alone: how times vary goes into a profile as it was fitted. */
function isPlausible(step: readonly number[]): boolean {
  return step.slice(JITTER_NUMBERS).every((by) => by > 1 / MAX_FACTOR - 1 && by < MAX_FACTOR - 1);
}

/** Linear in the times themselves: what one has more and another less of leaves their sum as it is. */
function costsOf(numbers: readonly number[], step: readonly number[]): Readonly<Record<string, number>> {
  const entries = costNames.map((name, at) => {
    const by = step[JITTER_NUMBERS + at]!;
    const factor = Math.max(1 / MAX_FACTOR, Math.min(MAX_FACTOR, 1 + by));
    return [`front_end.${name}`, factor * Math.exp(numbers[JITTER_NUMBERS + at]!)] as const;
  });
  return Object.fromEntries(entries);
}
