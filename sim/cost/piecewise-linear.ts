/** A curve through points by ascending x: straight between two, level before the first and after the last. */
export type Curve = readonly (readonly [x: number, y: number])[];

/** Of at least one point. */
export function piecewiseLinear(curve: Curve, x: number): number {
  const above = curve.findIndex(([pointX]) => pointX >= x);
  if (above === -1) return curve.at(-1)![1];
  const [highX, high] = curve[above]!;
  if (above === 0) return high;
  const [lowX, low] = curve[above - 1]!;
  return low + ((high - low) * (x - lowX)) / (highX - lowX);
}
