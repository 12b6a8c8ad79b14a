/**
 * Bars by load, scheduler and source: solid for real, hatched for simulated, side by side. The whisker goes from the
 * lowest to the highest repeat. Values stand above the bars as far as there is room; tooltips have them all.
 */
import { max, mean, scaleBand, sum } from "d3";
import {
  drawBaseLine,
  drawBottomLabel,
  drawCategories,
  drawLeftAxis,
  categoryRoom,
  leftRoomPx,
  linearAxis,
  type Area,
} from "./axes.js";
import type { Chart } from "./chart.js";
import { cellName, cellStats, dataNotes, loadName, sampleText, type CellStat, type ChartData } from "./chart-data.js";
import { areaFill, barLegend, chartWidthPx, drawFrame, drawWhisker } from "./frame.js";
import { loadBands, type LoadAxis } from "./load-axis.js";
import { greatest, latency, statsInWords, statText, throughput, ttft, type Measure } from "./measures.js";
import { panelOf, type Panel } from "./panels.js";
import { standsAt } from "./plot.js";
import { label, mark } from "./svg.js";
import { textWidthPx } from "./text.js";

export const ttftBarChart = barChart("ttft_bar_chart", ttft, "mean", "Mean time to first token");
export const throughputBarChart = barChart("throughput_bar_chart", throughput, "mean", "Mean throughput per request");
export const totalLatencyBarChart = barChart(
  "total_latency_bar_chart",
  latency,
  "sum",
  "Latency of all requests, summed",
);

const plotHeightPx = 320;
const valueFontPx = 10;

function barChart(name: string, measure: Measure, statistic: "mean" | "sum", heading: string): Chart {
  const statName = statistic === "mean" ? `mean ${measure.name}` : `${measure.name}, summed`;
  const statsOf = (data: ChartData): CellStat[] =>
    cellStats(data, measure.values, (values) => (statistic === "mean" ? mean(values)! : sum(values)));
  return {
    name,
    plan: (data) => {
      const stats = statsOf(data);
      if (stats.length === 0) return `no row has a usable ${measure.name}`;
      const unit = measure.unit(greatest(stats));
      const axis = linearAxis(greatest(stats), statName, unit);
      const repeats = max(stats, (stat) => stat.repeats)!;
      const leftPx = leftRoomPx(axis);
      const barsPerLoad = data.schedulers.length * data.sources.length;
      const widthPx = Math.max(chartWidthPx, leftPx + data.loads.length * barsPerLoad * 9);
      const plotWidthPx = widthPx - leftPx - 20;
      const loads = loadBands(data, leftPx, plotWidthPx);
      const room = categoryRoom(loads.categories, loads.slotPx);
      const bars = placeBars(data, stats, loads);
      const topPx = headroomPx(bars, (value) => unit.text(value));
      const area: Area = { leftPx, topPx, widthPx: plotWidthPx, heightPx: plotHeightPx };
      return ({ title = heading, note }) =>
        drawFrame(
          {
            name,
            title: `${title} (${unit.name}), ${sampleText(data)}`,
            description: `Bar chart of the ${statName} by load and scheduler. ${statsInWords(stats, unit)}`,
            legend: barLegend(name, data),
            notes: [
              ...(repeats > 1 ? ["Bars: mean over the repeats. Whiskers: lowest and highest repeat."] : []),
              ...dataNotes(data, measure.values),
              ...(note === undefined ? [] : [note]),
            ],
            widthPx,
            bodyHeightPx: topPx + plotHeightPx + room.heightPx + 22,
          },
          data.schedulers,
          (body) => {
            const panel = panelOf(body, area, data, axis);
            drawLeftAxis(body, area, axis);
            drawBars(panel, name, bars, { tip: (stat) => statText(stat, statName, unit), exact: unit.exact });
            drawValues(panel, bars, (value) => unit.text(value));
            drawBaseLine(body, area);
            drawCategories(body, area, loads.categories, loads.slotPx);
            drawBottomLabel(body, area, loads.label, room.heightPx + 16);
          },
        );
    },
  };
}

interface Bar {
  readonly stat: CellStat;
  readonly xPx: number;
  readonly widthPx: number;
}

/** Bars of a load stand centred in its band, none wider than 64 px; a missing combination leaves its place empty. */
function placeBars(data: ChartData, stats: readonly CellStat[], loads: { bandPx: number } & LoadAxis): Bar[] {
  const groupPx = Math.min(loads.bandPx, data.schedulers.length * data.sources.length * 64);
  const schedulers = scaleBand(data.schedulers, [0, groupPx]).paddingInner(0.12);
  const sources = scaleBand(data.sources, [0, schedulers.bandwidth()]).paddingInner(0.06);
  return stats.map((stat) => {
    const insidePx = schedulers(stat.cell.scheduler)! + sources(stat.cell.source)!;
    return { stat, xPx: loads.xPx(stat.cell.load) - groupPx / 2 + insidePx, widthPx: sources.bandwidth() };
  });
}

/** Room above the plot for values: lying where all fit their bars, standing where bars are at least 10 px wide. */
function headroomPx(bars: readonly Bar[], text: (value: number) => string): number {
  const setting = valueSetting(bars, text);
  if (setting === "none") return 8;
  return setting === "lying" ? 18 : 10 + max(bars, ({ stat }) => textWidthPx(text(stat.mean), valueFontPx))!;
}

function valueSetting(bars: readonly Bar[], text: (value: number) => string): "lying" | "standing" | "none" {
  const widthPx = bars[0]!.widthPx;
  if (bars.every(({ stat }) => textWidthPx(text(stat.mean), valueFontPx) <= widthPx + 1)) return "lying";
  return widthPx >= valueFontPx ? "standing" : "none";
}

function drawBars(
  { body, looks, yPx }: Panel,
  name: string,
  bars: readonly Bar[],
  { tip, exact }: { readonly tip: (stat: CellStat) => string; readonly exact: (value: number) => string },
): void {
  for (const { stat, xPx, widthPx } of bars) {
    const { scheduler, source } = stat.cell;
    const heightPx = yPx(0) - yPx(stat.mean);
    const fill = areaFill(name, scheduler, looks.get(scheduler)!, source);
    const stands = standsAt(cellName(stat.cell), loadName(stat.cell.load), exact(stat.mean), stat.requests);
    const group = mark(body, "g", stands, tip(stat));
    mark(group, "rect", { x: xPx, y: yPx(stat.mean), width: widthPx, height: heightPx, ...fill });
    if (stat.repeats > 1) drawWhisker(group, xPx + widthPx / 2, yPx(stat.min), yPx(stat.max), Math.min(widthPx / 4, 5));
  }
}

function drawValues({ body, yPx }: Panel, bars: readonly Bar[], text: (value: number) => string): void {
  const setting = valueSetting(bars, text);
  if (setting === "none") return;
  for (const { stat, xPx, widthPx } of bars) {
    const centrePx = xPx + widthPx / 2;
    const abovePx = yPx(stat.max) - 4;
    if (setting === "lying") {
      label(body, text(stat.mean), valueFontPx, { x: centrePx, y: abovePx, "text-anchor": "middle" });
    } else {
      const transform = `translate(${(centrePx + 3.5).toFixed(2)},${abovePx.toFixed(2)}) rotate(-90)`;
      label(body, text(stat.mean), valueFontPx, { transform });
    }
  }
}
