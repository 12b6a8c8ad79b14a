/**
 * Whether the simulation is worse when the server is busy: the error of each request against how many requests were in the real
 * system when it came, itself included. Requests are binned by that number; of each bin the median and the middle 80 %.
 */
import { greatest } from "../../formats/index.js";
import { quantile } from "../../sim/metrics/index.js";
import { errorAxis, linearAxis, scaledUnit, leftRoomPx } from "./axes.js";
import type { Chart } from "./chart.js";
import { dataNotes, sampleText, type ChartCell, type ChartData } from "./chart-data.js";
import type { ChartRun } from "./chart-row.js";
import { chartWidthPx, drawFrame, drawMarker, drawWhisker, pointLegend } from "./frame.js";
import { latency, ttft, type Measure } from "./measures.js";
import { pairsOf } from "./parity-pairs.js";
import { policyLooks } from "./palette.js";
import { panelGrid } from "./panels.js";
import { drawLevel, drawPlot, pathOf, plotOf, standsFor, type Plot } from "./plot.js";
import { mark, softInk } from "./svg.js";

const mostBins = 10;

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
  plan: (data) => {
    if (data.sources.length === 1) return "it sets simulated against real requests, and only one of them is there";
    const columns = [ttft, latency].map((measure) => ({ measure, bins: binsOf(data, measure) }));
    const bins = columns.flatMap((column) => column.bins);
    if (bins.length === 0) return "no real request with a time of arrival has a simulated one";
    const up = errorAxis(greatest([0.1, ...bins.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)])]));
    const across = linearAxis(
      greatest(bins.map(({ inSystem }) => inSystem)),
      "in the system at arrival",
      scaledUnit("requests", 1),
    );
    const leftPx = leftRoomPx(up);
    const { areas, bodyHeightPx } = panelGrid(2, { maxColumns: 2, leftPx, belowPx: 48, plotHeightPx: 260 });
    return ({ title = "Error of single requests against the load they met", note }) =>
      drawFrame(
        {
          name: "residual_over_load",
          title: `${title} (% of the real value), ${sampleText(data)}`,
          description: columns.map(({ measure, bins: own }) => `${measure.name}: ${inWords(own)}.`).join(" "),
          legend: pointLegend(data),
          notes: [
            "Requests of all loads by how many were in the real system when they came; of each bin the median error and the middle 80 %. Grey: within 10 %.",
            ...dataNotes(data, latency.values),
            ...(note === undefined ? [] : [note]),
          ],
          widthPx: chartWidthPx,
          bodyHeightPx,
        },
        data.schedulers,
        (body) => {
          columns.forEach(({ measure, bins: own }, column) => {
            const plot = plotOf(body, areas[column]!, across, up);
            drawPlot(plot, measure.name);
            drawBins(plot, data, own);
          });
        },
      );
  },
};

function drawBins(plot: Plot, data: ChartData, bins: readonly Bin[]): void {
  const { body, area, x, y } = plot;
  mark(body, "rect", {
    x: area.leftPx,
    y: y(0.1),
    width: area.widthPx,
    height: y(-0.1) - y(0.1),
    ...softInk,
    "fill-opacity": 0.12,
  });
  drawLevel(plot, 0);
  const looks = policyLooks(data.schedulers);
  for (const [place, scheduler] of data.schedulers.entries()) {
    const asidePx = 5 * (place - (data.schedulers.length - 1) / 2);
    const look = looks.get(scheduler)!;
    const own = bins.filter((bin) => bin.scheduler === scheduler);
    if (own.length === 0) continue;
    const places = own.map(({ inSystem, median }) => [x(inSystem) + asidePx, y(median)] as const);
    mark(body, "path", { d: pathOf(places), stroke: look.colour, "stroke-width": 1.6, fill: "none" });
    own.forEach((bin, at) => {
      if (bin.low < bin.high) drawWhisker(body, places[at]![0], y(bin.high), y(bin.low), 3);
      const group = mark(body, "g", standsFor(scheduler, plot, [bin.inSystem, bin.median], bin.n));
      drawMarker(group, look, "real", ...places[at]!, binText(bin));
    });
  }
}

function binText({ scheduler, inSystem, n, median, low, high }: Bin): string {
  const [middle, from, to] = [median, low, high].map((error) => `${error > 0 ? "+" : ""}${(100 * error).toFixed(1)} %`);
  return `${scheduler}, ${Number(inSystem.toPrecision(3))} in the system: median ${middle!}, 80 % from ${from!} to ${to!} (n = ${n})`;
}

function inWords(bins: readonly Bin[]): string {
  return bins.slice(0, 40).map(binText).join("; ");
}

function binsOf(data: ChartData, { values }: Measure): Bin[] {
  const points = new Map<string, { inSystem: number; error: number }[]>();
  for (const { scheduler, load, seq, real, sim } of pairsOf(data, values)) {
    const cell = data.cells.find((one) => one.source === "real" && one.scheduler === scheduler && one.load === load)!;
    const inSystem = inSystemOf(cell);
    const own = points.get(scheduler) ?? [];
    points.set(scheduler, own);
    for (const [at, number] of seq.entries()) {
      const met = inSystem.get(number);
      if (met !== undefined && real[at]! > 0) own.push({ inSystem: met, error: sim[at]! / real[at]! - 1 });
    }
  }
  return data.schedulers.flatMap((scheduler) => binned(scheduler, points.get(scheduler) ?? []));
}

/** As many requests in each bin; equal numbers stay together. */
function binned(scheduler: string, points: { readonly inSystem: number; readonly error: number }[]): Bin[] {
  points.sort((a, b) => a.inSystem - b.inSystem);
  const bins: Bin[] = [];
  const size = Math.max(1, points.length / mostBins);
  for (let from = 0; from < points.length;) {
    let until = Math.min(points.length, Math.ceil(from + size));
    while (until < points.length && points[until]!.inSystem === points[until - 1]!.inSystem) until++;
    const own = points.slice(from, until);
    const errors = Float64Array.from(own, ({ error }) => error).sort();
    bins.push({
      scheduler,
      inSystem: own.reduce((sum, { inSystem }) => sum + inSystem, 0) / own.length,
      n: own.length,
      median: quantile(errors, 0.5),
      low: quantile(errors, 0.1),
      high: quantile(errors, 0.9),
    });
    from = until;
  }
  return bins;
}

/** By sequence number, mean over the repeats. */
function inSystemOf({ repeats }: ChartCell): ReadonlyMap<number, number> {
  const sums = new Map<number, { sum: number; count: number }>();
  for (const run of repeats.flatMap(({ runs }) => runs)) {
    for (const [seq, count] of inSystemOfRun(run)) {
      const known = sums.get(seq) ?? { sum: 0, count: 0 };
      sums.set(seq, { sum: known.sum + count, count: known.count + 1 });
    }
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
    return [number, countUpTo(arrivals, at) - countUpTo(ends, at)] as const;
  });
}

/** How many of the ascending values are at most that. */
function countUpTo(ascending: Float64Array, value: number): number {
  let [from, until] = [0, ascending.length];
  while (from < until) {
    const middle = (from + until) >> 1;
    if (ascending[middle]! <= value) from = middle + 1;
    else until = middle;
  }
  return from;
}
