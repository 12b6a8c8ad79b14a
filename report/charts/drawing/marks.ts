/** What charts draw into a plot: points, lines, whiskers, bands, levels. Each takes its parent, places in px, and its look. */
import { symbol } from "d3";
import type { ChartSource, PolicyLook } from "./palette.js";
import type { Plot } from "./plot.js";
import { mark, paper, pathOf, px, softInk, whiskerLine, type Attributes, type Mark, type Point } from "./svg.js";

/** Of a line that shows what is a limit, a goal or simulated. */
export const dashed = { "stroke-dasharray": "6 4" } as const;

/** Dashes of a line that shows simulated requests. */
export function dash(source: ChartSource): Attributes {
  return source === "real" ? {} : dashed;
}

/** A filled (real) or hollow (simulated) marker of a scheduler, centred. */
export function drawMarker(parent: Mark, look: PolicyLook, source: ChartSource, [xPx, yPx]: Point, tip?: string): void {
  const transform = `translate(${px(xPx)},${px(yPx)})`;
  const fill = source === "real" ? { fill: look.colour } : paper;
  mark(parent, "path", { d: markerPath(look), transform, stroke: look.colour, "stroke-width": 1.6, ...fill }, tip);
}

/** A scheduler's marker around the origin, `areaPx2` large. */
export function markerPath(look: PolicyLook, areaPx2 = 52): string {
  return symbol().type(look.marker).size(areaPx2)()!;
}

/** A straight line from point to point. */
export function drawLine(
  parent: Mark,
  points: readonly Point[],
  { colour, widthPx = 2, ...more }: { readonly colour: string; readonly widthPx?: number } & Attributes,
  tip?: string,
): void {
  if (points.length === 0) return;
  mark(parent, "path", { d: pathOf(points), stroke: colour, "stroke-width": widthPx, fill: "none", ...more }, tip);
}

/** A vertical whisker with caps. */
export function drawWhisker(parent: Mark, xPx: number, [lowPx, highPx]: Point, capPx: number): void {
  const [x, low, high, cap] = [px(xPx), px(lowPx), px(highPx), px(capPx)];
  const caps = `M${x - cap},${low}h${2 * cap}M${x - cap},${high}h${2 * cap}`;
  mark(parent, "path", { d: `M${x},${low}V${high}${caps}`, ...whiskerLine });
}

/** A horizontal line through the plot. */
export function drawLevel({ body, area, y }: Plot, value: number, line: Attributes = {}): void {
  mark(body, "path", { d: `M${px(area.leftPx)},${y(value)}h${px(area.widthPx)}`, ...whiskerLine, ...line });
}

/** A vertical line through the plot. */
export function drawUpright({ body, area, x }: Plot, value: number, line: Attributes = {}): void {
  const [x1, y1] = [x(value), area.topPx];
  mark(body, "line", { x1, y1, x2: x1, y2: y1 + area.heightPx, ...whiskerLine, ...line });
}

/** The line of equal values, of axes that share their range. */
export function drawDiagonal({ body, across, x, y }: Plot): void {
  const [low, high] = [across.ticks[0]!, across.ticks.at(-1)!];
  mark(body, "line", { x1: x(low), y1: y(low), x2: x(high), y2: y(high), ...whiskerLine });
}

/** An error that counts as close, a fraction. */
export const CLOSE = 0.1;
export const closeBand = { ...softInk, "fill-opacity": 0.12 } as const;

/** Over errors: what counts as close, and the line of no error. */
export function drawClose(plot: Plot): void {
  const { body, area, y } = plot;
  const height = y(-CLOSE) - y(CLOSE);
  mark(body, "rect", { x: area.leftPx, y: y(CLOSE), width: area.widthPx, height, ...closeBand });
  drawLevel(plot, 0);
}

/** The path of the shares of ascending values: from the least, 0 %, to the greatest, 100 %, in at most `most` steps. */
export function sharesPath({ x, y }: Plot, ascending: Float64Array, most: number): string {
  const steps = Math.min(ascending.length, most);
  let path = `M${x(ascending[0]!)},${y(0)}`;
  for (let step = 1; step <= steps; step++) {
    const rank = Math.round((step * ascending.length) / steps);
    path += `H${x(ascending[rank - 1]!)}V${y(rank / ascending.length)}`;
  }
  return path;
}
