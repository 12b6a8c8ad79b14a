/** A curve through points by ascending x: straight between two, level before the first and after the last. */
export type Curve = readonly (readonly [x: number, y: number])[];

/** Of at least one point; of two at one x the later counts. */
export function piecewiseLinear(curve: Curve, x: number): number {
  const [firstX, firstY] = curve[0]!;
  const [lastX, lastY] = curve.at(-1)!;
  if (x <= firstX) return firstY;
  if (x >= lastX) return lastY;
  let [low, high] = [0, curve.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (curve[middle]![0] <= x) low = middle;
    else high = middle;
  }
  const [[lowX, lowY], [highX, highY]] = [curve[low]!, curve[high]!];
  return lowY + ((highY - lowY) * (x - lowX)) / (highX - lowX);
}
