/** What a chart of requests is: a name, a heading, and the figure that some data become. */
import type { Figure } from "../drawing/index.js";
import type { ChartData } from "./chart-data.js";
import type { Values } from "./sample.js";

export interface ChartOptions {
  /** Replaces the chart's own heading; unit and n are still added. */
  readonly title?: string;
  /** Added below the chart. */
  readonly note?: string;
}

export interface Chart {
  readonly name: string;
  readonly heading: string;
  /** It sets simulated against real requests, and `plan` is only called where both are there. */
  readonly needsBoth?: true;
  /** Its figure, or why the data have nothing for this chart to show. */
  readonly plan: (data: ChartData) => RequestFigure | string;
}

/** A figure to which render.ts adds the title, and notes on requests that are left out. */
export interface RequestFigure extends Omit<Figure, "name" | "title" | "policies" | "isHatched"> {
  /** Of its axes, for the title. */
  readonly units: string;
  /** How much is drawn; absent: all requests. */
  readonly sample?: string;
  /** Values of which the notes say how many are missing; absent: latencies. */
  readonly values?: Values;
}
