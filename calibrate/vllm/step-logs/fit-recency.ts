/** How much shorter launches of steps that prefill are soon after one without graphs, which warms what they need. */
import { grouped } from "../../fit/numerics/index.js";
import { launchMeanNs, type EngineLog, type EngineModel, type Recency } from "./engine-model.js";
import type { Reading } from "./read-timeline.js";
import { mean } from "../../../sim/index.js";

/** How long a launch without graphs shortens others, on the recorded servers. */
const MEMORY_NS = 60e6;
const MIN_STEPS = 100;
/** A share of fewer standard errors is noise. */
const SIGNIFICANT = 3;
/** Launches this far from their mean were interrupted. */
const MAX_LOG_RATIO = Math.log(2);

/** Undefined where too few launches show, or the share may be noise. */
export function recencyOf(
  logs: readonly EngineLog[],
  readings: readonly (readonly Reading[])[],
  model: EngineModel,
): Recency | undefined {
  const steady = { ...model, recency: undefined };
  const seen = readings.flatMap((run, at) => {
    if (!logs[at]!.isAsync || logs[at]!.isProbes) return [];
    return run.flatMap(({ step, launchNs, isLaunchExact }) => {
      if (step.record.prefillTokens === 0 || !isLaunchExact) return [];
      const log = Math.log(launchNs / launchMeanNs(steady, step));
      return Math.abs(log) > MAX_LOG_RATIO ? [] : [{ log, kind: step.kind, sinceNs: step.sinceEagerNs }];
    });
  });
  if (seen.length < MIN_STEPS) return undefined;
  const share = shareOf(seen);
  return share > 0 ? { share, memoryNs: MEMORY_NS } : undefined;
}

interface Seen {
  readonly log: number;
  readonly kind: string;
  readonly sinceNs: number;
}

/** Least squares of log = level of its kind - share x exp(-since / memory); 0 where the share may be noise. */
function shareOf(seen: readonly Seen[]): number {
  let [xx, xy, yy] = [0, 0, 0];
  for (const own of grouped(seen, ({ kind }) => kind).values()) {
    const xs = own.map(({ sinceNs }) => Math.exp(-sinceNs / MEMORY_NS));
    const meanX = mean(xs);
    const meanY = mean(own.map(({ log }) => log));
    own.forEach(({ log }, at) => {
      xx += (xs[at]! - meanX) ** 2;
      xy += (xs[at]! - meanX) * (log - meanY);
      yy += (log - meanY) ** 2;
    });
  }
  if (xx === 0) return 0;
  const loss = yy - (xy * xy) / xx;
  const error = Math.sqrt(loss / Math.max(1, seen.length - 3) / xx);
  // In the logarithm a small share is the share.
  return Math.abs(xy / xx) < SIGNIFICANT * error ? 0 : Math.min(0.9, -xy / xx);
}
