/** What a chart is to the registry: a name, when it can be drawn, and how. */
import type { ChartData } from "./chart-data.js";

export interface ChartOptions {
  /** Replaces the chart's own heading; unit and n are still added. */
  readonly title?: string;
  /** Added below the chart. */
  readonly note?: string;
}

export interface Chart {
  readonly name: string;
  /** Why this data has nothing for this chart to show; undefined where it has. */
  readonly unfit: (data: ChartData) => string | undefined;
  /** The chart as SVG text; only called where `unfit` finds nothing. */
  readonly draw: (data: ChartData, options: ChartOptions) => string;
}
