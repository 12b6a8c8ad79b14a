/** Panels: a plot to draw values into, and grids of equal ones with headings, as wide as the chart. Sizes in px. */
import type { Area, ValueAxis } from "./axes.js";
import type { ChartData } from "./chart-data.js";
import { chartWidthPx } from "./frame.js";
import { policyLooks, type PolicyLook } from "./palette.js";
import { label, type Mark } from "./svg.js";
import { shortened } from "./text.js";

/** A plot to draw into: places of values in its body, and what each scheduler looks like. */
export interface Panel {
  readonly body: Mark;
  readonly area: Area;
  readonly looks: ReadonlyMap<string, PolicyLook>;
  readonly yPx: (value: number) => number;
}

/** A panel whose values go up along an axis. */
export function panelOf(body: Mark, area: Area, data: ChartData, up: ValueAxis): Panel {
  const yPx = (value: number): number => area.topPx + area.heightPx * (1 - up.fraction(value));
  return { body, area, looks: policyLooks(data.schedulers), yPx };
}

/** Where a value stands along the axis at the bottom. */
export function acrossPx({ leftPx, widthPx }: Area, across: ValueAxis, value: number): number {
  return leftPx + widthPx * across.fraction(value);
}

export interface PanelGrid {
  readonly areas: readonly Area[];
  readonly bodyHeightPx: number;
}

/** `count` plots of a height in at most `maxColumns` columns, with room at their left and below for axes. */
export function panelGrid(
  count: number,
  {
    maxColumns,
    leftPx,
    belowPx,
    plotHeightPx,
  }: Readonly<Record<"maxColumns" | "leftPx" | "belowPx" | "plotHeightPx", number>>,
): PanelGrid {
  const columns = Math.min(count, maxColumns);
  const columnPx = (chartWidthPx - 4) / columns;
  const rowPx = 26 + plotHeightPx + belowPx;
  const areas = Array.from({ length: count }, (_, i) => ({
    leftPx: (i % columns) * columnPx + leftPx,
    topPx: Math.floor(i / columns) * rowPx + 26,
    widthPx: columnPx - leftPx - 18,
    heightPx: plotHeightPx,
  }));
  return { areas, bodyHeightPx: Math.ceil(count / columns) * rowPx };
}

/** A panel's heading, above its plot. */
export function drawPanelHeading(body: Mark, area: Area, text: string): void {
  const short = shortened(text, area.widthPx, 12.6);
  const at = { x: area.leftPx, y: area.topPx - 9, "font-weight": 600 };
  label(body, short, 12, at, short === text ? undefined : text);
}
