/**
 * Inter-token latencies of a run without a record per token: gaps between output tokens (whole ns) are kept as
 * arithmetic progressions, since a step of the same requests costs a little more each time. Statistics are those of all
 * gaps written out, and the same to the last bit however the gaps were cut into progressions.
 */
import { InvariantError } from "../../../formats/index.js";
import { ExactSum, nearestQuotient } from "./exact-sum.js";
import { valuesAtRanks } from "./gap-ranks.js";
import { GapStore, RUN_FIELDS } from "./gap-store.js";
import { interpolatedAt } from "../statistics/index.js";
import { singleSums } from "./single-moments.js";
import type { Statistics } from "../statistics/index.js";

const NS_PER_MS = 1_000_000n;

/** Longest gap (52 days): the sum of two is still exact. */
const MAX_NS = 2 ** 52;
const EXPECTED = "whole numbers: gaps and increments from 0 to 2^52 ns, counts from 1";

/** Collects gaps. */
export class GapSegments {
  readonly store = new GapStore();

  /** How many gaps were added, each as often as it counts. */
  get gaps(): number {
    return this.store.count;
  }

  /** One gap that `weight` requests saw. */
  addOne(gapNs: number, weight: number): void {
    const isUsual = gapNs >>> 0 === gapNs && weight >>> 0 === weight && weight > 0;
    if (!isUsual && !(isWhole(gapNs, 0, MAX_NS) && isWhole(weight, 1, Infinity))) {
      throw new InvariantError(`gap of ${gapNs} ns, ${weight} times, expected ${EXPECTED}`);
    }
    this.store.addOne(gapNs, weight);
  }

  /** The first `count` gaps, each less than 2^32 ns and seen by so many requests (at least 1). */
  addMany(gapsNs: Uint32Array, weights: Uint16Array, count: number): void {
    this.store.addMany(gapsNs, weights, count);
  }

  /** Gaps of startNs, startNs + incrementNs, ..., `count` of them, each seen by `weight` requests. */
  add(startNs: number, incrementNs: number, count: number, weight: number): void {
    const lastNs = startNs + incrementNs * (count - 1);
    if (!(
      isWhole(startNs, 0, MAX_NS) &&
      isWhole(incrementNs, 0, MAX_NS) &&
      isWhole(count, 1, Infinity) &&
      isWhole(weight, 1, Infinity) &&
      lastNs <= MAX_NS
    )) {
      throw new InvariantError(
        `${count} gaps from ${startNs} ns by ${incrementNs} ns, ${weight} times each, expected ${EXPECTED}`,
      );
    }
    this.store.add(startNs, incrementNs, count, weight);
  }

  /**
   * Every statistic in ms; null for no gaps. Quantiles are those of `quantile` over the gaps in ms. Mean and standard
   * deviation come from exact sums, rounded once: the mean is the double nearest to the true one.
   */
  describe(): Statistics | null {
    const { count } = this.store;
    if (count === 0) return null;
    if (!Number.isSafeInteger(count)) throw new InvariantError(`${count} gaps, expected at most 2^53 - 1`);
    const quantiles = quantilesMs(this.store, [0.5, 0.9, 0.95, 0.99]);
    const [p50, p90, p95, p99] = quantiles as [number, number, number, number];
    return { ...moments(this.store), median: p50, p50, p90, p95, p99 };
  }

  /** R-7 quantile (0-1) of all gaps, ms; null for no gaps. */
  quantileMs(p: number): number | null {
    return this.store.count === 0 ? null : quantilesMs(this.store, [p])[0]!;
  }

  /** The same of several, of at least one gap. */
  quantilesMs(ps: readonly number[]): number[] {
    return quantilesMs(this.store, ps);
  }

  /** Of all gaps, ms; null for no gaps. */
  meanMs(): number | null {
    return this.store.count === 0 ? null : moments(this.store).mean;
  }
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}

function quantilesMs(store: GapStore, quantiles: readonly number[]): number[] {
  return interpolatedAt(store.count, quantiles, (ranks) => valuesAtRanks(store, ranks).map((ns) => ns / 1e6));
}

/**
 * Mean and population standard deviation in ms, from exact sums of x and x^2. Of a progression of c terms from a to b
 * by d: 2 sum x = c (a + b), and 12 sum x^2 = 3 c (a + b)^2 + c (c + 1) d (b - a).
 */
function moments({ count, chunks, runs, runsEnd }: GapStore): Pick<Statistics, "mean" | "std"> {
  const { sum, squares } = singleSums(chunks);
  const twiceSum = new ExactSum();
  const centres = new ExactSum();
  const spreads = new ExactSum();
  for (let i = 0; i < runsEnd; i += RUN_FIELDS) {
    const increment = runs[i + 1]!;
    const terms = runs[i + 2]!;
    const times = terms * runs[i + 3]!;
    const span = increment * (terms - 1);
    const ends = 2 * runs[i]! + span;
    twiceSum.add(ends, times);
    centres.add3(ends, times, ends);
    spreads.add4(span, increment, times, terms + 1);
  }
  const n = BigInt(count);
  const sumNs = sum + twiceSum.total() / 2n;
  const squaresNs = squares + (3n * centres.total() + spreads.total()) / 12n;
  return {
    mean: nearestQuotient(sumNs, n * NS_PER_MS),
    std: Math.sqrt(nearestQuotient(n * squaresNs - sumNs * sumNs, (n * NS_PER_MS) ** 2n)),
  };
}
