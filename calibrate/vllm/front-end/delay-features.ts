/**
 * What a recording tells of the front end, as figures: quantiles and means of each delay, means by thirds of what it grows
 * with, and the share of merged tokens. As recorded and as replayed, over all of it or over resampled stretches.
 */
import { mean, quantileOf } from "../../../sim/index.js";
import type { Delivery, DeliveryLog } from "./delivery-log.js";
import { delayQuantiles, type Delays } from "./front-end-delays.js";

const ways = ["in", "first", "other"] as const;
type Way = (typeof ways)[number];

/** Outputs of a stretch: as many steps as the engine's draws resample together. */
const STRETCH_OUTPUTS = 50;
/** Delays of one way that say nothing when they are fewer. */
const MIN_DELAYS = 30;
/** Delays below this do not differ, ms. */
const LEAST_MS = 0.05;
/** How much a mean counts beside a quantile, as in the search. */
const MEAN_WEIGHT = 4;

/** Positions of a way's delays: all of them, or those of resampled stretches, some more than once. */
export type Picked = Readonly<Record<Way, readonly number[]>>;

/** A log's delays by stretch of time, and what each grows with. */
export interface Stretches {
  readonly count: number;
  /** Positions of the delays of a stretch. */
  readonly of: Readonly<Record<Way, readonly (readonly number[])[]>>;
  /** Prompt tokens of a request; tokens of the output that a delivery came with. */
  readonly grows: Readonly<Record<Way, readonly number[]>>;
}

export function stretchesOf({ requests, traffic: { outputs, entries }, firsts, others }: DeliveryLog): Stretches {
  const count = Math.max(1, Math.ceil(outputs.length / STRETCH_OUTPUTS));
  const updatesNs = Float64Array.from(outputs, ({ updatedNs }) => updatedNs);
  let next = 0;
  // Entries are in the order of time.
  const entered = entries.map(({ atNs }) => {
    while (next < updatesNs.length - 1 && updatesNs[next]! < atNs) next++;
    return next;
  });
  const positions = (outputsOf: readonly number[]): number[][] => {
    const found = Array.from({ length: count }, (): number[] => []);
    outputsOf.forEach((output, at) => found[Math.floor(output / STRETCH_OUTPUTS)]!.push(at));
    return found;
  };
  const outputOf = ({ output }: Delivery): number => output;
  const tokensOf = ({ output }: Delivery): number => outputs[output]!.tokens;
  return {
    count,
    of: { in: positions(entered), first: positions(firsts.map(outputOf)), other: positions(others.map(outputOf)) },
    grows: {
      in: entries.map(({ request }) => requests[request]!.promptTokens),
      first: firsts.map(tokensOf),
      other: others.map(tokensOf),
    },
  };
}

/** The delays of some stretches. */
export function picked({ of }: Stretches, chosen: readonly number[]): Picked {
  const all = (way: Way): number[] => chosen.flatMap((stretch) => of[way][stretch]!);
  return { in: all("in"), first: all("first"), other: all("other") };
}

export interface DelayFeature {
  /** Logarithm, of ms. */
  readonly log: number;
  readonly weight: number;
}

/** Of delays in the order of the log; of several replays, the mean over them. */
export function delayFeatures(
  delays: readonly Delays[],
  { grows, of }: Stretches,
  { in: entries, first, other }: Picked,
): DelayFeature[] {
  const positions: Readonly<Record<Way, readonly number[]>> = { in: entries, first, other };
  return ways.flatMap((way) => {
    // By the whole log, so that every resample has the same features; one that has none of a way tells nothing new of it.
    const all = of[way].flat();
    if (all.length < MIN_DELAYS) return [];
    const some = positions[way].length === 0 ? all : positions[way];
    const values = some.flatMap((at) => delays.map((each) => each[way][at]!));
    const by = some.flatMap((at) => delays.map(() => grows[way][at]!));
    const feature = (ms: number, weight: number): DelayFeature => ({ log: Math.log(Math.max(ms, LEAST_MS)), weight });
    return [
      ...delayQuantiles.map((p) => feature(quantileOf(values, p), 1)),
      feature(mean(values), MEAN_WEIGHT),
      ...thirds(values, by, grows[way]).map((ms) => feature(ms, 1)),
    ];
  });
}

/** Means of the values whose `by` is in the lower, middle and upper third of all; none of a third without values. */
function thirds(values: readonly number[], by: readonly number[], all: readonly number[]): number[] {
  const [low, high] = [quantileOf(all, 1 / 3), quantileOf(all, 2 / 3)];
  const overall = mean(values);
  const meanOf = (isIn: (grown: number) => boolean): number => {
    const some = values.filter((_, at) => isIn(by[at]!));
    return some.length === 0 ? overall : mean(some);
  };
  return [meanOf((n) => n <= low), meanOf((n) => n > low && n <= high), meanOf((n) => n > high)];
}
