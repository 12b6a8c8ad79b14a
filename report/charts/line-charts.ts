/** Means as lines over the loads: solid for real, dashed with hollow markers for simulated. */
import { max, mean } from "d3";
import {
  categoryRoom,
  drawBaseLine,
  drawBottomLabel,
  drawCategories,
  drawLeftAxis,
  leftRoomPx,
  linearAxis,
  type Area,
} from "./axes.js";
import type { Chart } from "./chart.js";
import { cellStats, dataNotes, sampleText, type CellStat, type ChartData } from "./chart-data.js";
import { chartWidthPx, drawFrame, lineLegend } from "./frame.js";
import { greatest, statsInWords, statText, throughput, ttft, type Measure } from "./measures.js";
import { loadPoints } from "./load-axis.js";
import { panelOf } from "./panels.js";
import { drawSeries } from "./series.js";

export const ttftLineChart = lineChart("ttft_line_chart", ttft, "Mean time to first token over the load");
export const throughputLineChart = lineChart(
  "throughput_line_chart",
  throughput,
  "Mean throughput per request over the load",
);

const plotHeightPx = 320;

function lineChart(name: string, measure: Measure, heading: string): Chart {
  const statName = `mean ${measure.name}`;
  const statsOf = (data: ChartData): CellStat[] => cellStats(data, measure.values, (values) => mean(values)!);
  return {
    name,
    plan: (data) => {
      const stats = statsOf(data);
      if (stats.length === 0) return `no row has a usable ${measure.name}`;
      const unit = measure.unit(greatest(stats));
      const axis = linearAxis(greatest(stats), statName, unit);
      const leftPx = leftRoomPx(axis);
      const area: Area = { leftPx, topPx: 10, widthPx: chartWidthPx - leftPx - 20, heightPx: plotHeightPx };
      const loads = loadPoints(data, area.leftPx, area.widthPx);
      const room = categoryRoom(loads.categories, loads.slotPx);
      const repeats = max(stats, (stat) => stat.repeats)!;
      return ({ title = heading, note }) =>
        drawFrame(
          {
            name,
            title: `${title} (${unit.name}), ${sampleText(data)}`,
            description: `Line chart of the ${statName} over the loads. ${statsInWords(stats, unit)}`,
            legend: lineLegend(data),
            notes: [
              ...(repeats > 1 ? ["Points: mean over the repeats. Whiskers: lowest and highest repeat."] : []),
              ...dataNotes(data, measure.values),
              ...(note === undefined ? [] : [note]),
            ],
            widthPx: chartWidthPx,
            bodyHeightPx: area.topPx + plotHeightPx + room.heightPx + 22,
          },
          data.schedulers,
          (body) => {
            drawLeftAxis(body, area, axis);
            drawBaseLine(body, area);
            drawCategories(body, area, loads.categories, loads.slotPx);
            drawBottomLabel(body, area, loads.label, room.heightPx + 16);
            const tip = (stat: CellStat): string => statText(stat, statName, unit);
            drawSeries(panelOf(body, area, data, axis), { data, stats, xPx: loads.xPx, tip, exact: unit.exact });
          },
        );
    },
  };
}
