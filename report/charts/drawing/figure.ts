/**
 * A figure: what it says, and its panels. Panels are data, axes and a few marks; their places, axes and headings are
 * drawn here, for all charts alike. Panels stand in columns of equal width. Sizes in px.
 */
import { greatest } from "../../../formats/index.js";
import { isCategories, type Across, type Area, type Axis, type CategoryAxis } from "./axis.js";
import { categoryRoom, chartWidthPx, drawBaseLine, drawBottomAxis, drawLeftAxis, leftRoomPx } from "./draw-axes.js";
import { drawFrame, type Frame } from "./frame.js";
import { policyLooks, type PolicyLook } from "./palette.js";
import { plotOf, type Plot } from "./plot.js";
import { label, mark, type Mark } from "./svg.js";
import { shortened } from "./text.js";

export interface Panel {
  readonly heading?: string;
  /** An axis of categories depends on the place of the plot. */
  readonly across: Axis | ((plot: Across) => CategoryAxis);
  readonly up: Axis;
  /** What the plot shows. */
  readonly draw: (plot: Plot) => void;
  /** What lies under its axes, too. */
  readonly drawUnder?: (plot: Plot) => void;
  /** `over`: it covers what the plot shows. Default: under it, with ticks and label. */
  readonly bottom?: "under" | "over" | "line over" | "none";
  /** Default: the layout's. */
  readonly heightPx?: number;
  /** It has a row for itself. */
  readonly isWide?: boolean;
}

export interface Layout {
  readonly plotHeightPx: number | "square";
  /** Default: two, or one for a single panel. */
  readonly columns?: number;
  readonly widthPx?: number;
  /** Room at the left of all columns. */
  readonly indentPx?: number;
  /** Room around each plot; below, categories have their own in addition. */
  readonly topPx?: number;
  readonly rightPx?: number;
  readonly belowPx?: number;
  /** Below the last row, if it is another. */
  readonly lastBelowPx?: number;
}

export interface Figure extends Frame {
  /** At least one. */
  readonly panels: readonly Panel[];
  readonly layout: Layout;
  /** Shapes that marks refer to. */
  readonly define?: (defs: Mark) => void;
}

/** The figure as SVG text. */
export function figureSvg(figure: Figure): string {
  const { panels, layout, define, policies = [] } = figure;
  const looks = policyLooks(policies);
  const look = (policy: string): PolicyLook => looks.get(policy)!;
  const { rows, bodyHeightPx } = placed(panels, layout);
  return drawFrame(figure, [layout.widthPx ?? chartWidthPx, bodyHeightPx], (body) => {
    if (define !== undefined) define(mark(body, "defs"));
    for (const one of rows.flat()) drawPanel(body, one, look);
  });
}

/** Where a panel stands, and its axis at that width. */
interface Placed {
  readonly panel: Panel;
  readonly area: Area;
  readonly across: Axis | CategoryAxis;
  /** Room for categories. */
  readonly categoriesPx: number;
}

function placed(panels: readonly Panel[], layout: Layout): { rows: Placed[][]; bodyHeightPx: number } {
  const {
    widthPx = chartWidthPx,
    indentPx = 0,
    topPx = 26,
    rightPx = 18,
    belowPx = 48,
    lastBelowPx = belowPx,
  } = layout;
  const columns = layout.columns ?? Math.min(panels.length, 2);
  const leftPx = greatest([0, ...panels.flatMap(({ up }) => (isDrawn(up) ? [leftRoomPx(up)] : []))]);
  const columnPx = (widthPx - 4 - indentPx) / columns;
  const plotWidthPx = columnPx - leftPx - rightPx;
  const plotHeightPx = layout.plotHeightPx === "square" ? plotWidthPx : layout.plotHeightPx;
  let categoriesPx: number | undefined;
  let rowPx = 0;
  const chunks = rowsOf(panels, columns);
  const rows = chunks.map((row, number) => {
    const heightPx = greatest(row.map((panel) => panel.heightPx ?? plotHeightPx));
    const made = row.map((panel, column): Placed => {
      const wide = panel.isWide === true ? widthPx - 4 - indentPx - leftPx - rightPx : plotWidthPx;
      const area = { leftPx: indentPx + column * columnPx + leftPx, topPx: rowPx + topPx, widthPx: wide, heightPx };
      const across = typeof panel.across === "function" ? panel.across(area) : panel.across;
      categoriesPx ??= isCategories(across) ? categoryRoom(across).heightPx : 0;
      return { panel, area, across, categoriesPx };
    });
    rowPx += topPx + heightPx + (number === chunks.length - 1 ? lastBelowPx : belowPx) + categoriesPx!;
    return made;
  });
  return { rows, bodyHeightPx: rowPx };
}

function rowsOf(panels: readonly Panel[], columns: number): Panel[][] {
  const rows: Panel[][] = [];
  for (const panel of panels) {
    const last = rows.at(-1);
    if (last === undefined || last.length === columns || last[0]!.isWide === true) rows.push([panel]);
    else last.push(panel);
  }
  return rows;
}

function drawPanel(body: Mark, { panel, area, across, categoriesPx }: Placed, look: Plot["look"]): void {
  const { heading, up, draw, drawUnder, bottom = "under" } = panel;
  const plot = plotOf(body, { area, across, up, look });
  if (heading !== undefined) drawHeading(body, area, heading);
  drawUnder?.(plot);
  if (isDrawn(up)) drawLeftAxis(body, area, up);
  if (bottom === "under") drawBottomAxis(body, area, across, categoriesPx);
  draw(plot);
  if (bottom === "over") drawBottomAxis(body, area, across, categoriesPx);
  if (bottom === "line over") drawBaseLine(body, area);
}

function isDrawn({ ticks }: Axis): boolean {
  return ticks.length > 0;
}

/** A panel's heading, above its plot. */
function drawHeading(body: Mark, area: Area, text: string): void {
  const short = shortened(text, area.widthPx, 12.6);
  const at = { x: area.leftPx, y: area.topPx - 9, "font-weight": 600 };
  label(body, short, 12, at, short === text ? undefined : text);
}
