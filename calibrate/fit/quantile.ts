/** Quantiles of small unsorted samples: R-7, as everywhere in servesim. */
import { quantile as quantileOfSorted } from "../../sim/metrics/index.js";

/** R-7 quantile, `q` in 0-1; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  return values.length === 0 ? Number.NaN : quantileOfSorted(Float64Array.from(values).sort(), q);
}
