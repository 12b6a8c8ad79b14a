/** What a chart is to the registry: a name, and how it is drawn from data that allow it. */
import type { ChartData } from "./chart-data.js";

export interface ChartOptions {
  /** Replaces the chart's own heading; unit and n are still added. */
  readonly title?: string;
  /** Added below the chart. */
  readonly note?: string;
}

export interface Chart {
  readonly name: string;
  /** Looks at the data once: how to draw it, or why it has nothing for this chart to show. */
  readonly plan: (data: ChartData) => Draw | string;
}

/** The chart as SVG text. */
export type Draw = (options: ChartOptions) => string;
