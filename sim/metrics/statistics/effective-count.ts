/**
 * How many independent values a series is worth: n / tau, where tau = 1 + 2 (rho_1 + rho_2 + ...) is its integrated
 * autocorrelation time. The sum ends at the first lag W >= 5 tau(W) (Sokal, "Monte Carlo methods in statistical
 * mechanics", 1997); since the mean is the series' own, it is too small by (2 W + 1) tau / n, which is put back (Wolff,
 * "Monte Carlo errors with less errors", 2004). Where neighbours are not alike, values count as independent. A long
 * series is first cut into batches, whose means stand for the values: O(n).
 */
import { momentsOf, type Moments } from "./statistics.js";

/** Batches at most. */
const MAX_BATCHES = 4096;
/** Lags that are summed, in integrated autocorrelation times. */
const WINDOW = 5;
/** Lags at most, as a share of the series: beyond it nothing is known. */
const MAX_LAG = 1 / 3;
/** Lags whose products are summed side by side: one sum alone would wait for each of its additions. */
const LAGS = 4;
/**
 * Standard deviations of chance, 1 / sqrt(n), that neighbours must be alike by for a series to be taken for dependent.
 */
const ALIKE = 2;

/** For values in the order in which they came; from 0 to their number. All values equal: their number. */
export function effectiveCount(values: Float64Array, moments: Moments = momentsOf(values)): number {
  const n = values.length;
  if (n < 2) return n;
  const variance = moments.squares / n;
  if (variance <= (moments.mean * 1e-12) ** 2) return n;
  const size = Math.ceil(n / MAX_BATCHES);
  const batches = size === 1 ? values : batchMeans(values, size);
  const count = batches.length;
  const { mean, squares } = size === 1 ? moments : momentsOf(batches);
  const ofBatches = squares / count;
  if (ofBatches === 0) return n;
  // Variance of the mean: that of batches, tau times as large as if they were independent.
  const ofMean = (ofBatches * autocorrelationTime(batches, mean, ofBatches)) / count;
  return Math.min(n, variance / ofMean);
}

/** At least what independent values have, so that a chance negative correlation is not taken for more of them. */
function autocorrelationTime(values: Float64Array, mean: number, variance: number): number {
  const n = values.length;
  const around = values.map((value) => value - mean);
  const longest = Math.floor(n * MAX_LAG);
  let tau = 1;
  let lag = 0;
  let products: readonly number[] = [];
  while (lag < longest && lag < WINDOW * tau) {
    const at = lag++ % LAGS;
    if (at === 0) products = productsFrom(lag, around);
    const correlation = products[at]! / (n - lag) / variance;
    if (lag === 1 && correlation < ALIKE / Math.sqrt(n)) return 1;
    tau += 2 * correlation;
  }
  if (lag === 0) return 1;
  return Math.max(1, tau) * (1 + (2 * lag + 1) / n);
}

/** Sums of the products of values `first` apart, and of those one, two and three further apart, each in order. */
function productsFrom(first: number, values: Float64Array): readonly number[] {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = Math.max(0, values.length - first - 3);
  let [v, w, x] = [values[first]!, values[first + 1]!, values[first + 2]!];
  for (let at = 0; at < whole; at++) {
    const value = values[at]!;
    const y = values[at + first + 3]!;
    a += value * v;
    b += value * w;
    c += value * x;
    d += value * y;
    v = w;
    w = x;
    x = y;
  }
  const sums = [a, b, c, d];
  for (let at = whole; at < values.length; at++) {
    for (let more = 0; at + first + more < values.length; more++)
      sums[more] = sums[more]! + values[at]! * values[at + first + more]!;
  }
  return sums;
}

/** Of whole batches; what is left at the end is left out. */
function batchMeans(values: Float64Array, size: number): Float64Array {
  const means = new Float64Array(Math.floor(values.length / size));
  for (let batch = 0; batch < means.length; batch++) {
    let sum = 0;
    for (let at = batch * size; at < (batch + 1) * size; at++) sum += values[at]!;
    means[batch] = sum / size;
  }
  return means;
}
