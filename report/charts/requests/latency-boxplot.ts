/**
 * Latency as Tukey boxes by load, scheduler and source: quartiles, median, whiskers to the farthest request within
 * 1.5 interquartile ranges, dots beyond. Fewer than five requests are drawn as dots alone. Repeats are pooled.
 */
import { quantile } from "../../../sim/metrics/index.js";
import {
  areaFill,
  barLegend,
  chartWidthPx,
  drawWhisker,
  leftRoomPx,
  mark,
  paper,
  paperLine,
  spanAxis,
  standsFor,
  whiskerLine,
  type Across,
  type Plot,
  type Unit,
} from "../drawing/index.js";
import type { Chart } from "./chart.js";
import { cellName, pooledNotes, type ChartCell, type ChartData } from "./chart-data.js";
import { loadBands, sideBySide } from "./load-axis.js";
import { latency } from "./measures.js";
import { endsOf } from "./sample.js";

const name = "latency_boxplot";
const leastForBox = 5;
const mostDots = 60;

export const latencyBoxplot: Chart = {
  name,
  heading: "Latency by load and scheduler",
  plan: (data) => {
    const boxes = boxesOf(data);
    if (boxes.length === 0) return "no row has a usable latency";
    const ends = endsOf(boxes.map(({ values }) => values));
    const unit = latency.unit(ends[1]);
    const up = spanAxis(ends, 30, "latency", unit);
    const places = data.loads.length * data.schedulers.length * data.sources.length;
    const widthPx = Math.max(chartWidthPx, leftRoomPx(up) + places * 12);
    const crowded = boxes.some((box) => box.outliers.length > mostDots);
    const told = boxes.slice(0, 60).map((box) => boxText(box, unit));
    return {
      units: unit.name,
      description: `Box plot of latency. ${told.join(". ")}.`,
      legend: barLegend(name, data),
      notes: [
        "Box: quartiles and median. Whiskers: farthest request within 1.5 interquartile ranges. Dots: requests beyond.",
        ...(boxes.some((box) => box.values.length < leastForBox)
          ? [`Fewer than ${leastForBox} requests: each is a dot, without a box.`]
          : []),
        ...(crowded ? [`At most ${mostDots} dots a box, evenly picked, the greatest always among them.`] : []),
        ...pooledNotes(data),
      ],
      layout: { widthPx, plotHeightPx: 340, topPx: 10, rightPx: 16, belowPx: 22 },
      panels: [
        {
          across: (place) => loadBands(data, place),
          up,
          draw: (plot) => {
            drawBoxes(plot, data, { boxes, unit });
          },
        },
      ],
    };
  },
};

interface Box {
  readonly cell: ChartCell;
  readonly values: Float64Array;
  readonly quartiles: readonly [number, number, number];
  readonly whiskers: readonly [number, number];
  readonly outliers: Float64Array;
}

function boxesOf(data: ChartData): Box[] {
  return data.cells.flatMap((cell) => {
    const values = cell.pooled.ascending(latency.values);
    if (values.length === 0) return [];
    const quartiles = [0.25, 0.5, 0.75].map((p) => quantile(values, p)) as [number, number, number];
    const reach = 1.5 * (quartiles[2] - quartiles[0]);
    const within = values.filter((value) => value >= quartiles[0] - reach && value <= quartiles[2] + reach);
    const whiskers = [within[0] ?? quartiles[0], within.at(-1) ?? quartiles[2]] as const;
    const outliers =
      values.length < leastForBox ? values : values.filter((value) => value < whiskers[0] || value > whiskers[1]);
    return [{ cell, values, quartiles, whiskers, outliers }];
  });
}

function drawBoxes(
  plot: Plot,
  data: ChartData,
  { boxes, unit }: { readonly boxes: readonly Box[]; readonly unit: Unit },
): void {
  const { widthPx, leftPx: leftPxOf } = sideBySide(data, plot.area, { mostPx: 56, gaps: [0.14, 0.14] });
  for (const box of boxes) {
    const { cell, values, quartiles, outliers } = box;
    const at = data.loads.indexOf(cell.load);
    const leftPx = leftPxOf(cell);
    const look = plot.look(cell.scheduler);
    const stands = standsFor(cellName(cell), plot, [at, quartiles[1]], values.length);
    const group = mark(plot.body, "g", stands, boxText(box, unit));
    if (values.length >= leastForBox) drawBox({ ...plot, body: group }, box, { leftPx, widthPx });
    for (const value of thinned(outliers)) {
      const fill = cell.source === "real" ? { fill: look.colour } : paper;
      const place = { cx: leftPx + widthPx / 2, cy: plot.y(value), r: 2.4 };
      mark(group, "circle", { ...place, stroke: look.colour, "stroke-width": 1.2, ...fill });
    }
  }
}

function drawBox(
  { body, y, look }: Plot,
  { cell: { scheduler, source }, quartiles, whiskers }: Box,
  { leftPx, widthPx }: Across,
): void {
  const [q1, median, q3] = quartiles;
  const [centrePx, capPx] = [leftPx + widthPx / 2, Math.min(widthPx / 4, 5)];
  drawWhisker(body, centrePx, [y(whiskers[0]), y(q1)], capPx);
  drawWhisker(body, centrePx, [y(q3), y(whiskers[1])], capPx);
  const boxPx = Math.max(y(q1) - y(q3), 4);
  const topPx = (y(q1) + y(q3) - boxPx) / 2;
  const fill = areaFill(name, scheduler, look(scheduler), source);
  mark(body, "rect", { x: leftPx, y: topPx, width: widthPx, height: boxPx, ...fill });
  const across = { x1: leftPx, x2: leftPx + widthPx, y1: y(median), y2: y(median) };
  if (boxPx > 14) mark(body, "line", { ...across, ...paperLine, "stroke-width": 4.5 });
  mark(body, "line", { ...across, ...whiskerLine, "stroke-width": 2 });
}

/** At most `mostDots` of ascending values, evenly picked, with the first and the last. */
function thinned(values: Float64Array): Iterable<number> {
  if (values.length <= mostDots) return values;
  return Array.from({ length: mostDots }, (_, i) => values[Math.round((i * (values.length - 1)) / (mostDots - 1))]!);
}

function boxText(box: Box, unit: Unit): string {
  const [q1, median, q3] = box.quartiles.map((value) => unit.text(value, 4)) as [string, string, string];
  const range = `${unit.text(box.values[0]!, 4)} to ${unit.text(box.values.at(-1)!, 4)}`;
  return `${cellName(box.cell)}: median ${median}, quartiles ${q1} and ${q3}, range ${range} ${unit.name} (n = ${box.values.length})`;
}
