/** A straight line by weighted least squares: y = intercept + slope * x. */

export interface Line {
  readonly intercept: number;
  readonly slope: number;
}

/** Null when the points that have weight share one x. Weights are 1 where none are given. */
export function leastSquaresLine(
  xs: readonly number[],
  ys: readonly number[],
  weights: ArrayLike<number> = new Uint8Array(xs.length).fill(1),
): Line | null {
  const total = weightedSum(xs, weights, () => 1);
  const meanX = weightedSum(xs, weights, (x) => x) / total;
  const meanY = weightedSum(ys, weights, (y) => y) / total;
  const spread = weightedSum(xs, weights, (x) => (x - meanX) ** 2);
  if (!(spread > 0)) return null;
  const slope = weightedSum(xs, weights, (x, i) => (x - meanX) * (ys[i]! - meanY)) / spread;
  return { intercept: meanY - slope * meanX, slope };
}

function weightedSum(
  values: readonly number[],
  weights: ArrayLike<number>,
  term: (value: number, index: number) => number,
): number {
  return values.reduce((sum, value, index) => sum + weights[index]! * term(value, index), 0);
}
