/**
 * A panel whose time can be zoomed by a page: its marks are inside a window, an `svg` of class `time-window` whose viewBox says what is
 * seen; `data-from` and `data-to` are the times at its edges, in the unit of the axis. Its ticks are a group of class `time-ticks`,
 * which the page draws anew (report/html/client/time-zoom.ts).
 */
import { drawBaseLine, tickFontPx, type Area, type ValueAxis } from "./axes.js";
import { chartWidthPx } from "./frame.js";
import { px } from "./plot.js";
import { gridLine, label, mark, softInk, type Mark } from "./svg.js";
import { textWidthPx } from "./text.js";

/** Room above and below the panel for marks that stand at its edges. */
const MARGIN_PX = 8;

export interface TimeWindow {
  readonly across: ValueAxis;
  readonly endNs: number;
}

/** What is drawn into it keeps its coordinates. */
export function timeWindow(body: Mark, area: Area, { across, endNs }: TimeWindow): Mark {
  const { leftPx, topPx, widthPx, heightPx } = area;
  const box = { x: leftPx, y: topPx - MARGIN_PX, width: widthPx, height: heightPx + 2 * MARGIN_PX };
  return mark(body, "svg", {
    class: "time-window",
    ...box,
    viewBox: Object.values(box).map(px).join(" "),
    preserveAspectRatio: "none",
    "data-from": "0",
    "data-to": across.exact?.(endNs) ?? String(endNs),
  });
}

/** Grid lines, with their times below where `isLabelled`; times that would touch are left out. */
export function drawTimeTicks(
  body: Mark,
  { leftPx, topPx, widthPx, heightPx }: Area,
  { across, isLabelled }: { readonly across: ValueAxis; readonly isLabelled: boolean },
): void {
  const bottomPx = topPx + heightPx;
  const group = mark(body, "g", { class: "time-ticks", ...(isLabelled ? { "data-labelled": "" } : {}) });
  let freeFromPx = Number.NEGATIVE_INFINITY;
  for (const tick of across.ticks) {
    const xPx = leftPx + widthPx * across.fraction(tick);
    mark(group, "path", { d: `M${px(xPx)},${px(topPx)}v${px(heightPx)}`, ...gridLine });
    const text = across.tickText(tick);
    const halfPx = textWidthPx(text, tickFontPx) / 2;
    if (!isLabelled || xPx - halfPx < freeFromPx) continue;
    freeFromPx = xPx + halfPx + 4;
    // The last one may be wider than what is right of it.
    const x = Math.min(xPx, chartWidthPx - halfPx - 2);
    label(group, text, tickFontPx, { x, y: bottomPx + 16, "text-anchor": "middle", ...softInk });
  }
  if (isLabelled) drawBaseLine(body, { leftPx, topPx, widthPx, heightPx });
}
