/**
 * How wrong the simulation is along the distribution: the error of each percentile of each latency, from the fastest requests to
 * the slowest. A percentile of too few requests is left out. The bars hold the errors against each real repeat by itself.
 */
import { greatest, least } from "../../formats/index.js";
import { minimumCount, quantile } from "../../sim/metrics/index.js";
import { errorAxis, scaledUnit, type ValueAxis } from "./axes.js";
import type { Chart } from "./chart.js";
import { dataNotes, loadName, sampleText, type ChartCell, type ChartData } from "./chart-data.js";
import { chartWidthPx, drawFrame, drawMarker, drawWhisker, pointLegend } from "./frame.js";
import { loadRows } from "./load-rows.js";
import { latency, tpot, ttft, type Measure } from "./measures.js";
import { policyLooks, type PolicyLook } from "./palette.js";
import { drawLevel, pathOf, standsFor, type Plot } from "./plot.js";
import { mark, softInk } from "./svg.js";

const percents = [5, 10, 25, 50, 75, 90, 95, 99, 99.9];
const leastError = 0.1;

interface Point {
  readonly percent: number;
  readonly error: number;
  /** Against each real repeat. */
  readonly low: number;
  readonly high: number;
}

interface Curve {
  readonly real: ChartCell;
  readonly points: readonly Point[];
}

export const errorByPercentile: Chart = {
  name: "error_by_percentile",
  plan: (data) => {
    if (data.sources.length === 1) return "it sets simulated against real requests, and only one of them is there";
    const columns = [ttft, tpot, latency]
      .map((measure) => ({ measure, curves: curvesOf(data, measure) }))
      .filter(({ curves }) => curves.length > 0);
    if (columns.length === 0)
      return `no cell has the ${minimumCount(0.5)} requests, simulated and real, that P50 needs`;
    const all = columns.flatMap(({ curves }) => curves.flatMap(({ points }) => points));
    const up = errorAxis(greatest([leastError, ...all.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)])]));
    const across = percentAxis(percents.filter((percent) => all.some((point) => point.percent === percent)));
    const rows = loadRows(
      data,
      columns.map((column) => ({
        ...{ ...column, across, up },
        hasLoad: (load: string) => column.curves.some(({ real }) => real.load === load),
      })),
    );
    return ({ title = "Error of the simulation by percentile", note }) =>
      drawFrame(
        {
          name: "error_by_percentile",
          title: `${title} (% of the real percentile), ${sampleText(data)}`,
          description: columns.map(({ measure, curves }) => `${measure.name}: ${inWords(curves)}.`).join(" "),
          legend: pointLegend(data),
          notes: [
            "Above zero the simulation is slower than the real runs. Grey: within 10 %. A percentile of too few requests is left out.",
            ...(all.some(({ low, high }) => low < high)
              ? ["Bars: the errors against each real repeat by itself."]
              : []),
            ...rows.notes,
            ...dataNotes(data, latency.values),
            ...(note === undefined ? [] : [note]),
          ],
          widthPx: chartWidthPx,
          bodyHeightPx: rows.bodyHeightPx,
        },
        data.schedulers,
        (body) => {
          const looks = policyLooks(data.schedulers);
          rows.draw(body, (plot, { curves }, load) => {
            drawTolerance(plot);
            const own = curves.filter(({ real }) => real.load === load);
            own.forEach((curve, at) => {
              drawCurve(plot, curve, looks.get(curve.real.scheduler)!, 5 * (at - (own.length - 1) / 2));
            });
          });
        },
      );
  },
};

function curvesOf(data: ChartData, { values }: Measure): Curve[] {
  return data.cells.flatMap((real): Curve[] => {
    const sim = data.cells.find(
      ({ source, scheduler, load }) => source === "sim" && scheduler === real.scheduler && load === real.load,
    );
    if (real.source !== "real" || sim === undefined) return [];
    const predicted = sim.pooled.ascending(values);
    const measured = real.pooled.ascending(values);
    const repeats = real.repeats.map((repeat) => repeat.ascending(values)).filter(({ length }) => length > 0);
    const fewest = Math.min(predicted.length, measured.length);
    const points = percents.flatMap((percent): Point[] => {
      const share = percent / 100;
      if (fewest < minimumCount(share) || !(quantile(measured, share) > 0)) return [];
      const errorOf = (ascending: Float64Array): number => quantile(predicted, share) / quantile(ascending, share) - 1;
      const errors = [measured, ...repeats].map(errorOf).filter(Number.isFinite);
      return [{ percent, error: errors[0]!, low: least(errors), high: greatest(errors) }];
    });
    return points.length === 0 ? [] : [{ real, points }];
  });
}

/** Percentiles at equal distances: their tail is what the chart is about. */
function percentAxis(shown: readonly number[]): ValueAxis {
  return {
    label: "percentile",
    ticks: shown,
    tickText: (percent) => scaledUnit("", 1).text(percent),
    fraction: (percent) => (shown.indexOf(percent) + 0.5) / shown.length,
  };
}

/** What counts as close, and no error. */
function drawTolerance(plot: Plot): void {
  const { area, y } = plot;
  const box = { x: area.leftPx, y: y(leastError), width: area.widthPx, height: y(-leastError) - y(leastError) };
  mark(plot.body, "rect", { ...box, ...softInk, "fill-opacity": 0.12 });
  drawLevel(plot, 0);
}

function drawCurve(plot: Plot, { real, points }: Curve, look: PolicyLook, asidePx: number): void {
  const { body, x, y } = plot;
  const places = points.map(({ percent, error }) => [x(percent) + asidePx, y(error)] as const);
  mark(body, "path", { d: pathOf(places), stroke: look.colour, "stroke-width": 1.6, fill: "none" });
  points.forEach(({ percent, error, low, high }, at) => {
    const [xPx, yPx] = places[at]!;
    if (low < high) drawWhisker(body, xPx, y(high), y(low), 3);
    const group = mark(body, "g", standsFor(real.scheduler, plot, [percent, error]));
    const tip = `${real.scheduler}, ${loadName(real.load)}, P${percent}: ${signed(error)}`;
    drawMarker(group, look, "real", xPx, yPx, tip);
  });
}

function inWords(curves: readonly Curve[]): string {
  return curves
    .slice(0, 30)
    .map(({ real, points }) => {
      const told = points.map(({ percent, error }) => `P${percent} ${signed(error)}`);
      return `${real.scheduler}, ${loadName(real.load)}: ${told.join(", ")}`;
    })
    .join("; ");
}

function signed(error: number): string {
  return `${error > 0 ? "+" : ""}${(100 * error).toFixed(1)} %`;
}
