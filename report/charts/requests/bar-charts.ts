/**
 * Bars by load, scheduler and source: solid for real, hatched for simulated, side by side. The whisker goes from the
 * lowest to the highest repeat. Values stand above the bars as far as there is room; tooltips have them all.
 */
import { max, mean, sum } from "d3";
import {
  areaFill,
  barLegend,
  chartWidthPx,
  drawWhisker,
  label,
  leftRoomPx,
  linearAxis,
  mark,
  standsFor,
  textWidthPx,
  type Across,
  type Plot,
} from "../drawing/index.js";
import type { Chart } from "./chart.js";
import { cellName, cellStats, type CellStat, type ChartData } from "./chart-data.js";
import { loadBands, sideBySide } from "./load-axis.js";
import { greatest, latency, statsInWords, statText, throughput, ttft, type Measure } from "./measures.js";

export const ttftBarChart = barChart("ttft_bar_chart", ttft, "mean", "Mean time to first token");
export const throughputBarChart = barChart("throughput_bar_chart", throughput, "mean", "Mean throughput per request");
export const totalLatencyBarChart = barChart(
  "total_latency_bar_chart",
  latency,
  "sum",
  "Latency of all requests, summed",
);

const valueFontPx = 10;
const edgesPx = 20;

function barChart(name: string, measure: Measure, statistic: "mean" | "sum", heading: string): Chart {
  const statName = statistic === "mean" ? `mean ${measure.name}` : `${measure.name}, summed`;
  return {
    name,
    heading,
    plan: (data) => {
      const stats = cellStats(data, measure.values, (own) => (statistic === "mean" ? mean(own)! : sum(own)));
      if (stats.length === 0) return `no row has a usable ${measure.name}`;
      const unit = measure.unit(greatest(stats));
      const up = linearAxis(greatest(stats), statName, unit);
      const bars = data.loads.length * data.schedulers.length * data.sources.length;
      const widthPx = Math.max(chartWidthPx, leftRoomPx(up) + bars * 9);
      const barPx = barsOf(data, { leftPx: 0, widthPx: widthPx - leftRoomPx(up) - edgesPx }).widthPx;
      const setting = valueSetting(stats.map((stat) => unit.text(stat.mean)), barPx); // prettier-ignore
      return {
        units: unit.name,
        description: `Bar chart of the ${statName} by load and scheduler. ${statsInWords(stats, unit)}`,
        legend: barLegend(name, data),
        notes: stats.some(({ repeats }) => repeats > 1)
          ? ["Bars: mean over the repeats. Whiskers: lowest and highest repeat."]
          : [],
        values: measure.values,
        layout: { widthPx, plotHeightPx: 320, topPx: setting.roomPx, rightPx: edgesPx - 4, belowPx: 22 },
        panels: [
          {
            across: (place) => loadBands(data, place),
            up,
            bottom: "over",
            draw: (plot) => {
              drawBars(plot, { name, data, stats, tip: (stat) => statText(stat, statName, unit) });
              drawValues(plot, data, { stats, look: setting.look, text: (value) => unit.text(value) });
            },
          },
        ],
      };
    },
  };
}

function barsOf(data: ChartData, plot: Across): ReturnType<typeof sideBySide> {
  return sideBySide(data, plot, { mostPx: 64, gaps: [0.12, 0.06] });
}

type ValueLook = "lying" | "standing" | "none";

/** Values lie where all fit their bars, and stand where bars are at least 10 px wide. */
function valueSetting(texts: readonly string[], barPx: number): { readonly look: ValueLook; readonly roomPx: number } {
  const widestPx = max(texts, (text) => textWidthPx(text, valueFontPx))!;
  if (widestPx <= barPx + 1) return { look: "lying", roomPx: 18 };
  return barPx >= valueFontPx ? { look: "standing", roomPx: 10 + widestPx } : { look: "none", roomPx: 8 };
}

interface Bars {
  readonly name: string;
  readonly data: ChartData;
  readonly stats: readonly CellStat[];
  readonly tip: (stat: CellStat) => string;
}

function drawBars(plot: Plot, { name, data, stats, tip }: Bars): void {
  const { body, area, up, y, look } = plot;
  const { widthPx: width, leftPx: leftPxOf } = barsOf(data, area);
  for (const { cell, ...stat } of stats) {
    const at = data.loads.indexOf(cell.load);
    const leftPx = leftPxOf(cell);
    const height = area.heightPx * up.fraction(stat.mean);
    const fill = areaFill(name, cell.scheduler, look(cell.scheduler), cell.source);
    const stands = standsFor(cellName(cell), plot, [at, stat.mean], stat.requests);
    const group = mark(body, "g", stands, tip({ cell, ...stat }));
    mark(group, "rect", { x: leftPx, y: y(stat.mean), width, height, ...fill });
    if (stat.repeats > 1) drawWhisker(group, leftPx + width / 2, [y(stat.min), y(stat.max)], Math.min(width / 4, 5));
  }
}

interface Values {
  readonly stats: readonly CellStat[];
  readonly look: ValueLook;
  readonly text: (value: number) => string;
}

function drawValues({ body, area, y }: Plot, data: ChartData, { stats, look, text }: Values): void {
  if (look === "none") return;
  const { widthPx, leftPx } = barsOf(data, area);
  for (const { cell, mean: value, max: most } of stats) {
    const centrePx = leftPx(cell) + widthPx / 2;
    const abovePx = y(most) - 4;
    const transform = `translate(${(centrePx + 3.5).toFixed(2)},${abovePx.toFixed(2)}) rotate(-90)`;
    const place = look === "standing" ? { transform } : { x: centrePx, y: abovePx, "text-anchor": "middle" };
    label(body, text(value), valueFontPx, place);
  }
}
