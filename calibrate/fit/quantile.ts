/** Quantiles of small samples: R-7 (linear between order statistics), as everywhere in servesim. */

/** R-7 quantile, `q` in 0-1; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}

/** R-7 median; NaN of nothing. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
