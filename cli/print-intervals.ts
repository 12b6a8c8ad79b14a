/**
 * How a predicted statistic is written: the mean over the replications, and the interval that one real run falls into.
 */
import type { PredictedIntervals } from "../jobs/replicate/index.js";
import type { RunInfo } from "../formats/index.js";
import type { Summary } from "../sim/index.js";
import { figure, print } from "./output.js";

/** Intervals of a run, by the summary's key; none for a real run, or one that was simulated once. */
export function intervalsOf(info: RunInfo): PredictedIntervals {
  return (info as { intervals?: PredictedIntervals }).intervals ?? {};
}

/** `11.6 (11.2-12.1)`, or the value alone; between the two what `gap` says. Digits go by the width of the interval. */
export function predicted(
  value: number | null | undefined,
  interval: { readonly low: number; readonly high: number } | undefined,
  gap = " ",
): string {
  if (interval === undefined || value === null || value === undefined) return figure(value);
  const { low, high } = interval;
  if (low === high) return figure(value);
  // The last digit is about a tenth of the width.
  const decimals = Math.min(6, Math.max(0, Math.ceil(-Math.log10(0.15 * (high - low)))));
  const [middle, from, to] = [value, low, high].map((number) => number.toFixed(decimals));
  return `${middle!}${gap}(${from!}-${to!})`;
}

const causes = [
  ["from_seed", "chance in single times"],
  ["from_run", "pace of the host"],
  ["from_calibration", "calibration"],
] as const;

/** What the intervals are, and where the spread of the mean latency comes from. */
export function printIntervalKey(info: RunInfo): void {
  const { mean_e2el_ms: latency } = intervalsOf(info);
  if (latency === undefined) return;
  print(`mean of ${Number(info.replications)} replications, and in brackets the interval that holds 9 of 10 real runs`);
  const parts = causes.flatMap(([key, title]) => (latency[key] === null ? [] : [[title, latency[key]] as const]));
  if (parts.length < 2) return;
  const byCause = parts.map(([title, ms]) => `${title} ${figure(ms, 2)} ms`).join(", ");
  print(`standard deviation of the mean end-to-end latency from run to run: ${byCause}`);
}

/** The first line of a run's summary, after its title. */
export function totals(info: RunInfo, summary: Summary): string {
  const intervals = intervalsOf(info);
  const meanOf = (key: "duration" | "request_throughput" | "output_throughput"): string =>
    predicted(summary[key], intervals[key]);
  return `${meanOf("duration")} s, ${meanOf("request_throughput")} requests/s, ${meanOf("output_throughput")} output tokens/s`;
}
