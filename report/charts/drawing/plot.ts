/**
 * A plot: an area with an axis across and one up, and where values stand in it. Marks say what they stand for, so that a page can
 * show exact values: `data-series`, `data-x` and `data-y` in the units of the axes, `data-n` where a mark stands for several.
 */
import { isCategories, type Area, type Axis, type CategoryAxis } from "./axis.js";
import type { PolicyLook } from "./palette.js";
import { px, type Attributes, type Mark } from "./svg.js";

export interface Plot {
  readonly body: Mark;
  readonly area: Area;
  readonly across: Axis | CategoryAxis;
  readonly up: Axis;
  /** Where a value stands, px; values beyond an axis stand at its end. */
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  /** Of one of the figure's policies. */
  readonly look: (policy: string) => PolicyLook;
}

export function plotOf(body: Mark, { area, across, up, look }: Pick<Plot, "area" | "across" | "up" | "look">): Plot {
  return {
    body,
    area,
    across,
    up,
    look,
    x: isCategories(across)
      ? (at) => px(across.xPx(at))
      : (value) => px(area.leftPx + area.widthPx * within(across.fraction(value))),
    y: (value) => px(area.topPx + area.heightPx * (1 - within(up.fraction(value)))),
  };
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

function exact(axis: Axis | CategoryAxis, value: number): string {
  return axis.exact?.(value) ?? String(Number(value.toPrecision(6)));
}

function within(fraction: number): number {
  return Math.min(Math.max(fraction, 0), 1);
}
