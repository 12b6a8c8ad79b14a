/**
 * A plot: an area with an axis across and one up, and places of values in it. Marks say what they stand for, so that a page can
 * show exact values: `data-series`, `data-x` and `data-y` in the units of the axes, `data-n` where a mark stands for several.
 */
import { drawBottomAxis, drawLeftAxis, type Area, type ValueAxis } from "./axes.js";
import { drawPanelHeading } from "./panels.js";
import { mark, whiskerLine, type Attributes, type Mark } from "./svg.js";

export interface Plot {
  readonly body: Mark;
  readonly area: Area;
  readonly across: ValueAxis;
  readonly up: ValueAxis;
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

/** A panel of a picture: its axes, and how its marks are drawn. */
export interface PlotPanel {
  readonly heading: string;
  readonly across: ValueAxis;
  readonly up: ValueAxis;
  readonly draw: (plot: Plot) => void;
}

/** Each panel in its area. */
export function drawPanels(body: Mark, areas: readonly Area[], panels: readonly PlotPanel[]): void {
  panels.forEach(({ heading, across, up, draw }, at) => {
    const plot = plotOf(body, areas[at]!, across, up);
    drawPlot(plot, heading);
    draw(plot);
  });
}

export function plotOf(body: Mark, area: Area, across: ValueAxis, up: ValueAxis): Plot {
  return {
    body,
    area,
    across,
    up,
    x: (value) => px(area.leftPx + area.widthPx * within(across.fraction(value))),
    y: (value) => px(area.topPx + area.heightPx * (1 - within(up.fraction(value)))),
  };
}

/** Both axes and the heading. */
export function drawPlot({ body, area, across, up }: Plot, heading: string): void {
  drawPanelHeading(body, area, heading);
  drawLeftAxis(body, area, up);
  drawBottomAxis(body, area, across);
}

/** What a mark stands for, in the units that the axes show. */
export function standsFor(
  series: string,
  { across, up }: Plot,
  [x, y]: readonly [number, number],
  n?: number,
): Attributes {
  return {
    "data-series": series,
    "data-x": exact(across, x),
    "data-y": exact(up, y),
    ...(n === undefined ? {} : { "data-n": String(n) }),
  };
}

/** What a mark of a category stands for: `x` names the category. */
export function standsAt(series: string, x: string, y: string, n?: number): Attributes {
  return { "data-series": series, "data-x": x, "data-y": y, ...(n === undefined ? {} : { "data-n": String(n) }) };
}

/** A horizontal line through the plot. */
export function drawLevel({ body, area, y }: Plot, value: number, line: Attributes = {}): void {
  mark(body, "path", { d: `M${px(area.leftPx)},${y(value)}h${px(area.widthPx)}`, ...whiskerLine, ...line });
}

/** The line of equal values, of axes that share their range. */
export function drawDiagonal({ body, across, x, y }: Plot): void {
  const [low, high] = [across.ticks[0]!, across.ticks.at(-1)!];
  mark(body, "line", { x1: x(low), y1: y(low), x2: x(high), y2: y(high), ...whiskerLine });
}

/** The path through points, in straight lines. */
export function pathOf(points: readonly (readonly [xPx: number, yPx: number])[]): string {
  return `M${points.map(([x, y]) => `${px(x)},${px(y)}`).join("L")}`;
}

export function px(value: number): number {
  return Math.round(value * 100) / 100;
}

function exact(axis: ValueAxis, value: number): string {
  return axis.exact?.(value) ?? String(Number(value.toPrecision(6)));
}

function within(fraction: number): number {
  return Math.min(Math.max(fraction, 0), 1);
}
