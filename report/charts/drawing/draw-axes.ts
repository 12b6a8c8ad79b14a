/** Drawing axes: grid lines, ticks and labels, at the left of an area and below it. */
import { greatest } from "../../../formats/index.js";
import { isCategories, type Area, type Axis, type CategoryAxis } from "./axis.js";
import { axisLine, gridLine, label, mark, px, softInk, type Mark } from "./svg.js";
import { shortened, textWidthPx, wrapped } from "./text.js";

/** The least width of a chart. */
export const chartWidthPx = 960;
const tickFontPx = 11;
const labelFontPx = 12;
const slantRadians = Math.PI / 6;
const mostLines = 4;

/** A place on a category axis: where, and the text below it. */
interface Category {
  readonly xPx: number;
  readonly name: string;
  readonly detail: string | undefined;
}

/** Room in px to the left of a plot for an axis: its label and its longest tick. */
export function leftRoomPx(axis: Axis): number {
  return 34 + greatest(axis.ticks.map((tick) => textWidthPx(axis.tickText(tick), tickFontPx)));
}

/** Grid lines, ticks and the label of an axis at the left. */
export function drawLeftAxis(body: Mark, area: Area, axis: Axis): void {
  for (const tick of axis.ticks) {
    const yPx = area.topPx + area.heightPx * (1 - axis.fraction(tick));
    mark(body, "path", { d: `M${px(area.leftPx)},${px(yPx)}h${px(area.widthPx)}`, ...gridLine });
    label(body, axis.tickText(tick), tickFontPx, { x: area.leftPx - 6, y: yPx + 4, "text-anchor": "end", ...softInk });
  }
  const xPx = area.leftPx - leftRoomPx(axis) + 18;
  const yPx = area.topPx + area.heightPx / 2;
  label(body, shortened(axis.label, area.heightPx + 40, labelFontPx), labelFontPx, {
    transform: `translate(${px(xPx)},${px(yPx)}) rotate(-90)`,
    "text-anchor": "middle",
  });
}

/** The line under a plot, and what it says: ticks and label, or categories. */
export function drawBottomAxis(body: Mark, area: Area, axis: Axis | CategoryAxis, categoriesPx: number): void {
  if (!isCategories(axis)) drawTicks(body, area, axis);
  drawBaseLine(body, area);
  if (isCategories(axis)) drawCategories(body, area, axis);
  if (axis.label !== "") drawBottomLabel(body, area, axis.label, isCategories(axis) ? categoriesPx + 16 : 36);
}

/** Grid lines and ticks of an axis at the bottom; ticks that would touch are left unlabelled. */
export function drawTicks(body: Mark, area: Area, axis: Axis): void {
  const bottomPx = area.topPx + area.heightPx;
  let freeFromPx = Number.NEGATIVE_INFINITY;
  for (const tick of axis.ticks) {
    const xPx = area.leftPx + area.widthPx * axis.fraction(tick);
    mark(body, "path", { d: `M${px(xPx)},${px(area.topPx)}v${px(area.heightPx)}`, ...gridLine });
    const text = axis.tickText(tick);
    const halfPx = textWidthPx(text, tickFontPx) / 2;
    if (text === "" || xPx - halfPx < freeFromPx) continue;
    freeFromPx = xPx + halfPx + 4;
    // The last one may be wider than what is right of it.
    const x = Math.min(xPx, chartWidthPx - halfPx - 2);
    label(body, text, tickFontPx, { x, y: bottomPx + 16, "text-anchor": "middle", ...softInk });
  }
}

/** The line under a plot. */
export function drawBaseLine(body: Mark, area: Area): void {
  const bottomPx = area.topPx + area.heightPx;
  mark(body, "path", { d: `M${px(area.leftPx)},${px(bottomPx)}h${px(area.widthPx)}`, ...axisLine });
}

/** The label under a bottom axis, `belowPx` under the plot. */
export function drawBottomLabel(body: Mark, area: Area, text: string, belowPx: number): void {
  const at = { x: area.leftPx + area.widthPx / 2, y: area.topPx + area.heightPx + belowPx, "text-anchor": "middle" };
  label(body, shortened(text, area.widthPx, labelFontPx), labelFontPx, at);
}

/** How category labels are set in their slots: in up to four lines, or slanted where they do not fit. */
export function categoryRoom(axis: CategoryAxis): { slanted: boolean; heightPx: number } {
  const { slotPx } = axis;
  const categories = categoriesOf(axis);
  const lines = categories.map((each) => wrapped(each.name, slotPx, tickFontPx));
  const slanted = categories.some(
    ({ name, detail = "" }, i) =>
      lines[i]!.length > mostLines ||
      lines[i]!.join(" ") !== name.trim().replace(/\s+/g, " ") ||
      textWidthPx(detail, tickFontPx) > slotPx,
  );
  const details = categories.some(({ detail }) => detail !== undefined) ? 1 : 0;
  if (!slanted) return { slanted, heightPx: 8 + 14 * (greatest(lines.map((each) => each.length)) + details) };
  const longestPx = greatest(categories.map((each) => textWidthPx(slantedText(each), tickFontPx)));
  return { slanted, heightPx: 18 + longestPx * Math.sin(slantRadians) };
}

function categoriesOf(axis: CategoryAxis): Category[] {
  return axis.ticks.map((at) => ({
    xPx: axis.xPx(at),
    name: axis.tickText(at),
    detail: axis.details[at],
  }));
}

/** Category labels under a plot, names above details. */
function drawCategories(body: Mark, area: Area, axis: CategoryAxis): void {
  const { slanted } = categoryRoom(axis);
  const bottomPx = area.topPx + area.heightPx;
  for (const category of categoriesOf(axis)) {
    const { xPx, name, detail } = category;
    mark(body, "path", { d: `M${px(xPx)},${px(bottomPx)}v4`, ...axisLine });
    if (slanted) {
      const full = detail === undefined ? name : `${name}, ${detail}`;
      const degrees = px((-slantRadians * 180) / Math.PI);
      const transform = `translate(${px(xPx + 4)},${px(bottomPx + 16)}) rotate(${degrees})`;
      label(body, slantedText(category), tickFontPx, { transform, "text-anchor": "end" }, full);
      continue;
    }
    const lines = wrapped(name, axis.slotPx, tickFontPx);
    const at = { x: xPx, "text-anchor": "middle" };
    [...lines, detail ?? ""].forEach((line, i) => {
      if (line === "") return;
      label(body, line, tickFontPx, { ...at, y: bottomPx + 17 + i * 14, ...(i === lines.length ? softInk : {}) });
    });
  }
}

/** Cut so that it does not leave the chart at the left. */
function slantedText({ xPx, name, detail }: Category): string {
  const detailPx = textWidthPx(` (${detail ?? ""})`, tickFontPx);
  const roomPx = (xPx - 4) / Math.cos(slantRadians) - (detail === undefined ? 0 : detailPx);
  const short = shortened(name, Math.min(170, roomPx), tickFontPx);
  return detail === undefined ? short : `${short} (${detail})`;
}
