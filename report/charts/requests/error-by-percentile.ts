/**
 * How wrong the simulation is along the distribution: the error of each percentile of each latency, from the fastest requests to
 * the slowest. A percentile of too few requests is left out. The bars hold the errors against each real repeat by itself.
 */
import { greatest, least } from "../../../formats/index.js";
import { minimumCount, quantile } from "../../../sim/metrics/index.js";
import {
  CLOSE,
  drawClose,
  drawLine,
  drawMarker,
  drawWhisker,
  errorAxis,
  mark,
  pointLegend,
  scaledUnit,
  standsFor,
  type Axis,
  type Plot,
} from "../drawing/index.js";
import type { Chart } from "./chart.js";
import { loadName, type ChartCell, type ChartData } from "./chart-data.js";
import { loadRows, type RowColumn } from "./load-rows.js";
import { latency, tpot, ttft, type Measure } from "./measures.js";
import { twins } from "./pairs.js";

const percents = [5, 10, 25, 50, 75, 90, 95, 99, 99.9];

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
  heading: "Error of the simulation by percentile",
  needsBoth: true,
  plan: (data) => {
    const columns = [ttft, tpot, latency]
      .map((measure) => ({ measure, curves: curvesOf(data, measure) }))
      .filter(({ curves }) => curves.length > 0);
    if (columns.length === 0)
      return `no cell has the ${minimumCount(0.5)} requests, simulated and real, that P50 needs`;
    const all = columns.flatMap(({ curves }) => curves.flatMap(({ points }) => points));
    const up = errorAxis(greatest([CLOSE, ...all.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)])]));
    const across = percentAxis(percents.filter((percent) => all.some((point) => point.percent === percent)));
    const { notes, ...rows } = loadRows(
      data,
      columns.map(({ measure, curves }): RowColumn => ({
        measure,
        across,
        up,
        hasLoad: (load) => curves.some(({ real }) => real.load === load),
        draw: (plot, load) => {
          drawClose(plot);
          const own = curves.filter(({ real }) => real.load === load);
          own.forEach((curve, at) => {
            drawCurve(plot, curve, 5 * (at - (own.length - 1) / 2));
          });
        },
      })),
    );
    const hasBars = all.some(({ low, high }) => low < high);
    return {
      units: "% of the real percentile",
      description: columns.map(({ measure, curves }) => `${measure.name}: ${inWords(curves)}.`).join(" "),
      legend: pointLegend(data),
      notes: [
        "Above zero the simulation is slower than the real runs. Grey: within 10 %. A percentile of too few requests is left out.",
        ...(hasBars ? ["Bars: the errors against each real repeat by itself."] : []),
        ...notes,
      ],
      ...rows,
    };
  },
};

function curvesOf(data: ChartData, { values }: Measure): Curve[] {
  return twins(data).flatMap(({ real, sim }): Curve[] => {
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
function percentAxis(shown: readonly number[]): Axis {
  return {
    label: "percentile",
    ticks: shown,
    tickText: (percent) => scaledUnit("", 1).text(percent),
    fraction: (percent) => (shown.indexOf(percent) + 0.5) / shown.length,
  };
}

function drawCurve(plot: Plot, { real, points }: Curve, asidePx: number): void {
  const { body, x, y } = plot;
  const look = plot.look(real.scheduler);
  const places = points.map(({ percent, error }) => [x(percent) + asidePx, y(error)] as const);
  drawLine(body, places, { colour: look.colour, widthPx: 1.6 });
  points.forEach(({ percent, error, low, high }, at) => {
    if (low < high) drawWhisker(body, places[at]![0], [y(high), y(low)], 3);
    const tip = `${real.scheduler}, ${loadName(real.load)}, P${percent}: ${signed(error)}`;
    const group = mark(body, "g", standsFor(real.scheduler, plot, [percent, error]));
    drawMarker(group, look, "real", places[at]!, tip);
  });
}

function inWords(curves: readonly Curve[]): string {
  const told = curves.slice(0, 30).map(({ real, points }) => {
    const errors = points.map(({ percent, error }) => `P${percent} ${signed(error)}`);
    return `${real.scheduler}, ${loadName(real.load)}: ${errors.join(", ")}`;
  });
  return told.join("; ");
}

/** `+3.2 %`. */
export function signed(error: number): string {
  return `${error > 0 ? "+" : ""}${(100 * error).toFixed(1)} %`;
}
