/**
 * An error as a tiny picture in a table cell: a line at zero, brackets at the tolerance, a band for what the real repeats
 * span, a bar for the 90 % interval, a dot for the error. All strips of a report share one scale, so rows compare at a glance.
 */
import type { OutcomeRow } from "./report-input.js";

const widthPx = 120;
const heightPx = 16;

/** Half the width of every strip in percent: a round number that holds nine of ten errors, 5 to 200. */
export function stripReachPercent(rows: readonly OutcomeRow[]): number {
  const sizes = rows
    .map((row) => Math.abs(row.errorPercent ?? Number.NaN))
    .filter((size) => Number.isFinite(size))
    .sort((a, b) => a - b);
  const typical = sizes[Math.floor(0.9 * (sizes.length - 1))] ?? 0;
  return [5, 10, 20, 50, 100].find((reach) => typical * 1.15 <= reach) ?? 200;
}

/** The strip as inline SVG; an error beyond its ends is an arrow there. Empty where there is no error. */
export function errorStrip(row: OutcomeRow, reachPercent: number): string {
  if (row.errorPercent === undefined || !Number.isFinite(row.errorPercent)) return "";
  const xPx = (percent: number): string => {
    const fraction = Math.min(Math.max(percent / reachPercent, -1), 1);
    return String(Math.round((widthPx / 2) * (1 + fraction * 0.88) * 10) / 10);
  };
  const middle = heightPx / 2;
  const bar = (from: number, to: number, className: string): string =>
    `<path class="${className}" d="M${xPx(from)},${middle}H${xPx(to)}"/>`;
  const real = row.real ?? 0;
  const noise =
    row.spread !== undefined && real > 0 && row.spread.every((value) => Number.isFinite(value))
      ? bar(100 * (row.spread[0] / real - 1), 100 * (row.spread[1] / real - 1), "strip-noise")
      : "";
  const interval =
    row.intervalPercent?.every((value) => Number.isFinite(value)) === true
      ? bar(...row.intervalPercent, "strip-interval")
      : "";
  const edge = (percent: number): string => `<path class="strip-tolerance" d="M${xPx(percent)},2V${heightPx - 2}"/>`;
  const tolerance =
    row.tolerancePercent !== undefined && row.tolerancePercent <= reachPercent
      ? [-row.tolerancePercent, row.tolerancePercent].map(edge).join("")
      : "";
  return `<svg width="${widthPx}" height="${heightPx}" viewBox="0 0 ${widthPx} ${heightPx}" aria-hidden="true"><path class="strip-zero" d="M${widthPx / 2},0V${heightPx}"/>${noise}${tolerance}${interval}${point(row.errorPercent, reachPercent, xPx, middle)}</svg>`;
}

function point(percent: number, reachPercent: number, xPx: (percent: number) => string, middle: number): string {
  if (Math.abs(percent) <= reachPercent)
    return `<circle class="strip-error" cx="${xPx(percent)}" cy="${middle}" r="3.5"/>`;
  const tip = percent > 0 ? 6 : -6;
  return `<path class="strip-error" d="M${xPx(percent)},${middle - 5}l${tip},5l${-tip},5z"/>`;
}
