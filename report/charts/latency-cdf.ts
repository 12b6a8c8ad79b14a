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
  type Area,
  type Unit,
  type ValueAxis,
} from "./axes.js";
import type { Chart } from "./chart.js";
import { cellName, dataNotes, loadName, loadLabels, sampleText, type ChartCell, type ChartData } from "./chart-data.js";
import { chartWidthPx, dash, drawFrame, lineLegend } from "./frame.js";
import { latency } from "./measures.js";
import { drawPanelHeading, panelGrid } from "./panels.js";
import { policyLooks } from "./palette.js";
import { mark, type Mark } from "./svg.js";

const mostSteps = 200;

export const latencyCdf: Chart = {
  name: "latency_cdf",
  unfit: (data) => (curvesOf(data).length === 0 ? "no row has a usable latency" : undefined),
  draw: (data, { title = "Latency distribution, cumulative", note }) => {
    const curves = curvesOf(data);
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
    return drawFrame(
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
          ...(data.cells.some(({ repeats }) => repeats.length > 1) ? ["Repeats are pooled."] : []),
          ...dataNotes(data, latency.values),
          ...(note === undefined ? [] : [note]),
        ],
        widthPx: chartWidthPx,
        bodyHeightPx,
      },
      data.schedulers,
      (body) => {
        data.loads.forEach((load, i) => {
          const area = areas[i]!;
          drawPanelHeading(body, area, details[i] === undefined ? loadName(load) : `${loadName(load)}, ${details[i]}`);
          drawLeftAxis(body, area, up);
          drawBottomAxis(body, area, across);
          for (const curve of curves.filter(({ cell }) => cell.load === load))
            drawCurve(body, area, data, curve, across, unit);
        });
      },
    );
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

/** A step curve from the fastest request, 0 %, to the slowest, 100 %. */
function drawCurve(
  body: Mark,
  area: Area,
  data: ChartData,
  { cell, values }: Curve,
  axis: ValueAxis,
  unit: Unit,
): void {
  const steps = Math.min(values.length, mostSteps);
  const xPx = (value: number): number => px(area.leftPx + area.widthPx * axis.fraction(value));
  let path = `M${xPx(values[0]!)},${px(area.topPx + area.heightPx)}`;
  for (let i = 1; i <= steps; i++) {
    const rank = Math.round((i * values.length) / steps);
    path += `H${xPx(values[rank - 1]!)}`;
    path += `V${px(area.topPx + area.heightPx * (1 - rank / values.length))}`;
  }
  const stroke = policyLooks(data.schedulers).get(cell.scheduler)!.colour;
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
