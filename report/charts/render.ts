/** The charts by name, and drawing one or all of them. Heavy to import (d3, jsdom): import lazily. */
import { closest } from "fastest-levenshtein";
import { ConfigError } from "../../formats/index.js";
import { throughputBarChart, totalLatencyBarChart, ttftBarChart } from "./bar-charts.js";
import type { Chart, ChartOptions, Draw } from "./chart.js";
import { chartData } from "./chart-data.js";
import type { ChartRun } from "./chart-row.js";
import { errorByPercentile } from "./error-by-percentile.js";
import { latencyBoxplot } from "./latency-boxplot.js";
import { latencyCcdf } from "./latency-ccdf.js";
import { latencyCdf } from "./latency-cdf.js";
import { latencyPercentiles } from "./latency-percentiles.js";
import { throughputLineChart, ttftLineChart } from "./line-charts.js";
import { parity } from "./parity.js";
import { qq } from "./qq.js";
import { residualOverLoad } from "./residual-over-load.js";

const charts: readonly Chart[] = [
  ttftBarChart,
  throughputBarChart,
  totalLatencyBarChart,
  ttftLineChart,
  throughputLineChart,
  latencyBoxplot,
  latencyPercentiles,
  latencyCdf,
  latencyCcdf,
  parity,
  qq,
  errorByPercentile,
  residualOverLoad,
];

/** Every chart of finished requests: the original suite's seven by their names first. */
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
  const draw = chart.plan(chartData(runs));
  if (typeof draw === "string") throw new ConfigError(`chart "${name}" cannot be drawn: ${draw}`);
  return draw(options);
}

export interface AllCharts {
  /** SVG text by name. */
  readonly charts: ReadonlyMap<string, string>;
  readonly skipped: readonly SkippedChart[];
}

/**
 * Every chart that the runs allow, by name. A chart left out (parity with one source, percentiles of five requests) is
 * named with its reason below the last chart, and in `skipped`. `remark` stands below each. Throws ConfigError when there
 * is no request.
 */
export function renderAllCharts(runs: readonly ChartRun[], remark = ""): AllCharts {
  const data = chartData(runs);
  const drawn: (readonly [name: string, draw: Draw])[] = [];
  const skipped: SkippedChart[] = [];
  for (const { name, plan } of charts) {
    const draw = plan(data);
    if (typeof draw === "string") skipped.push({ name, reason: draw });
    else drawn.push([name, draw]);
  }
  const note = skipped.map(({ name, reason }) => `${name} is not drawn: ${reason}.`).join(" ");
  const noteOf = (name: string): string => [remark, name === drawn.at(-1)?.[0] ? note : ""].filter(Boolean).join(" ");
  const texts = drawn.map(([name, draw]) => [name, draw(noteOf(name) === "" ? {} : { note: noteOf(name) })] as const);
  return { charts: new Map(texts), skipped };
}
