/** How much shorter launches of steps that prefill are soon after one without graphs, which warms what they need. */
import { launchMeanNs, type EngineModel, type Recency } from "./engine-model.js";
import type { EngineLog } from "./fit-launches.js";
import type { Reading } from "./read-timeline.js";
import { mean } from "../../../sim/index.js";

const memoriesNs = [60e6];
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
  let best: (Recency & { readonly loss: number; readonly isNoise: boolean }) | undefined;
  for (const memoryNs of memoriesNs) {
    const fitted = shareOf(seen, memoryNs);
    if (best === undefined || fitted.loss < best.loss) best = { ...fitted, memoryNs };
  }
  return best === undefined || best.isNoise || best.share <= 0
    ? undefined
    : { share: best.share, memoryNs: best.memoryNs };
}

interface Seen {
  readonly log: number;
  readonly kind: string;
  readonly sinceNs: number;
}

/** Least squares of log = level of its kind - share x exp(-since / memory). */
function shareOf(seen: readonly Seen[], memoryNs: number): { share: number; loss: number; isNoise: boolean } {
  let [xx, xy, yy] = [0, 0, 0];
  for (const kind of new Set(seen.map((one) => one.kind))) {
    const own = seen.filter((one) => one.kind === kind);
    const xs = own.map(({ sinceNs }) => Math.exp(-sinceNs / memoryNs));
    const meanX = mean(xs);
    const meanY = mean(own.map(({ log }) => log));
    own.forEach(({ log }, at) => {
      xx += (xs[at]! - meanX) ** 2;
      xy += (xs[at]! - meanX) * (log - meanY);
      yy += (log - meanY) ** 2;
    });
  }
  if (xx === 0) return { share: 0, loss: yy, isNoise: true };
  const loss = yy - (xy * xy) / xx;
  const error = Math.sqrt(loss / Math.max(1, seen.length - 3) / xx);
  // In the logarithm a small share is the share.
  return { share: Math.min(0.9, -xy / xx), loss, isNoise: Math.abs(xy / xx) < SIGNIFICANT * error };
}
