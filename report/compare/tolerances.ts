/**
 * How large an error may be and still count as agreement, by statistic. Defaults are what servesim is to reach
 * (docs/metrics.md, "Tolerances"): batches of ONNX Runtime 5 %, of a vLLM server 2 to 10 %.
 */
import type { RunInfo } from "../../formats/index.js";
import type { RequestMetric, Stat } from "./request-metric.js";
import type { ToleranceOf } from "./statistic.js";

/** Largest absolute relative error (0-1) that one statistic may have. */
export interface Threshold {
  /** One class's alone: ttft@interactive. */
  readonly metric: RequestMetric | `${RequestMetric}@${string}`;
  readonly stat: Stat;
  readonly limitFraction: number;
}

/** Of everything that is not a percentile of the tail; P99 of batches. */
const BATCHES = 0.05;
const BATCHES_P99 = 0.1;

const FIRST_TOKEN = { centre: 0.05, tail: 0.1 } as const;
const TOKENS = { centre: 0.02, tail: 0.05 } as const;

/** Of a run of whole batches on ONNX Runtime, or of a vLLM server: mean and P50, P95 and P99 apart. */
export function defaultTolerance(engine: RunInfo["engine"]["name"]): ToleranceOf {
  if (engine !== "vllm") return (_metric, stat) => (stat === "p99" ? BATCHES_P99 : BATCHES);
  return (metric, stat) => {
    const of = metric === "ttft" || metric === "queue" ? FIRST_TOKEN : TOKENS;
    return stat === "p95" || stat === "p99" ? of.tail : of.centre;
  };
}

/**
 * Those given, and for everything else the defaults; of several for one statistic the last counts. A class without its own has
 * that of all requests.
 */
export function withTolerances(defaults: ToleranceOf, given: readonly Threshold[]): ToleranceOf {
  const own = new Map(given.map(({ metric, stat, limitFraction }) => [`${metric}.${stat}`, limitFraction]));
  return (metric, stat) => {
    const [ofAll] = metric.split("@", 1) as [string];
    return own.get(`${metric}.${stat}`) ?? own.get(`${ofAll}.${stat}`) ?? defaults(ofAll, stat);
  };
}
