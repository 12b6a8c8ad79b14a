/** How statistics are written: predictions with the interval that one real run falls into, errors, and ranges. */
import { signedPercent, type RunInfo } from "../../formats/index.js";
import type { PredictedIntervals } from "../../jobs/replicate/index.js";
import type { Summary } from "../../sim/index.js";
import { figure, print } from "./print.js";

interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Stands for a percentile of too few requests. */
export const TOO_FEW = "(n too small)";

/** Intervals of a run, by the summary's key; none for a real run, or one that was simulated once. */
export function intervalsOf(info: RunInfo): PredictedIntervals {
  return (info as { intervals?: PredictedIntervals }).intervals ?? {};
}

/** `11.6 (11.2-12.1)`, or the value alone, with as many digits as the width of the interval allows. */
export function predicted(
  value: number | null | undefined,
  interval: Interval | null | undefined,
  gap: " " | "\n" = " ",
): string {
  if (interval === undefined || interval === null || value === null || value === undefined) return figure(value);
  const { low, high } = interval;
  if (low === high) return figure(value);
  // The last digit is about a tenth of the width.
  const decimals = Math.min(6, Math.max(0, Math.ceil(-Math.log10(0.15 * (high - low)))));
  const [middle, from, to] = [value, low, high].map((number) => number.toFixed(decimals));
  return `${middle!}${gap}(${from!}-${to!})`;
}

/** A statistic of a run's summary for a cell of a table, with its interval on a second line. */
export function summaryCell(
  summary: Summary,
  key: Extract<keyof Summary, `${string}_ms`> | `${string}@${string}`,
  intervals: PredictedIntervals,
): string {
  return summary.hidden_percentiles.includes(key) ? TOO_FEW : predicted(summary[key], intervals[key], "\n");
}

/** `+3.1 %`, or a dash where there is no error to tell. */
export function errorText(fraction: number | null | undefined): string {
  return fraction === null || fraction === undefined ? "-" : signedPercent(fraction);
}

/** `+12 % (+8 % to +15 %)`. */
export function percentWithin(value: number, { low, high }: Interval): string {
  return `${signedPercent(value)} (${signedPercent(low)} to ${signedPercent(high)})`;
}

/** `1.2 to 3.4`, which unlike a hyphen can be read between negative numbers; nothing where there is no range. */
export function rangeText(
  range: readonly number[] | null,
  text: (value: number) => string = (value) => figure(value),
): string {
  return range === null ? "" : range.map(text).join(" to ");
}

const causes = ["from_seed", "from_run", "from_calibration"] as const;

/** `chance in a run 1.2, calibration 0.4`: the known causes of a spread; undefined where fewer than two are known. */
export function causesText(
  spread: Readonly<Partial<Record<(typeof causes)[number], number | null>>> | null | undefined,
  { chance, unit = "" }: { readonly chance: string; readonly unit?: string },
): string | undefined {
  const titles = { from_seed: chance, from_run: "pace of the host", from_calibration: "calibration" };
  const parts = causes.flatMap((cause) =>
    spread?.[cause] == null ? [] : [`${titles[cause]} ${figure(spread[cause], 2)}${unit}`],
  );
  return parts.length < 2 ? undefined : parts.join(", ");
}

/** What the intervals are, and where the spread of the mean latency comes from. */
export function printIntervalKey(info: RunInfo): void {
  const { mean_e2el_ms: latency } = intervalsOf(info);
  if (latency === undefined) return;
  print(`mean of ${Number(info.replications)} replications, and in brackets the interval that holds 9 of 10 real runs`);
  const byCause = causesText(latency, { chance: "chance in single times", unit: " ms" });
  if (byCause !== undefined) print(`standard deviation of the mean end-to-end latency from run to run: ${byCause}`);
}

/** The first line of a run's summary, after its title. */
export function totals(info: RunInfo, summary: Summary): string {
  const intervals = intervalsOf(info);
  const meanOf = (key: "duration" | "request_throughput" | "output_throughput"): string =>
    predicted(summary[key], intervals[key]);
  return `${meanOf("duration")} s, ${meanOf("request_throughput")} requests/s, ${meanOf("output_throughput")} output tokens/s`;
}
