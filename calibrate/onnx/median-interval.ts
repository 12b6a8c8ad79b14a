/**
 * Interval of a median from order statistics, whatever the distribution: the k-th smallest and k-th largest of n values
 * hold it with probability 1 - 2 P(Binomial(n, 1/2) < k). https://en.wikipedia.org/wiki/Median#Confidence_interval
 */
/** Bounds and the probability that the median lies between them. */
export interface MedianInterval {
  readonly low: number;
  readonly high: number;
  readonly coverage: number;
}

const WANTED_COVERAGE = 0.9;

/** The narrowest symmetric interval of at least 90 %; of fewer than five values their range, which covers less. */
export function medianInterval(values: readonly number[]): MedianInterval {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  let k = 1;
  while (k + 1 <= n / 2 && coverageOf(n, k + 1) >= WANTED_COVERAGE) k++;
  return { low: sorted[k - 1]!, high: sorted[n - k]!, coverage: Math.max(0, coverageOf(n, k)) };
}

/** Half the interval's width over its middle, a fraction; Infinity of fewer than two values. */
export function medianHalfWidth(values: readonly number[]): number {
  if (values.length < 2) return Infinity;
  const { low, high } = medianInterval(values);
  return (high - low) / (high + low);
}

function coverageOf(n: number, k: number): number {
  let below = 0;
  let probability = 2 ** -n;
  for (let i = 0; i < k; i++) {
    below += probability;
    probability *= (n - i) / (i + 1);
  }
  return 1 - 2 * below;
}
