/**
 * Latency as Tukey boxes by load, scheduler and source: quartiles, median, whiskers to the farthest request within
 * 1.5 interquartile ranges, dots beyond. Fewer than five requests are drawn as dots alone. Repeats are pooled.
 */
import { max, min, scaleBand } from "d3";
import { quantile } from "../../sim/metrics/index.js";
import {
  categoryRoom,
  drawBaseLine,
  drawBottomLabel,
  drawCategories,
  drawLeftAxis,
  leftRoomPx,
  linearAxis,
  logAxis,
  wantsLog,
  type Area,
  type Unit,
} from "./axes.js";
import type { Chart } from "./chart.js";
import { cellName, dataNotes, loadName, sampleText, type ChartCell, type ChartData } from "./chart-data.js";
import { areaFill, barLegend, chartWidthPx, drawFrame, drawWhisker } from "./frame.js";
import { loadBands } from "./load-axis.js";
import { latency } from "./measures.js";
import { panelOf, type Panel } from "./panels.js";
import { standsAt } from "./plot.js";
import { mark, paper, paperLine, whiskerLine } from "./svg.js";

const leastForBox = 5;
const mostDots = 60;

export const latencyBoxplot: Chart = {
  name: "latency_boxplot",
  plan: (data) => {
    const boxes = boxesOf(data);
    if (boxes.length === 0) return "no row has a usable latency";
    const [lowS, highS] = [min(boxes, (box) => box.values[0]!)!, max(boxes, (box) => box.values.at(-1)!)!];
    const unit = latency.unit(highS);
    const axis = wantsLog(lowS, highS, 30) ? logAxis(lowS, highS, "latency", unit) : linearAxis(highS, "latency", unit);
    const leftPx = leftRoomPx(axis);
    const widthPx = Math.max(
      chartWidthPx,
      leftPx + data.loads.length * data.schedulers.length * data.sources.length * 12,
    );
    const area: Area = { leftPx, topPx: 10, widthPx: widthPx - leftPx - 20, heightPx: 340 };
    const loads = loadBands(data, leftPx, area.widthPx);
    const room = categoryRoom(loads.categories, loads.slotPx);
    const crowded = boxes.some((box) => box.outliers.length > mostDots);
    return ({ title = "Latency by load and scheduler", note }) =>
      drawFrame(
        {
          name: "latency_boxplot",
          title: `${title} (${unit.name}), ${sampleText(data)}`,
          description: `Box plot of latency. ${boxes
            .slice(0, 60)
            .map((box) => boxText(box, unit))
            .join(". ")}.`,
          legend: barLegend("latency_boxplot", data),
          notes: [
            "Box: quartiles and median. Whiskers: farthest request within 1.5 interquartile ranges. Dots: requests beyond.",
            ...(boxes.some((box) => box.values.length < leastForBox)
              ? [`Fewer than ${leastForBox} requests: each is a dot, without a box.`]
              : []),
            ...(crowded ? [`At most ${mostDots} dots a box, evenly picked, the greatest always among them.`] : []),
            ...(data.cells.some(({ repeats }) => repeats.length > 1) ? ["Repeats are pooled."] : []),
            ...dataNotes(data, latency.values),
            ...(note === undefined ? [] : [note]),
          ],
          widthPx,
          bodyHeightPx: area.topPx + area.heightPx + room.heightPx + 22,
        },
        data.schedulers,
        (body) => {
          drawLeftAxis(body, area, axis);
          drawBaseLine(body, area);
          drawCategories(body, area, loads.categories, loads.slotPx);
          drawBottomLabel(body, area, loads.label, room.heightPx + 16);
          drawBoxes(panelOf(body, area, data, axis), boxes, { data, loads, unit });
        },
      );
  },
};

/** Side by side in the band of their load. */
function drawBoxes(
  panel: Panel,
  boxes: readonly Box[],
  {
    data,
    loads,
    unit,
  }: { readonly data: ChartData; readonly loads: ReturnType<typeof loadBands>; readonly unit: Unit },
): void {
  const groupPx = Math.min(loads.bandPx, data.schedulers.length * data.sources.length * 56);
  const schedulers = scaleBand(data.schedulers, [0, groupPx]).paddingInner(0.14);
  const sources = scaleBand(data.sources, [0, schedulers.bandwidth()]).paddingInner(0.14);
  for (const box of boxes) {
    const { load, scheduler, source } = box.cell;
    const leftPx = loads.xPx(load) - groupPx / 2 + schedulers(scheduler)! + sources(source)!;
    drawBox(panel, box, { leftPx, widthPx: sources.bandwidth() }, unit);
  }
}

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

function drawBox(
  { body, looks, yPx }: Panel,
  box: Box,
  { leftPx: xPx, widthPx }: Pick<Area, "leftPx" | "widthPx">,
  unit: Unit,
): void {
  const { scheduler, source } = box.cell;
  const look = looks.get(scheduler)!;
  const centrePx = xPx + widthPx / 2;
  const stands = standsAt(cellName(box.cell), loadName(box.cell.load), unit.exact(box.quartiles[1]), box.values.length);
  const group = mark(body, "g", stands, boxText(box, unit));
  if (box.values.length >= leastForBox) {
    const [q1, median, q3] = box.quartiles;
    drawWhisker(group, centrePx, yPx(box.whiskers[0]), yPx(q1), Math.min(widthPx / 4, 5));
    drawWhisker(group, centrePx, yPx(q3), yPx(box.whiskers[1]), Math.min(widthPx / 4, 5));
    const fill = areaFill("latency_boxplot", scheduler, look, source);
    const boxPx = Math.max(yPx(q1) - yPx(q3), 4);
    const topPx = (yPx(q1) + yPx(q3) - boxPx) / 2;
    mark(group, "rect", { x: xPx, y: topPx, width: widthPx, height: boxPx, ...fill });
    const across = { x1: xPx, x2: xPx + widthPx, y1: yPx(median), y2: yPx(median) };
    if (boxPx > 14) mark(group, "line", { ...across, ...paperLine, "stroke-width": 4.5 });
    mark(group, "line", { ...across, ...whiskerLine, "stroke-width": 2 });
  }
  for (const value of thinned(box.outliers)) {
    const fill = source === "real" ? { fill: look.colour } : paper;
    mark(group, "circle", { cx: centrePx, cy: yPx(value), r: 2.4, stroke: look.colour, "stroke-width": 1.2, ...fill });
  }
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
