/** What charts can show of requests, a column of a run, and how a value of it is written. */
import { max } from "d3";
import { scaledUnit, timeUnit, type Unit } from "../drawing/index.js";
import { cellName, type CellStat } from "./chart-data.js";
import type { Values } from "./sample.js";

export interface Measure {
  readonly name: string;
  readonly values: Values;
  readonly unit: (maxValue: number) => Unit;
}

export const ttft: Measure = { name: "time to first token", values: (run) => run.ttftS, unit: timeUnit };
export const latency: Measure = { name: "latency", values: (run) => run.latencyS, unit: timeUnit };
const none = new Float64Array();
export const tpot: Measure = { name: "time per output token", values: (run) => run.tpotS ?? none, unit: timeUnit };
export const itl: Measure = { name: "inter-token latency", values: (run) => run.itlS ?? none, unit: timeUnit };
export const throughput: Measure = {
  name: "throughput per request",
  values: (run) => run.tokensPerS,
  unit: () => scaledUnit("tokens/s", 1),
};

/** The greatest value that a chart of these statistics must show. */
export function greatest(stats: readonly CellStat[]): number {
  return max(stats, (stat) => stat.max) ?? 0;
}

/** A statistic in full, for a tooltip: value, n, and the range of the repeats. */
export function statText(stat: CellStat, name: string, unit: Unit): string {
  const repeats =
    stat.repeats > 1
      ? `; ${stat.repeats} repeats from ${unit.text(stat.min, 6)} to ${unit.text(stat.max, 6)} ${unit.name}`
      : "";
  return `${cellName(stat.cell)}: ${name} ${unit.text(stat.mean, 6)} ${unit.name} (n = ${stat.requests}${repeats})`;
}

/** Statistics as a sentence for screen readers, the first 60 of them. */
export function statsInWords(stats: readonly CellStat[], unit: Unit): string {
  const said = stats.slice(0, 60).map((stat) => `${cellName(stat.cell)} ${unit.text(stat.mean)} ${unit.name}`);
  const more = stats.length > said.length ? `; and ${stats.length - said.length} more` : "";
  return `${said.join("; ")}${more}.`;
}
