/**
 * How many replications: as many as the intervals need, from 12 to 50, or what the budget allows, but at least 8. All
 * of it depends on the inputs and results, never on a clock or on cores, so that the same inputs give the same result.
 */
import type { Workload } from "../../formats/index.js";
import { mean, predictionInterval, widthUncertainty } from "../../sim/index.js";
import type { ReplicationResult } from "./task.js";

export const MIN_REPLICATIONS = 8;
export const MAX_REPLICATIONS = 50;
/**
 * Numbers of replications after which it is asked whether they are enough. Late and few: each time there is a chance to
 * stop at a width that came out too narrow.
 */
const LOOKS: readonly number[] = [12, 24, 36];

/** Simulated output tokens that all replications together may have: a few seconds of a laptop's two cores. */
export const TOKEN_BUDGET = 40e6;

/** An interval is known well enough when its width is, to this share of itself or of the statistic's mean. */
const OF_WIDTH = 0.15;
const OF_MEAN = 0.005;

export interface ReplicationWork {
  /** Of one replication. */
  readonly outputTokens: number;
  /** Most replications that the budget allows, 8 to 50. */
  readonly most: number;
  /** Even 8 are beyond the budget. */
  readonly isLarge: boolean;
}

/** What repeating a workload takes. */
export function workOf({ requests }: Workload): ReplicationWork {
  const outputTokens = requests.reduce((sum, request) => sum + request.outputTokens, 0);
  const affordable = Math.floor(TOKEN_BUDGET / Math.max(1, outputTokens));
  return {
    outputTokens,
    most: Math.min(MAX_REPLICATIONS, Math.max(MIN_REPLICATIONS, affordable)),
    isLarge: affordable < MIN_REPLICATIONS,
  };
}

/** Whether these replications, the first so many, are enough. */
export function areEnough(results: readonly ReplicationResult[]): boolean {
  return LOOKS.includes(results.length) && leastKnownWidth(results) <= 1;
}

/**
 * Uncertainty of the width of the least certain interval, over the allowed one: at most 1 when all are known well
 * enough.
 */
export function leastKnownWidth(results: readonly ReplicationResult[]): number {
  const [first] = results;
  const hidden = first!.summary.hidden_percentiles as readonly string[] | undefined;
  const watched = Object.keys(first!.summary).filter(
    (key) => /^(mean|p50|p90|p95|p99)_(ttft|tpot|e2el)_ms$/.test(key) && hidden?.includes(key) !== true,
  );
  return watched.reduce((worst, key) => {
    const values = results.map(({ summary }) => summary[key]).filter((value) => typeof value === "number");
    const interval = values.length < results.length ? null : predictionInterval(values);
    if (interval === null) return worst;
    const width = interval[1] - interval[0];
    const uncertain = widthUncertainty(values) * width;
    if (uncertain === 0) return worst;
    return Math.max(worst, uncertain / Math.max(OF_WIDTH * width, OF_MEAN * mean(values)));
  }, 0);
}
