/** The charts by name, and drawing one or all of them. Heavy to import (d3, jsdom): import lazily. */
import { closest } from "fastest-levenshtein";
import { ConfigError } from "../../formats/index.js";
import { throughputBarChart, totalLatencyBarChart, ttftBarChart } from "./bar-charts.js";
import type { Chart, ChartOptions } from "./chart.js";
import { chartData, type ChartData } from "./chart-data.js";
import type { ChartRun } from "./chart-row.js";
import { latencyBoxplot } from "./latency-boxplot.js";
import { latencyCdf } from "./latency-cdf.js";
import { latencyPercentiles } from "./latency-percentiles.js";
import { throughputLineChart, ttftLineChart } from "./line-charts.js";
import { parity } from "./parity.js";

const charts: readonly Chart[] = [
  ttftBarChart,
  throughputBarChart,
  totalLatencyBarChart,
  ttftLineChart,
  throughputLineChart,
  latencyBoxplot,
  latencyPercentiles,
  latencyCdf,
  parity,
];

/** Every chart: the original suite's seven by their names, then `latency_cdf` and `parity`. */
export const chartNames: readonly string[] = charts.map(({ name }) => name);

/** A chart that some runs do not allow, and why. */
export interface SkippedChart {
  readonly name: string;
  readonly reason: string;
}

/** One chart as SVG text. Throws ConfigError for an unknown name, no request, or runs that have nothing for this chart. */
export function renderChart(name: string, runs: readonly ChartRun[], options: ChartOptions = {}): string {
  const chart = charts.find((each) => each.name === name);
  if (chart === undefined) {
    const near = closest(name, [...chartNames]);
    throw new ConfigError(`unknown chart "${name}", expected one of ${chartNames.join(", ")}; did you mean "${near}"?`);
  }
  const data = chartData(runs);
  const reason = chart.unfit(data);
  if (reason !== undefined) throw new ConfigError(`chart "${name}" cannot be drawn: ${reason}`);
  return chart.draw(data, options);
}

/**
 * Every chart that the runs allow, by name. A chart left out (parity with one source, percentiles of five requests) is
 * named with its reason below the last chart, and by `skippedCharts`. `remark` stands below each. Throws ConfigError when
 * there is no request.
 */
export function renderAllCharts(runs: readonly ChartRun[], remark = ""): ReadonlyMap<string, string> {
  const data = chartData(runs);
  const skipped = skippedIn(data);
  const drawn = charts.filter(({ name }) => !skipped.some((each) => each.name === name));
  const note = skipped.map(({ name, reason }) => `${name} is not drawn: ${reason}.`).join(" ");
  const noteOf = (chart: Chart): string => [remark, chart === drawn.at(-1) ? note : ""].filter(Boolean).join(" ");
  return new Map(
    drawn.map((chart) => [chart.name, chart.draw(data, noteOf(chart) === "" ? {} : { note: noteOf(chart) })]),
  );
}

/** The charts that `renderAllCharts` leaves out of these runs, with the reasons. */
export function skippedCharts(runs: readonly ChartRun[]): SkippedChart[] {
  return skippedIn(chartData(runs));
}

function skippedIn(data: ChartData): SkippedChart[] {
  return charts.flatMap((chart) => {
    const reason = chart.unfit(data);
    return reason === undefined ? [] : [{ name: chart.name, reason }];
  });
}
