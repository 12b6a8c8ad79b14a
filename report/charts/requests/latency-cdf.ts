/**
 * The share of requests answered within a time, a panel per load: what a latency target meets. Repeats are pooled;
 * curves of many requests keep 200 of their steps.
 */
import { dash, lineLegend, mark, shareAxis, sharesPath, spanAxis, type Plot, type Unit } from "../drawing/index.js";
import type { Chart } from "./chart.js";
import { cellName, loadLabels, loadName, pooledNotes, type ChartCell, type ChartData } from "./chart-data.js";
import { latency } from "./measures.js";
import { endsOf } from "./sample.js";

const mostSteps = 200;

export const latencyCdf: Chart = {
  name: "latency_cdf",
  heading: "Latency distribution, cumulative",
  plan: (data) => {
    const curves = curvesOf(data);
    if (curves.length === 0) return "no row has a usable latency";
    const ends = endsOf(curves.map(({ values }) => values));
    const unit = latency.unit(ends[1]);
    const count = data.loads.length;
    const { details, axisLabel } = loadLabels(data);
    const told = curves.slice(0, 60).map((each) => curveText(each, unit));
    return {
      units: `${unit.name}, % of requests`,
      description: `Cumulative distribution of latency by load. ${told.join(". ")}.`,
      legend: lineLegend(data, false),
      notes: [
        ...(details[0] === undefined ? [`Panels: ${axisLabel}.`] : []),
        ...pooledNotes(data),
        ...(curves.some(({ values }) => values.length > mostSteps) ? [`Of each curve ${mostSteps} steps are drawn.`] : []), // prettier-ignore
      ],
      layout: {
        columns: Math.min(count, count === 2 || count === 4 ? 2 : 3),
        plotHeightPx: count === 1 ? 320 : 200,
      },
      panels: data.loads.map((load, at) => ({
        heading: [loadName(load), details[at]].filter((text) => text !== undefined).join(", "),
        across: spanAxis(ends, 30, "latency", unit),
        up: shareAxis("requests"),
        draw: (plot) => {
          const own = curves.filter(({ cell }) => cell.load === load);
          for (const curve of own) drawCurve(plot, curve, curveText(curve, unit));
        },
      })),
    };
  },
};

interface Curve {
  readonly cell: ChartCell;
  readonly values: Float64Array;
}

function curvesOf(data: ChartData): Curve[] {
  return data.cells
    .map((cell) => ({ cell, values: cell.pooled.ascending(latency.values) }))
    .filter(({ values }) => values.length > 0);
}

function drawCurve(plot: Plot, { cell, values }: Curve, tip: string): void {
  const stroke = plot.look(cell.scheduler).colour;
  const line = { fill: "none", stroke, "stroke-width": cell.source === "real" ? 2 : 1.8, ...dash(cell.source) };
  mark(plot.body, "path", { d: sharesPath(plot, values, mostSteps), ...line }, tip);
}

function curveText({ cell, values }: Curve, unit: Unit): string {
  const within = (share: number): string => unit.text(values[Math.ceil(share * values.length) - 1]!, 4);
  return `${cellName(cell)}: half within ${within(0.5)} ${unit.name}, all within ${within(1)} ${unit.name} (n = ${values.length})`;
}
