/**
 * Whether the simulation is worse when the server is busy: the error of each request against how many requests were in the real
 * system when it came, itself included. Requests are binned by that number; of each bin the median and the middle 80 %.
 */
import { bisectRight, mean } from "d3";
import { greatest } from "../../../formats/index.js";
import { quantile } from "../../../sim/metrics/index.js";
import {
  CLOSE,
  drawClose,
  drawLine,
  drawMarker,
  drawWhisker,
  errorAxis,
  linearAxis,
  mark,
  pointLegend,
  scaledUnit,
  standsFor,
  type Plot,
} from "../drawing/index.js";
import type { Chart } from "./chart.js";
import type { ChartCell, ChartData } from "./chart-data.js";
import type { ChartRun } from "./chart-row.js";
import { signed } from "./error-by-percentile.js";
import { latency, ttft, type Measure } from "./measures.js";
import { pairsOf } from "./pairs.js";

const mostBins = 10;

/** A request: how many were in the system when it came, and its error. */
interface Met {
  readonly inSystem: number;
  readonly error: number;
}

interface Bin {
  readonly scheduler: string;
  /** Mean of the requests in the system. */
  readonly inSystem: number;
  readonly n: number;
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export const residualOverLoad: Chart = {
  name: "residual_over_load",
  heading: "Error of single requests against the load they met",
  needsBoth: true,
  plan: (data) => {
    const columns = [ttft, latency].map((measure) => ({ measure, bins: binsOf(data, measure) }));
    const all = columns.flatMap(({ bins }) => bins);
    if (all.length === 0) return "no real request with a time of arrival has a simulated one";
    const up = errorAxis(greatest([CLOSE, ...all.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)])]));
    const most = greatest(all.map(({ inSystem }) => inSystem));
    const inWords = (bins: readonly Bin[]): string => bins.slice(0, 40).map(binText).join("; ");
    return {
      units: "% of the real value",
      description: columns.map(({ measure, bins }) => `${measure.name}: ${inWords(bins)}.`).join(" "),
      legend: pointLegend(data),
      notes: [
        "Requests of all loads by how many were in the real system when they came; of each bin the median error and the middle 80 %. Grey: within 10 %.",
      ],
      layout: { plotHeightPx: 260 },
      panels: columns.map(({ measure, bins }) => ({
        heading: measure.name,
        across: linearAxis(most, "in the system at arrival", scaledUnit("requests", 1)),
        up,
        draw: (plot) => {
          drawClose(plot);
          drawBins(plot, data, bins);
        },
      })),
    };
  },
};

function drawBins(plot: Plot, { schedulers }: ChartData, bins: readonly Bin[]): void {
  const { body, x, y } = plot;
  for (const [place, scheduler] of schedulers.entries()) {
    const asidePx = 5 * (place - (schedulers.length - 1) / 2);
    const look = plot.look(scheduler);
    const own = bins.filter((bin) => bin.scheduler === scheduler);
    const places = own.map(({ inSystem, median }) => [x(inSystem) + asidePx, y(median)] as const);
    drawLine(body, places, { colour: look.colour, widthPx: 1.6 });
    own.forEach((bin, at) => {
      if (bin.low < bin.high) drawWhisker(body, places[at]![0], [y(bin.high), y(bin.low)], 3);
      const group = mark(body, "g", standsFor(scheduler, plot, [bin.inSystem, bin.median], bin.n));
      drawMarker(group, look, "real", places[at]!, binText(bin));
    });
  }
}

function binText({ scheduler, inSystem, n, median, low, high }: Bin): string {
  return `${scheduler}, ${Number(inSystem.toPrecision(3))} in the system: median ${signed(median)}, 80 % from ${signed(low)} to ${signed(high)} (n = ${n})`;
}

function binsOf(data: ChartData, { values }: Measure): Bin[] {
  const points = new Map<string, Met[]>(data.schedulers.map((scheduler) => [scheduler, []]));
  for (const { cell, seq, real, sim } of pairsOf(data, values)) {
    const inSystem = inSystemOf(cell);
    for (const [at, number] of seq.entries()) {
      const met = inSystem.get(number);
      if (met === undefined || !(real[at]! > 0)) continue;
      points.get(cell.scheduler)!.push({ inSystem: met, error: sim[at]! / real[at]! - 1 });
    }
  }
  return [...points].flatMap(([scheduler, own]) => binned(scheduler, own));
}

/** As many requests in each bin; equal numbers stay together. */
function binned(scheduler: string, points: Met[]): Bin[] {
  points.sort((a, b) => a.inSystem - b.inSystem);
  const bins: Bin[] = [];
  const size = Math.max(1, points.length / mostBins);
  for (let from = 0; from < points.length;) {
    let until = Math.min(points.length, Math.ceil(from + size));
    while (until < points.length && points[until]!.inSystem === points[until - 1]!.inSystem) until++;
    const own = points.slice(from, until);
    const errors = Float64Array.from(own, ({ error }) => error).sort();
    const [low, median, high] = [0.1, 0.5, 0.9].map((share) => quantile(errors, share)) as [number, number, number];
    bins.push({ scheduler, inSystem: mean(own, ({ inSystem }) => inSystem)!, n: own.length, median, low, high });
    from = until;
  }
  return bins;
}

/** By sequence number, mean over the repeats. */
function inSystemOf({ pooled: { runs } }: ChartCell): ReadonlyMap<number, number> {
  const sums = new Map<number, { sum: number; count: number }>();
  for (const [seq, count] of runs.flatMap(inSystemOfRun)) {
    const known = sums.get(seq) ?? { sum: 0, count: 0 };
    sums.set(seq, { sum: known.sum + count, count: known.count + 1 });
  }
  return new Map([...sums].map(([seq, { sum, count }]) => [seq, sum / count]));
}

/** Of each finished request: those that came at or before its arrival and had not ended. */
function inSystemOfRun({ seq, arrivalS, latencyS }: ChartRun): (readonly [number, number])[] {
  if (arrivalS === undefined) return [];
  const arrivals = arrivalS.slice().sort();
  const ends = arrivalS.map((at, row) => at + latencyS[row]!).sort();
  return Array.from(seq, (number, row) => {
    const at = arrivalS[row]!;
    return [number, bisectRight(arrivals, at) - bisectRight(ends, at)] as const;
  });
}
