/** Charts with exact values under the pointer and the arrow keys, series that can be dimmed, and their data as table and CSV. */
import { addData } from "./chart-data.js";
import { addKeys } from "./chart-keys.js";
import { addLegend } from "./chart-legend.js";
import { marksOf } from "./chart-marks.js";
import { ChartTips } from "./chart-tips.js";
import { element } from "./element.js";

export function showCharts(): void {
  for (const figure of document.querySelectorAll<HTMLElement>("figure[data-chart]")) {
    const plot = figure.querySelector<HTMLElement>(".plot");
    const svg = plot?.querySelector("svg");
    if (plot == null || svg == null) continue;
    const marks = marksOf(svg);
    if (marks.length === 0) continue;
    const tips = new ChartTips(figure, plot, marks);
    const tools = element("div", { class: "tools" });
    figure.append(tools);
    addLegend(svg, marks, tools);
    addKeys(plot, marks, tips);
    addData(figure.dataset.chart ?? "chart", marks, tools, figure);
  }
}
