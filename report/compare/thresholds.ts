/**
 * Thresholds for CI: `e2el.mean=5%` is met when the simulated mean latency is within 5 % of the real one, either way.
 */
import { ConfigError, suggest } from "../../formats/index.js";
import { minimumCount } from "../../sim/metrics/index.js";
import type { Comparison } from "./compare-runs.js";
import { requestMetricNames, statNames, statQuantiles } from "./request-metric.js";
import type { StatisticComparison } from "./statistic.js";
import { verdictText } from "./tally.js";
import type { Threshold } from "./tolerances.js";
import { LEVEL } from "./verdict.js";

/** A threshold that the comparison does not meet, and why, in a sentence. */
export interface UnmetThreshold {
  readonly threshold: Threshold;
  /** Null when the error is not known: an unknown error meets no threshold. */
  readonly errorFraction: number | null;
  readonly reason: string;
}

const form = 'expected METRIC.STAT=PERCENT%, such as "e2el.mean=5%"';
const names = requestMetricNames.flatMap((metric) =>
  statNames.map((stat) => ({ metric, stat, name: `${metric}.${stat}` })),
);

/** Parses one `METRIC.STAT=PERCENT%` or `METRIC@CLASS.STAT=PERCENT%`; ConfigError for a misspelt name, a missing %, a negative or no number. */
export function parseThreshold(text: string): Threshold {
  const match = /^\s*([^=\s]+)\s*=\s*(\S+?)\s*%\s*$/.exec(text);
  if (match === null) throw new ConfigError(`threshold "${text}": ${form}`);
  const [, given = "", percentText = ""] = match;
  const [ofClass = ""] = /@[^@.]+(?=\.)/.exec(given) ?? [];
  const name = given.replace(ofClass, "");
  const found = names.find((candidate) => candidate.name === name);
  if (found === undefined) {
    const known = names.map((candidate) => candidate.name);
    throw new ConfigError(
      `threshold "${text}": unknown statistic "${name}"${suggest(name, known)} ` +
        `(metrics: ${requestMetricNames.join(", ")}; statistics: ${statNames.join(", ")})`,
    );
  }
  const percent = Number(percentText);
  if (!Number.isFinite(percent) || percent < 0) {
    throw new ConfigError(`threshold "${text}": got "${percentText}%", expected a percentage of 0 or more`);
  }
  const metric = ofClass === "" ? found.metric : (`${found.metric}${ofClass}` as const);
  return { metric: metric as Threshold["metric"], stat: found.stat, limitFraction: percent / 100 };
}

/** The thresholds that are not met, in their order; empty when all are. */
export function checkThresholds(comparison: Comparison, thresholds: readonly Threshold[]): UnmetThreshold[] {
  return thresholds.flatMap((threshold) => {
    const entry = comparison.metrics.find(({ metric, stat }) => metric === threshold.metric && stat === threshold.stat);
    const errorFraction = entry?.error_fraction ?? null;
    if (errorFraction !== null && Math.abs(errorFraction) <= threshold.limitFraction) return [];
    return [{ threshold, errorFraction, reason: reasonFor(threshold, entry) }];
  });
}

/** Thresholds that are met, but might not be met again as far as the comparison can tell; a sentence each. */
export function doubtfulThresholds(comparison: Comparison, thresholds: readonly Threshold[]): string[] {
  const unmet = new Set(checkThresholds(comparison, thresholds).map(({ threshold }) => threshold));
  return thresholds.flatMap((threshold) => {
    const { metric, stat, limitFraction } = threshold;
    const entry = comparison.metrics.find((one) => one.metric === metric && one.stat === stat);
    if (unmet.has(threshold) || entry?.verdict !== "cannot tell" || entry.noise === null) return [];
    const { interval_fraction: interval, noise, more_repeats: moreRepeats } = entry;
    const range = interval === null ? "" : `, ${100 * LEVEL} % interval ${interval.map(percent).join(" to ")}`;
    const verdict = verdictText({ verdict: "cannot tell", noise, moreRepeats });
    return [
      `${metric}.${stat} is off by ${percent(entry.error_fraction ?? 0)}${range}, allowed ${percent(limitFraction)}: ${verdict}`,
    ];
  });
}

function reasonFor({ metric, stat, limitFraction }: Threshold, entry: StatisticComparison | undefined): string {
  const name = `${metric}.${stat}`;
  const limit = `allowed ${percent(limitFraction)}`;
  if (entry === undefined || entry.sim === null || entry.real === null) {
    return `${name} is not known in both runs, ${limit}`;
  }
  const values = `simulated ${round(entry.sim)} ${entry.unit}, real ${round(entry.real)} ${entry.unit}`;
  if (entry.error_fraction === null) return `${name} has no relative error (${values}), ${limit}`;
  const p = statQuantiles[stat];
  const few =
    entry.shown || p === null
      ? ""
      : `; n = ${entry.n} is too few for ${stat}, ${minimumCount(p)} independent requests would do`;
  const sign = entry.error_fraction > 0 ? "+" : "";
  return `${name} is off by ${sign}${percent(entry.error_fraction)} (${values}), ${limit}${few}`;
}

function percent(fraction: number): string {
  return `${round(fraction * 100)} %`;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
