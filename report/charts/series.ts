/**
 * Lines over loads, shared by the line charts and the percentile panels: one line per scheduler and source, broken
 * where a load has no value, a marker per load and a whisker over the repeats.
 */
import { line } from "d3";
import { cellName, loadName, type CellStat, type ChartData } from "./chart-data.js";
import { dash, drawMarker, drawWhisker } from "./frame.js";
import type { Panel } from "./panels.js";
import { standsAt } from "./plot.js";
import { mark } from "./svg.js";

export interface Series {
  readonly data: ChartData;
  readonly stats: readonly CellStat[];
  /** Where a load stands. */
  readonly xPx: (load: string) => number;
  readonly tip: (stat: CellStat) => string;
  /** A value in the unit of the axis. */
  readonly exact: (value: number) => string;
}

/** Draws every line with its markers and whiskers. */
export function drawSeries({ body, looks, yPx }: Panel, { data, stats, xPx, tip, exact }: Series): void {
  const inPlace = [...data.loads].sort((a, b) => xPx(a) - xPx(b));
  for (const scheduler of data.schedulers) {
    const look = looks.get(scheduler)!;
    for (const source of data.sources) {
      const own = stats.filter(({ cell }) => cell.scheduler === scheduler && cell.source === source);
      const points = inPlace.map((load) => ({ load, stat: own.find(({ cell }) => cell.load === load) }));
      const path = line<(typeof points)[number]>()
        .digits(2)
        .defined(({ stat }) => stat !== undefined)
        .x(({ load }) => xPx(load))
        .y(({ stat }) => yPx(stat!.mean))(points);
      if (path !== null) {
        mark(body, "path", { d: path, stroke: look.colour, "stroke-width": 2, fill: "none", ...dash(source) });
      }
      for (const { load, stat } of points) {
        if (stat === undefined) continue;
        if (stat.repeats > 1) drawWhisker(body, xPx(load), yPx(stat.min), yPx(stat.max), 5);
        const stands = standsAt(cellName(stat.cell), loadName(load), exact(stat.mean), stat.requests);
        drawMarker(mark(body, "g", stands, tip(stat)), look, source, xPx(load), yPx(stat.mean));
      }
    }
  }
}
