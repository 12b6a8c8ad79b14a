/**
 * A plot whose time can be zoomed by a page: its marks are inside a window, an `svg` of class `time-window` whose viewBox says what is
 * seen; `data-from` and `data-to` are the times at its edges, in the unit of the axis. Its ticks are a group of class `time-ticks`,
 * which the page draws anew (report/html/client/time-zoom.ts).
 */
import {
  drawBaseLine,
  drawBottomLabel,
  drawTicks,
  mark,
  px,
  unlabelled,
  type Axis,
  type Plot,
} from "../drawing/index.js";

/** Room above and below the panel for marks that stand at its edges. */
const MARGIN_PX = 8;

/** Draws the time axis, with its texts where `isLabelled`; what is drawn into the window keeps its coordinates. */
export function timeWindow(
  plot: Plot,
  across: Axis,
  { endNs, isLabelled }: { readonly endNs: number; readonly isLabelled: boolean },
): Plot {
  const { body, area } = plot;
  const ticks = mark(body, "g", { class: "time-ticks", ...(isLabelled ? { "data-labelled": "" } : {}) });
  drawTicks(ticks, area, isLabelled ? across : unlabelled(across));
  if (isLabelled) {
    drawBaseLine(body, area);
    drawBottomLabel(body, area, across.label, 36);
  }
  const { leftPx, topPx, widthPx, heightPx } = area;
  const box = { x: leftPx, y: topPx - MARGIN_PX, width: widthPx, height: heightPx + 2 * MARGIN_PX };
  const window = mark(body, "svg", {
    class: "time-window",
    ...box,
    viewBox: Object.values(box).map(px).join(" "),
    preserveAspectRatio: "none",
    "data-from": "0",
    "data-to": across.exact?.(endNs) ?? String(endNs),
  });
  return { ...plot, body: window };
}
