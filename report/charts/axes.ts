/**
 * Axes: values to fractions of an axis (0 at its start, 1 at its end), round ticks, units, and drawing them. Times stay
 * in seconds inside; an axis shows milliseconds when everything on it is below half a second.
 */
import { greatest } from "../../formats/index.js";
import { scaleLinear, scaleLog } from "d3";
import { chartWidthPx } from "./frame.js";
import { axisLine, gridLine, label, mark, softInk, type Mark } from "./svg.js";
import { numberText, shortened, textWidthPx, wrapped } from "./text.js";

/** A unit for values held in a base unit: its name, and a value as text in it. */
export interface Unit {
  readonly name: string;
  readonly text: (value: number, digits?: number) => string;
  /** With six digits, without separators. */
  readonly exact: (value: number) => string;
}

export interface ValueAxis {
  readonly label: string;
  readonly ticks: readonly number[];
  readonly tickText: (value: number) => string;
  readonly fraction: (value: number) => number;
  /** A value with six digits in the axis's unit, without separators; absent: the value itself. */
  readonly exact?: (value: number) => string;
}

/** A plot area inside the body, px. */
export interface Area {
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** A place on a category axis: where, and the text below it. */
export interface Category {
  readonly xPx: number;
  readonly name: string;
  readonly detail?: string;
}

export const tickFontPx = 11;
const labelFontPx = 12;

/** Seconds, or milliseconds when the greatest value is below half a second. */
export function timeUnit(maxS: number): Unit {
  return maxS > 0 && maxS < 0.5 ? scaledUnit("ms", 1000) : scaledUnit("s", 1);
}

/** A unit `perBase` times smaller than the base unit. */
export function scaledUnit(name: string, perBase: number): Unit {
  return {
    name,
    text: (value, digits = 3) => numberText(value * perBase, digits),
    exact: (value) => String(Number((value * perBase).toPrecision(6))),
  };
}

/** From zero to a round number a little above `max`; 1 where there is nothing above zero. */
export function linearAxis(max: number, name: string, unit: Unit): ValueAxis {
  const scale = scaleLinear([0, max < 1e-9 ? 1 : max * 1.02], [0, 1]).nice(5);
  return {
    label: `${name} (${unit.name})`,
    ticks: scale.ticks(5),
    tickText: (value) => unit.text(value, 4),
    fraction: (value) => scale(value),
    exact: unit.exact,
  };
}

/** Shares of a whole, 0 to 100 %. */
export function shareAxis(name: string): ValueAxis {
  const unit = scaledUnit("%", 100);
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1];
  return { label: `${name} (%)`, ticks, tickText: unit.text, fraction: (share) => share, exact: unit.exact };
}

/** Relative errors, as fractions shown in %: around zero, as far to both sides. */
export function errorAxis(most: number, name = "error"): ValueAxis {
  const percent = scaledUnit("%", 100);
  const half = linearAxis(most, name, percent);
  const reach = half.ticks.at(-1)!;
  const above = half.ticks.filter((tick) => tick > 0);
  return {
    label: half.label,
    ticks: [...above.map((tick) => -tick).reverse(), 0, ...above],
    tickText: (value) => percent.text(value, 4),
    fraction: (value) => 0.5 + Math.min(Math.max(value / reach, -1), 1) / 2,
    exact: percent.exact,
  };
}

/** Logarithmic from `min` to `max`, both above zero, widened to round numbers. */
export function logAxis(min: number, max: number, name: string, unit: Unit): ValueAxis {
  const low = roundBelow(Math.max(min, 1e-9));
  const high = Math.max(roundAbove(max), low * 10);
  const scale = scaleLog([low, high], [0, 1]);
  return {
    label: `${name} (${unit.name}, log scale)`,
    ticks: logTicks(low, high),
    tickText: (value) => unit.text(value),
    fraction: (value) => scale(Math.min(Math.max(value, low), high)),
    exact: unit.exact,
  };
}

/** Is a log scale the better one: nothing at zero and the values span more than `times`? */
export function wantsLog(min: number, max: number, times: number): boolean {
  return min > 1e-9 && max / min > times;
}

/** Room in px to the left of a plot for an axis: its label and its longest tick. */
export function leftRoomPx(axis: ValueAxis): number {
  return 34 + greatest(axis.ticks.map((tick) => textWidthPx(axis.tickText(tick), tickFontPx)));
}

/** Grid lines, ticks and the label of a value axis at the left. */
export function drawLeftAxis(body: Mark, area: Area, axis: ValueAxis, labelled = true): void {
  for (const tick of axis.ticks) {
    const yPx = area.topPx + area.heightPx * (1 - axis.fraction(tick));
    mark(body, "path", { d: `M${round(area.leftPx)},${round(yPx)}h${round(area.widthPx)}`, ...gridLine });
    if (!labelled) continue;
    label(body, axis.tickText(tick), tickFontPx, { x: area.leftPx - 6, y: yPx + 4, "text-anchor": "end", ...softInk });
  }
  if (!labelled) return;
  const xPx = area.leftPx - leftRoomPx(axis) + 18;
  const yPx = area.topPx + area.heightPx / 2;
  label(body, shortened(axis.label, area.heightPx + 40, labelFontPx), labelFontPx, {
    transform: `translate(${round(xPx)},${round(yPx)}) rotate(-90)`,
    "text-anchor": "middle",
  });
}

