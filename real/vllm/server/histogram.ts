/**
 * Histograms of a Prometheus text: cumulative counts at upper bounds, and the exact sum. Of a difference (after less
 * before) the mean is exact; a quantile is known to a bucket and interpolated within it, as Prometheus does.
 */
import { ArtifactError, plainLine } from "../../../formats/index.js";
import type { Exposition } from "./prometheus.js";

export interface Histogram {
  /** Upper bounds, ascending; the last is Infinity. In the metric's unit. */
  readonly bounds: readonly number[];
  /** How many values are at most each bound. */
  readonly cumulative: readonly number[];
  readonly sum: number;
}

/** A histogram by its name, summed over label sets (engines); undefined where the text has none. */
export function histogramOf(metrics: Exposition, name: string): Histogram | undefined {
  const buckets = metrics.get(`${name}_bucket`);
  if (buckets === undefined) return undefined;
  const byBound = new Map<number, number>();
  for (const { labels, value } of buckets) {
    const text = labels.get("le") ?? "";
    const bound = text === "+Inf" ? Infinity : Number.parseFloat(text);
    if (!(value >= 0 && value < Infinity)) {
      throw new ArtifactError(`metric ${name}_bucket: got ${value}, expected a count`);
    }
    if (Number.isNaN(bound))
      throw new ArtifactError(`metric ${name}_bucket: le is "${plainLine(text, 40)}", expected a number`);
    byBound.set(bound, (byBound.get(bound) ?? 0) + value);
  }
  const bounds = [...byBound.keys()].sort((a, b) => a - b);
  if (bounds.at(-1) !== Infinity) throw new ArtifactError(`metric ${name}_bucket: no bucket with le="+Inf"`);
  const sum = (metrics.get(`${name}_sum`) ?? []).reduce((total, { value }) => total + value, 0);
  if (!(sum >= 0 && sum < Infinity)) throw new ArtifactError(`metric ${name}_sum: got ${sum}, expected a sum`);
  return { bounds, cumulative: bounds.map((bound) => byBound.get(bound)!), sum };
}

export function countOf(histogram: Histogram): number {
  return histogram.cumulative.at(-1) ?? 0;
}

/** What was observed between two texts; undefined when counts fell or bounds changed: another server answers. */
export function differenceOf(after: Histogram, before: Histogram | undefined): Histogram | undefined {
  if (before === undefined) return after;
  if (before.bounds.length !== after.bounds.length || before.bounds.some((bound, i) => bound !== after.bounds[i])) {
    return undefined;
  }
  const cumulative = after.cumulative.map((count, i) => count - before.cumulative[i]!);
  if (cumulative.some((count) => count < 0) || after.sum < before.sum) return undefined;
  return { bounds: after.bounds, cumulative, sum: after.sum - before.sum };
}

export interface BucketQuantile {
  /** Interpolated within the bucket; undefined in the last one, which has no end. */
  readonly value: number | undefined;
  /** The bucket: what is known for certain. */
  readonly above: number;
  readonly atMost: number;
}

/** Quantile q (0-1) of a histogram that is not empty; undefined of an empty one. */
export function bucketQuantile(histogram: Histogram, q: number): BucketQuantile | undefined {
  const count = countOf(histogram);
  if (count === 0) return undefined;
  const rank = q * count;
  const at = histogram.cumulative.findIndex((cumulative) => cumulative >= rank && cumulative > 0);
  const above = at === 0 ? 0 : histogram.bounds[at - 1]!;
  const atMost = histogram.bounds[at]!;
  if (atMost === Infinity) return { value: undefined, above, atMost };
  const below = at === 0 ? 0 : histogram.cumulative[at - 1]!;
  const within = histogram.cumulative[at]! - below;
  return { value: above + ((atMost - above) * (rank - below)) / within, above, atMost };
}
