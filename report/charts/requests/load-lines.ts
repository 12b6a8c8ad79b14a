/**
 * Lines over loads: one line per scheduler and source, broken where a load has no value, a marker per load and a whisker
 * over the repeats.
 */
import { line } from "d3";
import { dash, drawMarker, drawWhisker, mark, standsFor, type Plot } from "../drawing/index.js";
import { cellName, type CellStat, type ChartData } from "./chart-data.js";

/** Draws every line with its markers and whiskers, across an axis of loads. */
export function drawLoadLines(
  plot: Plot,
  data: ChartData,
  { stats, tip }: { readonly stats: readonly CellStat[]; readonly tip: (stat: CellStat) => string },
): void {
  const { body, x, y } = plot;
  const inPlace = data.loads.map((load, at) => ({ load, at })).sort((a, b) => x(a.at) - x(b.at));
  for (const scheduler of data.schedulers) {
    const look = plot.look(scheduler);
    for (const source of data.sources) {
      const own = stats.filter(({ cell }) => cell.scheduler === scheduler && cell.source === source);
      const points = inPlace.map(({ load, at }) => ({ at, stat: own.find(({ cell }) => cell.load === load) }));
      const path = line<(typeof points)[number]>()
        .digits(2)
        .defined(({ stat }) => stat !== undefined)
        .x(({ at }) => x(at))
        .y(({ stat }) => y(stat!.mean))(points);
      if (path !== null) {
        mark(body, "path", { d: path, stroke: look.colour, "stroke-width": 2, fill: "none", ...dash(source) });
      }
      for (const { at, stat } of points) {
        if (stat === undefined) continue;
        if (stat.repeats > 1) drawWhisker(body, x(at), [y(stat.min), y(stat.max)], 5);
        const stands = standsFor(cellName(stat.cell), plot, [at, stat.mean], stat.requests);
        drawMarker(mark(body, "g", stands, tip(stat)), look, source, [x(at), y(stat.mean)]);
      }
    }
  }
}
