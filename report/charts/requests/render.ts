/** The charts by name, and drawing one or all of them. Heavy to import (d3, jsdom): import lazily. */
import { closest } from "fastest-levenshtein";
import { ConfigError } from "../../../formats/index.js";
import { throughputBarChart, totalLatencyBarChart, ttftBarChart } from "./bar-charts.js";
import { figureSvg } from "../drawing/index.js";
import type { Chart, ChartOptions, RequestFigure } from "./chart.js";
import { chartData, dataNotes, sampleText, type ChartData } from "./chart-data.js";
import type { ChartRun } from "./chart-row.js";
import { errorByPercentile } from "./error-by-percentile.js";
import { latencyBoxplot } from "./latency-boxplot.js";
import { latencyCcdf } from "./latency-ccdf.js";
import { latencyCdf } from "./latency-cdf.js";
import { latencyPercentiles } from "./latency-percentiles.js";
import { throughputLineChart, ttftLineChart } from "./line-charts.js";
import { latency } from "./measures.js";
import { parity, qq } from "./parity.js";
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
  const data = chartData(runs);
  const figure = planOf(chart, data);
  if (typeof figure === "string") throw new ConfigError(`chart "${name}" cannot be drawn: ${figure}`);
  return drawn(chart, figure, data, options);
}

function planOf({ needsBoth, plan }: Chart, data: ChartData): RequestFigure | string {
  const [source, ...others] = data.sources;
  if (needsBoth !== true || others.length > 0) return plan(data);
  return `it sets simulated against real requests, and there are only ${source === "real" ? "real" : "simulated"} ones`;
}

/** With what all charts say: units and n in the title, and notes on what is missing. */
function drawn(
  { name, heading }: Chart,
  { units, sample, values = latency.values, notes = [], ...figure }: RequestFigure,
  data: ChartData,
  { title = heading, note }: ChartOptions,
): string {
  return figureSvg({
    ...figure,
    name,
    title: `${title} (${units}), ${sample ?? sampleText(data)}`,
    policies: data.schedulers,
    isHatched: true,
    notes: [...notes, ...dataNotes(data, values), ...(note === undefined ? [] : [note])],
  });
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
  const plans = charts.map((chart) => ({ chart, figure: planOf(chart, data) }));
  const skipped = plans.flatMap(({ chart: { name }, figure }) => typeof figure === "string" ? [{ name, reason: figure }] : []); // prettier-ignore
  const why = skipped.map(({ name, reason }) => `${name} is not drawn: ${reason}.`).join(" ");
  const figures = plans.flatMap(({ chart, figure }) => (typeof figure === "string" ? [] : [{ chart, figure }]));
  const texts = figures.map(({ chart, figure }, at) => {
    const note = [remark, at === figures.length - 1 ? why : ""].filter(Boolean).join(" ");
    return [chart.name, drawn(chart, figure, data, note === "" ? {} : { note })] as const;
  });
  return { charts: new Map(texts), skipped };
}
