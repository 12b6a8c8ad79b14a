/**
 * Axes: values to fractions of an axis (0 at its start, 1 at its end), round ticks, and units. Times stay in seconds inside;
 * an axis shows milliseconds when everything on it is below half a second.
 */
import { scaleLinear, scaleLog } from "d3";
import { numberText } from "./text.js";

/** A unit for values held in a base unit: its name, and a value as text in it. */
export interface Unit {
  readonly name: string;
  readonly text: (value: number, digits?: number) => string;
  /** With six digits, without separators. */
  readonly exact: (value: number) => string;
}

export interface Axis {
  readonly label: string;
  readonly ticks: readonly number[];
  readonly tickText: (value: number) => string;
  readonly fraction: (value: number) => number;
  /** A value with six digits in the axis's unit, without separators; absent: the value itself. */
  readonly exact?: (value: number) => string;
}

/** An axis of categories, for one plot: its values are their numbers, from 0. */
export interface CategoryAxis extends Omit<Axis, "fraction"> {
  readonly xPx: (at: number) => number;
  /** Room for the text of one category, px. */
  readonly slotPx: number;
  /** A second line below the name of some. */
  readonly details: readonly (string | undefined)[];
}

/** From where to where a plot goes, px. */
export interface Across {
  readonly leftPx: number;
  readonly widthPx: number;
}

/** A plot area inside the body, px. */
export interface Area extends Across {
  readonly topPx: number;
  readonly heightPx: number;
}

export function isCategories(axis: Axis | CategoryAxis): axis is CategoryAxis {
  return "slotPx" in axis;
}

/** Down a plot whose rows have names of their own: fractions from its top. No axis is drawn. */
export const rowsAxis: Axis = { label: "", ticks: [], tickText: String, fraction: (down) => 1 - down };

/** The axis without its texts, where one below it has them. */
export function unlabelled(axis: Axis): Axis {
  return { ...axis, label: "", tickText: () => "" };
}

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
export function linearAxis(max: number, name: string, unit: Unit): Axis {
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
export function shareAxis(name: string): Axis {
  const unit = scaledUnit("%", 100);
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1];
  return { label: `${name} (%)`, ticks, tickText: unit.text, fraction: (share) => share, exact: unit.exact };
}

/** Relative errors, as fractions shown in %: around zero, as far to both sides. */
export function errorAxis(most: number): Axis {
  const percent = scaledUnit("%", 100);
  const half = linearAxis(most, "error", percent);
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
export function logAxis(min: number, max: number, name: string, unit: Unit): Axis {
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

/** Logarithmic where nothing is at zero and the values span more than `times`, otherwise linear from zero. */
export function spanAxis([min, max]: readonly [number, number], times: number, name: string, unit: Unit): Axis {
  return min > 1e-9 && max / min > times ? logAxis(min, max, name, unit) : linearAxis(max, name, unit);
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
