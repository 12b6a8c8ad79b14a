/** Where loads stand on the horizontal axis of a plot, and what that axis says. Places in px. */
import { max, min, scaleBand, type ScaleBand } from "d3";
import type { Across, CategoryAxis } from "../drawing/index.js";
import { loadLabels, loadName, loadRequests, type ChartCell, type ChartData } from "./chart-data.js";

/** Loads as bands, for bars and boxes. */
export function loadBands(data: ChartData, plot: Across): CategoryAxis {
  const bands = bandsOf(data, plot);
  const placesPx = data.loads.map((load) => bands(load)! + bands.bandwidth() / 2);
  return { ...loadAxis(data, placesPx), slotPx: bands.step() - 8 };
}

function bandsOf({ loads }: ChartData, { leftPx, widthPx }: Across): ScaleBand<string> {
  return scaleBand(loads, [leftPx, leftPx + widthPx])
    .paddingInner(0.16)
    .paddingOuter(0.08);
}

/**
 * Where the marks of a cell stand in a plot of a width: side by side, centred in the band of their load, sources within
 * schedulers. A missing combination leaves its place empty.
 */
export function sideBySide(
  data: ChartData,
  plot: Across,
  { mostPx, gaps }: { readonly mostPx: number; readonly gaps: readonly [scheduler: number, source: number] },
): { readonly widthPx: number; readonly leftPx: (cell: ChartCell) => number } {
  const { schedulers, sources } = data;
  const bands = bandsOf(data, plot);
  const groupPx = Math.min(bands.bandwidth(), schedulers.length * sources.length * mostPx);
  const outer = scaleBand(schedulers, [0, groupPx]).paddingInner(gaps[0]);
  const inner = scaleBand(sources, [0, outer.bandwidth()]).paddingInner(gaps[1]);
  const leftPx = ({ load, scheduler, source }: ChartCell): number =>
    bands(load)! + bands.bandwidth() / 2 - groupPx / 2 + (outer(scheduler)! + inner(source)!);
  return { widthPx: inner.bandwidth(), leftPx };
}

/**
 * Loads as points, for lines. Numbered runs stand at their number of requests, in proportion, where these differ from
 * run to run and leave room for the labels; other loads stand at equal distances.
 */
export function loadPoints(data: ChartData, { leftPx, widthPx }: Across): CategoryAxis {
  const sizes = data.loads.map((load) => loadRequests(data, load)[1]);
  const [low, high] = [min(sizes)!, max(sizes)!];
  const insetPx = Math.min(60, widthPx / 6);
  const spanPx = widthPx - 2 * insetPx;
  const inProportion = sizes.map((size) => leftPx + insetPx + (spanPx * (size - low)) / Math.max(high - low, 1));
  const gapsPx = [...inProportion].sort((a, b) => a - b).map((place, i, all) => place - (all[i - 1] ?? -Infinity));
  if (data.loads.every((load) => /^\d+$/.test(load)) && sizes.length > 1 && min(gapsPx)! >= 64) {
    return { ...loadAxis(data, inProportion), label: "requests of a run, n", slotPx: 64 };
  }
  const equalPx = widthPx / sizes.length;
  const places = sizes.map((_, i) => leftPx + equalPx * (i + 0.5));
  return { ...loadAxis(data, places), slotPx: equalPx - 8 };
}

function loadAxis(data: ChartData, placesPx: readonly number[]): Omit<CategoryAxis, "slotPx"> {
  const { details, axisLabel: label } = loadLabels(data);
  const tickText = (at: number): string => loadName(data.loads[at]!);
  const ticks = data.loads.map((_, at) => at);
  return { label, details, ticks, tickText, exact: tickText, xPx: (at) => placesPx[at]! };
}
