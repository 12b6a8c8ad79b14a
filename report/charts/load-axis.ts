/** Where loads stand on the horizontal axis of a plot, and what that axis says. Places in px. */
import { max, min, scaleBand } from "d3";
import { defined } from "../../formats/index.js";
import type { Category } from "./axes.js";
import { loadLabels, loadName, loadRequests, type ChartData } from "./chart-data.js";

export interface LoadAxis {
  readonly categories: readonly Category[];
  readonly label: string;
  /** Room for the text of one load. */
  readonly slotPx: number;
  /** The middle of a load's place. */
  readonly xPx: (load: string) => number;
}

/** Loads as bands, for bars and boxes; `bandPx` is the width that a load's marks may take. */
export function loadBands(data: ChartData, leftPx: number, widthPx: number): LoadAxis & { readonly bandPx: number } {
  const bands = scaleBand(data.loads, [leftPx, leftPx + widthPx])
    .paddingInner(0.16)
    .paddingOuter(0.08);
  const { details, axisLabel } = loadLabels(data);
  const xPx = (load: string): number => bands(load)! + bands.bandwidth() / 2;
  return {
    categories: data.loads.map((load, i) => categoryOf(load, xPx(load), details[i])),
    label: axisLabel,
    slotPx: bands.step() - 8,
    xPx,
    bandPx: bands.bandwidth(),
  };
}

/**
 * Loads as points, for lines. Numbered runs stand at their number of requests, in proportion, where these differ from
 * run to run and leave room for the labels; other loads stand at equal distances.
 */
export function loadPoints(data: ChartData, leftPx: number, widthPx: number): LoadAxis {
  const sizes = data.loads.map((load) => loadRequests(data, load)[1]);
  const [low, high] = [min(sizes)!, max(sizes)!];
  const insetPx = Math.min(60, widthPx / 6);
  const spanPx = widthPx - 2 * insetPx;
  const inProportion = sizes.map((size) => leftPx + insetPx + (spanPx * (size - low)) / Math.max(high - low, 1));
  const gapsPx = [...inProportion].sort((a, b) => a - b).map((place, i, all) => place - (all[i - 1] ?? -Infinity));
  const proportional = data.loads.every((load) => /^\d+$/.test(load)) && sizes.length > 1 && min(gapsPx)! >= 64;
  const equalPx = widthPx / sizes.length;
  const places = proportional ? inProportion : sizes.map((_, i) => leftPx + equalPx * (i + 0.5));
  const { details, axisLabel } = loadLabels(data);
  return {
    categories: data.loads.map((load, i) => categoryOf(load, places[i]!, details[i])),
    label: proportional ? "requests of a run, n" : axisLabel,
    slotPx: proportional ? 64 : equalPx - 8,
    xPx: (load) => places[data.loads.indexOf(load)]!,
  };
}

function categoryOf(load: string, xPx: number, detail: string | undefined): Category {
  return { xPx, name: loadName(load), ...defined({ detail }) };
}
