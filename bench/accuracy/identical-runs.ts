/** Which recorded runs are of one load, with the same arrivals and lengths. */
import { loadOf } from "../../calibrate/vllm/index.js";

/** Of `names`, the runs of the load of `scored` that are neither that run nor in the fit. */
export function identicalRuns(scored: string, names: readonly string[], fit: readonly string[]): string[] {
  return names.filter((name) => name !== scored && !fit.includes(name) && loadOf(name) === loadOf(scored));
}

/** Whether a run repeats the load of one in the fit, arrival by arrival, so that its load is not new to the profile. */
export function repeatsTheFit(name: string, fit: readonly string[]): boolean {
  return fit.some((fitted) => loadOf(fitted) === loadOf(name));
}
