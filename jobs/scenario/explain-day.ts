/** One day of a scenario with every request's time explained: the parts of its mean, P95 and P99 latencies. */
import type { Extrapolation } from "../../formats/index.js";
import {
  explainRun,
  partNames,
  summarise,
  sumOfParts,
  type ExplainedRequest,
  type PartName,
  type Parts,
} from "../../sim/index.js";
import { isSettled, overloadOf, type Overload } from "./overload.js";
import { effectiveCounts, type EffectiveCounts } from "./run-day.js";
import { inputOf, type Day, type Scenario } from "./scenario.js";

export const explainedMetrics = ["ttft", "tpot", "e2el"] as const;
export type ExplainedMetric = (typeof explainedMetrics)[number];

/** Statistics, and how far around its rank the requests lie that stand for a percentile. */
export const explainedStatistics = { mean: undefined, p95: [0.94, 0.96], p99: [0.985, 0.995] } as const;
export type ExplainedStatistic = keyof typeof explainedStatistics;
/** Requests that stand for a percentile, where there are as many. */
const LEAST = 5;

export interface DayParts {
  /** `p99_ttft` */
  readonly statistic: `${ExplainedStatistic}_${ExplainedMetric}`;
  readonly valueMs: number;
  /** Add up to the value. */
  readonly partsMs: Parts;
  readonly decodeNs: number;
  readonly besideNs: number;
}

export interface ExplainedDay {
  readonly parts: readonly DayParts[];
  readonly effective: EffectiveCounts;
  readonly statistics: Readonly<Record<string, number>>;
  readonly extrapolated: Extrapolation;
  readonly requests: number;
  readonly failed: number;
  readonly overload: Overload;
}

export function explainDay(scenario: Scenario, day: Day): ExplainedDay {
  const { outcome, requests } = explainRun(inputOf(scenario, day));
  const { table } = outcome;
  const summary = summarise(table);
  const parts: DayParts[] = [];
  const statistics: Record<string, number> = {};
  for (const metric of explainedMetrics) {
    const rows = rowsOf(metric, requests, table.outputTokens);
    for (const statistic of Object.keys(explainedStatistics) as ExplainedStatistic[]) {
      const valueMs = summary[`${statistic}_${metric}_ms`];
      if (valueMs === null || rows.length === 0) continue;
      statistics[`${statistic}_${metric}_ms`] = valueMs;
      parts.push({ statistic: `${statistic}_${metric}`, valueMs, ...averaged(around(rows, statistic), valueMs) });
    }
  }
  return {
    parts,
    effective: effectiveCounts(summary),
    statistics,
    extrapolated: outcome.extrapolation,
    requests: table.rows,
    failed: summary.failed,
    overload: overloadOf(summary.overloaded, isSettled(table)),
  };
}

interface Row extends Pick<ExplainedRequest, "decodeNs" | "besideNs"> {
  readonly wholeNs: number;
  /** ns; of tpot per output token after the first. */
  readonly parts: Parts;
}

/** In order of the metric. */
function rowsOf(
  metric: ExplainedMetric,
  requests: readonly (ExplainedRequest | undefined)[],
  outputTokens: Int32Array,
): Row[] {
  const rows = requests.flatMap((request, row): Row[] => {
    const parts = request && partsOfMetric(metric, request, outputTokens[row]!);
    if (request === undefined || parts === undefined) return [];
    return [{ wholeNs: sumOfParts(parts), parts, decodeNs: request.decodeNs, besideNs: request.besideNs }];
  });
  return rows.sort((a, b) => a.wholeNs - b.wholeNs);
}

/** The parts of one latency of a request, ns; undefined: an answer of one token has no time per output token. */
export function partsOfMetric(
  metric: ExplainedMetric,
  { first, rest }: ExplainedRequest,
  outputTokens: number,
): Parts | undefined {
  const after = outputTokens - 1;
  if (metric === "tpot" && after < 1) return undefined;
  const partNs = (name: PartName): number => {
    if (metric === "ttft") return first[name];
    return metric === "tpot" ? rest[name] / after : first[name] + rest[name];
  };
  return Object.fromEntries(partNames.map((name) => [name, partNs(name)])) as Parts;
}

function around(rows: readonly Row[], statistic: ExplainedStatistic): readonly Row[] {
  const band = explainedStatistics[statistic];
  if (band === undefined) return rows;
  const [low, high] = band;
  const middle = ((low + high) / 2) * rows.length;
  const from = Math.min(Math.floor(low * rows.length), Math.ceil(middle - LEAST / 2));
  const to = Math.max(Math.ceil(high * rows.length), Math.ceil(middle + LEAST / 2));
  return rows.slice(Math.max(0, from), to);
}

/** Means of the parts, in the ratio of the statistic to the requests that stand for it. */
function averaged(rows: readonly Row[], valueMs: number): Pick<DayParts, "partsMs" | "decodeNs" | "besideNs"> {
  const sum = (of: (row: Row) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const wholeNs = sum((row) => row.wholeNs);
  const scale = wholeNs === 0 ? 0 : valueMs / wholeNs;
  const partsMs = Object.fromEntries(partNames.map((name) => [name, scale * sum((row) => row.parts[name])])) as Parts;
  return { partsMs, decodeNs: sum((row) => row.decodeNs), besideNs: sum((row) => row.besideNs) };
}
