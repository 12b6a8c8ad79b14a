/**
 * The slow end of each latency: the share of requests (of gaps between tokens, for itl) that take at least so long, on a log
 * scale, so that P99 and P99.9 are as wide apart as P90 and P99. Repeats are pooled.
 */
import { greatest } from "../../../formats/index.js";
import {
  dash,
  drawLine,
  drawMarker,
  lineLegend,
  logAxis,
  mark,
  scaledUnit,
  spanAxis,
  standsFor,
  type Axis,
  type Plot,
  type Unit,
} from "../drawing/index.js";
import type { Chart } from "./chart.js";
import { cellName, type ChartCell, type ChartData } from "./chart-data.js";
import { loadRows, type RowColumn } from "./load-rows.js";
import { itl, latency, tpot, ttft, type Measure } from "./measures.js";
import { endsOf } from "./sample.js";

const mostPoints = 120;

interface Curve {
  readonly cell: ChartCell;
  readonly ascending: Float64Array;
}

interface Column {
  readonly measure: Measure;
  readonly unit: Unit;
  readonly across: Axis;
  readonly curves: readonly Curve[];
}

export const latencyCcdf: Chart = {
  name: "latency_ccdf",
  heading: "Slow end of the latencies",
  plan: (data) => {
    const columns = [ttft, tpot, itl, latency].flatMap((measure) => columnOf(data, measure));
    if (columns.length === 0) return "no row has a usable latency";
    const counts = columns.flatMap(({ curves }) => curves.map(({ ascending }) => ascending.length));
    const up = logAxis(1 / Math.max(10, greatest(counts)), 1, "at least so long", scaledUnit("%", 100));
    const { notes, ...rows } = loadRows(
      data,
      columns.map(({ measure, across, curves, unit }): RowColumn => ({
        measure,
        across,
        up,
        hasLoad: (load) => curves.some(({ cell }) => cell.load === load),
        draw: (plot, load) => {
          const own = curves.filter(({ cell }) => cell.load === load);
          for (const curve of own) drawCurve(plot, curve, unit);
        },
      })),
    );
    return {
      units: `${[...new Set(columns.map(({ unit }) => unit.name))].join(", ")}, % of requests`,
      description: `Share of requests that take at least so long. ${columns.map(inWords).join(" ")}`,
      legend: lineLegend(data, false),
      notes: [
        "Read at 1 %: the slowest request of 100 (P99); at 0.1 %: of 1,000. Lower and further left is better.",
        ...notes,
      ],
      ...rows,
    };
  },
};

function columnOf(data: ChartData, measure: Measure): Column[] {
  const curves = data.cells
    .map((cell) => ({ cell, ascending: cell.pooled.ascending(measure.values) }))
    .filter(({ ascending }) => ascending.length > 0);
  if (curves.length === 0) return [];
  const ends = endsOf(curves.map(({ ascending }) => ascending));
  const unit = measure.unit(ends[1]);
  return [{ measure, unit, across: spanAxis(ends, 30, measure.name, unit), curves }];
}

/** From all requests down to the slowest one, in equal steps on a log scale. */
function drawCurve(plot: Plot, { cell, ascending }: Curve, unit: Unit): void {
  const look = plot.look(cell.scheduler);
  const { length } = ascending;
  const places = Array.from({ length: mostPoints + 1 }, (_, at) => Math.round(length ** (1 - at / mostPoints)));
  const steps = [...new Set(places)].map((slower) => [ascending[length - slower]!, slower / length] as const);
  const points = steps.map(([value, share]) => [plot.x(value), plot.y(share)] as const);
  const series = cellName(cell);
  const tip = tailText({ cell, ascending }, unit);
  const line = { colour: look.colour, widthPx: 1.9, ...dash(cell.source), "data-series": series, "data-n": length };
  if (points.length > 1) drawLine(plot.body, points, line, tip);
  const end = mark(plot.body, "g", standsFor(series, plot, steps.at(-1)!, length));
  drawMarker(end, look, cell.source, points.at(-1)!, tip);
}

function tailText({ cell, ascending }: Curve, unit: Unit): string {
  const { length } = ascending;
  const atLeast = (share: number): string => unit.text(ascending[length - Math.ceil(share * length)]!, 4);
  const tail = [0.1, 0.01, 0.001].filter((share) => share * length >= 1);
  const told = tail.map((share) => `${100 * share} % take at least ${atLeast(share)} ${unit.name}`);
  return `${cellName(cell)}: ${[...told, `the slowest takes ${unit.text(ascending[length - 1]!, 4)} ${unit.name}`].join(", ")} (n = ${length})`;
}

function inWords({ measure, curves, unit }: Column): string {
  const told = curves.slice(0, 30).map((curve) => tailText(curve, unit));
  return `${measure.name}: ${told.join("; ")}.`;
}
