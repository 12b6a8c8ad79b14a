/** How much the pace of a host differs from run to run, where enough runs of one load were recorded to tell. */
import type { EngineLog } from "./fit-launches.js";
import { meanPace, type PacePath } from "./read-pace.js";

/** Fewer say little: the spread of five is known to about a third. */
const LEAST_RUNS = 5;

/** Standard deviation of the logarithm of the mean pace over runs of one load, pooled over loads; undefined: not told. */
export function runSpreadOf(logs: readonly EngineLog[], paths: readonly PacePath[]): number | undefined {
  const byLoad = new Map<string, number[]>();
  logs.forEach(({ isProbes, load }, at) => {
    const pace = meanPace(paths[at]!);
    if (isProbes || load === undefined || !(pace > 0)) return;
    byLoad.set(load, [...(byLoad.get(load) ?? []), Math.log(pace)]);
  });
  let [squares, freedom] = [0, 0];
  for (const values of byLoad.values()) {
    if (values.length < LEAST_RUNS) continue;
    const level = values.reduce((sum, value) => sum + value, 0) / values.length;
    squares += values.reduce((sum, value) => sum + (value - level) ** 2, 0);
    freedom += values.length - 1;
  }
  return freedom === 0 ? undefined : Math.sqrt(squares / freedom);
}
