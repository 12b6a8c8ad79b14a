/**
 * The slow end of each latency: the share of requests (of gaps between tokens, for itl) that take at least so long, on a log
 * scale, so that P99 and P99.9 are as wide apart as P90 and P99. Repeats are pooled.
 */
import { least, greatest } from "../../formats/index.js";
import { linearAxis, logAxis, scaledUnit, wantsLog, type Unit, type ValueAxis } from "./axes.js";
import type { Chart } from "./chart.js";
import { cellName, dataNotes, sampleText, type ChartCell, type ChartData } from "./chart-data.js";
import { chartWidthPx, dash, drawFrame, drawMarker, lineLegend } from "./frame.js";
import { loadRows } from "./load-rows.js";
import { itl, latency, tpot, ttft, type Measure } from "./measures.js";
import { policyLooks } from "./palette.js";
import { pathOf, standsFor, type Plot } from "./plot.js";
import { mark } from "./svg.js";

const mostPoints = 120;

interface Curve {
  readonly cell: ChartCell;
  readonly ascending: Float64Array;
}

interface Column {
  readonly measure: Measure;
  readonly unit: Unit;
  readonly across: ValueAxis;
  readonly curves: readonly Curve[];
}

export const latencyCcdf: Chart = {
  name: "latency_ccdf",
  plan: (data) => {
    const columns = [ttft, tpot, itl, latency].flatMap((measure) => columnOf(data, measure) ?? []);
    if (columns.length === 0) return "no row has a usable latency";
    const counts = columns.flatMap(({ curves }) => curves.map(({ ascending }) => ascending.length));
    const up = logAxis(1 / Math.max(10, greatest(counts)), 1, "at least so long", scaledUnit("%", 100));
    const hasLoad = ({ curves }: Column, load: string): boolean => curves.some(({ cell }) => cell.load === load);
    const rows = loadRows(
      data,
      columns.map((column) => ({ ...column, up, hasLoad: (load: string) => hasLoad(column, load) })),
    );
    const units = [...new Set(columns.map(({ unit }) => unit.name))].join(", ");
    return ({ title = "Slow end of the latencies", note }) =>
      drawFrame(
        {
          name: "latency_ccdf",
          title: `${title} (${units}, % of requests), ${sampleText(data)}`,
          description: `Share of requests that take at least so long. ${inWords(columns)}`,
          legend: lineLegend(data, false),
          notes: [
            "Read at 1 %: the slowest request of 100 (P99); at 0.1 %: of 1,000. Lower and further left is better.",
            ...rows.notes,
            ...dataNotes(data, latency.values),
            ...(note === undefined ? [] : [note]),
          ],
          widthPx: chartWidthPx,
          bodyHeightPx: rows.bodyHeightPx,
        },
        data.schedulers,
        (body) => {
          const looks = policyLooks(data.schedulers);
          rows.draw(body, (plot, { curves, unit }, load) => {
            for (const curve of curves) {
              if (curve.cell.load === load) drawCurve(plot, curve, looks.get(curve.cell.scheduler)!, unit);
            }
          });
        },
      );
  },
};

function columnOf(data: ChartData, measure: Measure): Column | undefined {
  const curves = data.cells
    .map((cell) => ({ cell, ascending: cell.pooled.ascending(measure.values) }))
    .filter(({ ascending }) => ascending.length > 0);
  if (curves.length === 0) return undefined;
  const low = least(curves.map(({ ascending }) => ascending[0]!));
  const high = greatest(curves.map(({ ascending }) => ascending.at(-1)!));
  const unit = measure.unit(high);
  const across = wantsLog(low, high, 30)
    ? logAxis(low, high, measure.name, unit)
    : linearAxis(high, measure.name, unit);
  return { measure, unit, across, curves };
}

/** From all requests down to the slowest one, in equal steps on a log scale. */
function drawCurve(plot: Plot, { cell, ascending }: Curve, look: Parameters<typeof drawMarker>[1], unit: Unit): void {
  const { length } = ascending;
  const places = Array.from({ length: mostPoints + 1 }, (_, at) => Math.round(length ** (1 - at / mostPoints)));
  const steps = [...new Set(places)].map((slower) => [ascending[length - slower]!, slower / length] as const);
  const points = steps.map(([value, share]) => [plot.x(value), plot.y(share)] as const);
  const series = cellName(cell);
  const tip = tailText({ cell, ascending }, unit);
  const line = { stroke: look.colour, "stroke-width": 1.9, fill: "none", ...dash(cell.source) };
  if (points.length > 1)
    mark(plot.body, "path", { d: pathOf(points), ...line, "data-series": series, "data-n": length }, tip);
  const [slowest, share] = steps.at(-1)!;
  const end = mark(plot.body, "g", standsFor(series, plot, [slowest, share], length));
  drawMarker(end, look, cell.source, plot.x(slowest), plot.y(share), tip);
}

function tailText({ cell, ascending }: Curve, unit: Unit): string {
  const atLeast = (share: number): string =>
    unit.text(ascending[ascending.length - Math.ceil(share * ascending.length)]!, 4);
  const { length } = ascending;
  const tail = [0.1, 0.01, 0.001].filter((share) => share * length >= 1);
  const told = tail.map((share) => `${100 * share} % take at least ${atLeast(share)} ${unit.name}`);
  return `${cellName(cell)}: ${[...told, `the slowest takes ${unit.text(ascending[length - 1]!, 4)} ${unit.name}`].join(", ")} (n = ${length})`;
}

function inWords(columns: readonly Column[]): string {
  return columns
    .map(
      ({ measure, curves, unit }) =>
        `${measure.name}: ${curves
          .slice(0, 30)
          .map((curve) => tailText(curve, unit))
          .join("; ")}.`,
    )
    .join(" ");
}
