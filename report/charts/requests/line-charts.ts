/** Means as lines over the loads: solid for real, dashed with hollow markers for simulated. */
import { mean } from "d3";
import { lineLegend, linearAxis } from "../drawing/index.js";
import type { Chart } from "./chart.js";
import { cellStats } from "./chart-data.js";
import { loadPoints } from "./load-axis.js";
import { drawLoadLines } from "./load-lines.js";
import { greatest, statsInWords, statText, throughput, ttft, type Measure } from "./measures.js";

export const ttftLineChart = lineChart("ttft_line_chart", ttft, "Mean time to first token over the load");
export const throughputLineChart = lineChart(
  "throughput_line_chart",
  throughput,
  "Mean throughput per request over the load",
);

function lineChart(name: string, { name: of, values, unit: unitOf }: Measure, heading: string): Chart {
  const statName = `mean ${of}`;
  return {
    name,
    heading,
    plan: (data) => {
      const stats = cellStats(data, values, (own) => mean(own)!);
      if (stats.length === 0) return `no row has a usable ${of}`;
      const unit = unitOf(greatest(stats));
      return {
        units: unit.name,
        description: `Line chart of the ${statName} over the loads. ${statsInWords(stats, unit)}`,
        legend: lineLegend(data),
        notes: stats.some(({ repeats }) => repeats > 1)
          ? ["Points: mean over the repeats. Whiskers: lowest and highest repeat."]
          : [],
        values,
        layout: { plotHeightPx: 320, topPx: 10, rightPx: 16, belowPx: 22 },
        panels: [
          {
            across: (place) => loadPoints(data, place),
            up: linearAxis(greatest(stats), statName, unit),
            draw: (plot) => {
              drawLoadLines(plot, data, { stats, tip: (stat) => statText(stat, statName, unit) });
            },
          },
        ],
      };
    },
  };
}