/** Grid lines, ticks and the label of a value axis at the bottom; ticks that would touch are left unlabelled. */
export function drawBottomAxis(body: Mark, area: Area, axis: ValueAxis): void {
  const bottomPx = area.topPx + area.heightPx;
  let freeFromPx = Number.NEGATIVE_INFINITY;
  for (const tick of axis.ticks) {
    const xPx = area.leftPx + area.widthPx * axis.fraction(tick);
    mark(body, "path", { d: `M${round(xPx)},${round(area.topPx)}v${round(area.heightPx)}`, ...gridLine });
    const halfPx = textWidthPx(axis.tickText(tick), tickFontPx) / 2;
    if (xPx - halfPx < freeFromPx) continue;
    freeFromPx = xPx + halfPx + 4;
    // The last one may be wider than what is right of it.
    const x = Math.min(xPx, chartWidthPx - halfPx - 2);
    label(body, axis.tickText(tick), tickFontPx, { x, y: bottomPx + 16, "text-anchor": "middle", ...softInk });
  }
  drawBaseLine(body, area);
  drawBottomLabel(body, area, axis.label, 36);
}

/** The line under a plot. */
export function drawBaseLine(body: Mark, area: Area): void {
  const bottomPx = area.topPx + area.heightPx;
  mark(body, "path", { d: `M${round(area.leftPx)},${round(bottomPx)}h${round(area.widthPx)}`, ...axisLine });
}

/** The label under a bottom axis, `belowPx` under the plot. */
export function drawBottomLabel(body: Mark, area: Area, text: string, belowPx: number): void {
  const at = { x: area.leftPx + area.widthPx / 2, y: area.topPx + area.heightPx + belowPx, "text-anchor": "middle" };
  label(body, shortened(text, area.widthPx, labelFontPx), labelFontPx, at);
}

/** How category labels are set in slots of a width: in up to four lines, or slanted where they do not fit. */
export function categoryRoom(categories: readonly Category[], slotPx: number): { slanted: boolean; heightPx: number } {
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

/** Category labels under a plot, names above details. */
export function drawCategories(body: Mark, area: Area, categories: readonly Category[], slotPx: number): void {
  const { slanted } = categoryRoom(categories, slotPx);
  const bottomPx = area.topPx + area.heightPx;
  for (const category of categories) {
    mark(body, "path", { d: `M${round(category.xPx)},${round(bottomPx)}v4`, ...axisLine });
    const full = category.detail === undefined ? category.name : `${category.name}, ${category.detail}`;
    if (slanted) {
      const degrees = round((-slantRadians * 180) / Math.PI);
      const transform = `translate(${round(category.xPx + 4)},${round(bottomPx + 16)}) rotate(${degrees})`;
      label(body, slantedText(category), tickFontPx, { transform, "text-anchor": "end" }, full);
      continue;
    }
    const lines = wrapped(category.name, slotPx, tickFontPx);
    const at = { x: category.xPx, "text-anchor": "middle" };
    [...lines, category.detail ?? ""].forEach((line, i) => {
      if (line === "") return;
      const look = i === lines.length ? softInk : {};
      label(body, line, tickFontPx, { ...at, y: bottomPx + 17 + i * 14, ...look });
    });
  }
}

const slantRadians = Math.PI / 6;
const mostLines = 4;

/** Cut so that it does not leave the chart at the left. */
function slantedText(category: Category): string {
  const detailPx = textWidthPx(` (${category.detail ?? ""})`, tickFontPx);
  const roomPx = (category.xPx - 4) / Math.cos(slantRadians) - (category.detail === undefined ? 0 : detailPx);
  const name = shortened(category.name, Math.min(170, roomPx), tickFontPx);
  return category.detail === undefined ? name : `${name} (${category.detail})`;
}

function round(px: number): number {
  return Math.round(px * 100) / 100;
}

/** 1, 2 or 5 times a power of ten, at or below. */
function roundBelow(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([5, 2].find((step) => step * power <= value) ?? 1) * power;
}

function roundAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((step) => step * power >= value) ?? 10) * power;
}

/** At most about eight ticks: 1-2-5 in each decade, else powers of ten, else every second, third ... power. */
function logTicks(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const powers = Array.from({ length: Math.ceil(Math.log10(high)) - first + 1 }, (_, i) => first + i);
  const within = (value: number): boolean => value >= low * 0.999 && value <= high * 1.001;
  const fine = powers.flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power)).filter(within);
  if (fine.length <= 8) return fine;
  const stride = Math.ceil(powers.length / 8);
  return powers
    .filter((power) => power % stride === 0)
    .map((power) => 10 ** power)
    .filter(within);
}
