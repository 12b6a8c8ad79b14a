/**
 * Where the start-up of a series ends, by MSER-5: of the means of five values each, the first are cut whose removal makes the
 * standard error of the mean of the rest least (White, Cobb and Spratt, "A comparison of five steady-state truncation
 * heuristics for simulation", 2000). A cut beyond the half says that the series does not settle; half is the most.
 */
const BATCH = 5;

/** How many values to leave out, from 0 to half of them. */
export function warmUpCount(values: Float64Array): number {
  const batches = Math.floor(values.length / BATCH);
  let sum = 0;
  let squares = 0;
  let best = { cut: 0, error: Infinity };
  for (let first = batches - 1; first >= 0; first--) {
    let mean = 0;
    for (let at = first * BATCH; at < (first + 1) * BATCH; at++) mean += values[at]! / BATCH;
    sum += mean;
    squares += mean * mean;
    if (first > batches / 2) continue;
    const left = batches - first;
    const error = Math.max(0, squares - (sum * sum) / left) / left ** 2;
    if (error <= best.error) best = { cut: first, error };
  }
  return best.cut * BATCH;
}
