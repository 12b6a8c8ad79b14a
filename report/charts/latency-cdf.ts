/**
 * The share of requests answered within a time, a panel per load: what a latency target meets. Repeats are pooled;
 * curves of many requests keep 200 of their steps.
 */
import { max, min } from "d3";
import {
  drawBottomAxis,
  drawLeftAxis,
  leftRoomPx,
  linearAxis,
  logAxis,
  shareAxis,
  wantsLog,
  type Unit,
  type ValueAxis,
} from "./axes.js";
import type { Chart } from "./chart.js";
import { cellName, dataNotes, loadName, loadLabels, sampleText, type ChartCell, type ChartData } from "./chart-data.js";
import { chartWidthPx, dash, drawFrame, lineLegend } from "./frame.js";
import { latency } from "./measures.js";
import { acrossPx, drawPanelHeading, panelGrid, panelOf, type Panel } from "./panels.js";
import { mark } from "./svg.js";

const mostSteps = 200;

export const latencyCdf: Chart = {
  name: "latency_cdf",
  plan: (data) => {
    const curves = curvesOf(data);
    if (curves.length === 0) return "no row has a usable latency";
    const [lowS, highS] = [min(curves, (each) => each.values[0]!)!, max(curves, (each) => each.values.at(-1)!)!];
    const unit = latency.unit(highS);
    const across = wantsLog(lowS, highS, 30)
      ? logAxis(lowS, highS, "latency", unit)
      : linearAxis(highS, "latency", unit);
    const up = shareAxis("requests");
    const count = data.loads.length;
    const { details, axisLabel } = loadLabels(data);
    const { areas, bodyHeightPx } = panelGrid(count, {
      maxColumns: count === 2 || count === 4 ? 2 : 3,
      leftPx: leftRoomPx(up),
      belowPx: 48,
      plotHeightPx: count === 1 ? 320 : 200,
    });
    return ({ title = "Latency distribution, cumulative", note }) =>
      drawFrame(
        {
          name: "latency_cdf",
          title: `${title} (${unit.name}, % of requests), ${sampleText(data)}`,
          description: `Cumulative distribution of latency by load. ${curves
            .slice(0, 60)
            .map((each) => curveText(each, unit))
            .join(". ")}.`,
          legend: lineLegend(data, false),
          notes: [
            ...(details[0] === undefined ? [`Panels: ${axisLabel}.`] : []),
            ...notesOf(data, curves),
            ...(note === undefined ? [] : [note]),
          ],
          widthPx: chartWidthPx,
          bodyHeightPx,
        },
        data.schedulers,
        (body) => {
          data.loads.forEach((load, i) => {
            const area = areas[i]!;
            const detail = details[i] === undefined ? "" : `, ${details[i]}`;
            drawPanelHeading(body, area, `${loadName(load)}${detail}`);
            drawLeftAxis(body, area, up);
            drawBottomAxis(body, area, across);
            const panel = panelOf(body, area, data, up);
            for (const curve of curves.filter(({ cell }) => cell.load === load)) drawCurve(panel, curve, across, unit);
          });
        },
      );
  },
};

function notesOf(data: ChartData, curves: readonly Curve[]): string[] {
  return [
    ...(data.cells.some(({ repeats }) => repeats.length > 1) ? ["Repeats are pooled."] : []),
    ...(curves.some(({ values }) => values.length > mostSteps) ? [`Of each curve ${mostSteps} steps are drawn.`] : []),
    ...dataNotes(data, latency.values),
  ];
}

interface Curve {
  readonly cell: ChartCell;
  readonly values: Float64Array;
}

function curvesOf(data: ChartData): Curve[] {
  return data.cells
    .map((cell) => ({ cell, values: cell.pooled.ascending(latency.values) }))
    .filter(({ values }) => values.length > 0);
}

/** A step curve from the fastest request, 0 %, to the slowest, 100 %. */
function drawCurve({ body, area, looks, yPx }: Panel, { cell, values }: Curve, across: ValueAxis, unit: Unit): void {
  const steps = Math.min(values.length, mostSteps);
  const xPx = (value: number): number => px(acrossPx(area, across, value));
  let path = `M${xPx(values[0]!)},${px(yPx(0))}`;
  for (let i = 1; i <= steps; i++) {
    const rank = Math.round((i * values.length) / steps);
    path += `H${xPx(values[rank - 1]!)}`;
    path += `V${px(yPx(rank / values.length))}`;
  }
  const stroke = looks.get(cell.scheduler)!.colour;
  const width = cell.source === "real" ? 2 : 1.8;
  mark(
    body,
    "path",
    { d: path, fill: "none", stroke, "stroke-width": width, ...dash(cell.source) },
    curveText({ cell, values }, unit),
  );
}

function curveText({ cell, values }: Curve, unit: Unit): string {
  const within = (share: number): string => unit.text(values[Math.ceil(share * values.length) - 1]!, 4);
  return `${cellName(cell)}: half within ${within(0.5)} ${unit.name}, all within ${within(1)} ${unit.name} (n = ${values.length})`;
}

function px(value: number): number {
  return Math.round(value * 100) / 100;
}
