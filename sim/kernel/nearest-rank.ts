/** The quantile of sorted values that is one of them: the value of rank ceil(p n), the first for p of 0; undefined of none. */
export function nearestRank(sorted: Float64Array, p: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)];
}
