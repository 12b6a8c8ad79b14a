/**
 * Latency percentiles as a panel each, lines over the loads. A percentile of few requests is a guess: where a run has
 * fewer than the least n (docs/metrics.md) it is hidden, and the notes say so.
 */
import { max } from "d3";
import { quantile } from "../../sim/metrics/index.js";
import {
  categoryRoom,
  drawBaseLine,
  drawBottomLabel,
  drawCategories,
  drawLeftAxis,
  leftRoomPx,
  linearAxis,
} from "./axes.js";
import type { Chart } from "./chart.js";
import { cellStats, dataNotes, sampleText, type CellStat, type ChartData } from "./chart-data.js";
import { drawFrame, lineLegend } from "./frame.js";
import { greatest, latency, statsInWords, statText } from "./measures.js";
import { drawPanelHeading, panelGrid, panelOf } from "./panels.js";
import { loadPoints } from "./load-axis.js";
import { drawSeries } from "./series.js";

/** Percentiles and the least number of requests for which each is shown. */
export const leastRequests: readonly (readonly [percent: number, requests: number])[] = [
  [50, 6],
  [90, 36],
  [95, 72],
  [99, 368],
];

export const latencyPercentiles: Chart = {
  name: "latency_percentiles",
  plan: (data) => {
    const all = percentiles(data);
    const shown = all.filter(({ stats }) => stats.length > 0);
    if (shown.length === 0)
      return `no run has the ${leastRequests[0]![1]} requests that p${leastRequests[0]![0]} needs`;
    const maxS = max(shown, ({ stats }) => greatest(stats))!;
    const unit = latency.unit(maxS);
    const axis = linearAxis(maxS, "latency", unit);
    const leftPx = leftRoomPx(axis);
    const layout = {
      maxColumns: data.loads.length > 6 ? 1 : shown.length === 3 && data.loads.length <= 4 ? 3 : 2,
      leftPx,
      plotHeightPx: 200,
    };
    const first = panelGrid(shown.length, { ...layout, belowPx: 0 }).areas[0]!;
    const loads = loadPoints(data, first.leftPx, first.widthPx);
    const room = categoryRoom(loads.categories, loads.slotPx);
    const { areas, bodyHeightPx } = panelGrid(shown.length, { ...layout, belowPx: room.heightPx + 30 });
    return ({ title = "Latency percentiles over the load", note }) =>
      drawFrame(
        {
          name: "latency_percentiles",
          title: `${title} (${unit.name}), ${sampleText(data)}`,
          description: shown
            .map(({ percent, stats }) => `Percentile ${percent}: ${statsInWords(stats, unit)}`)
            .join(" "),
          legend: lineLegend(data),
          notes: [...notesOf(data, all), ...(note === undefined ? [] : [note])],
          widthPx: 960,
          bodyHeightPx,
        },
        data.schedulers,
        (body) => {
          shown.forEach(({ percent, stats }, i) => {
            const area = areas[i]!;
            const shiftPx = area.leftPx - first.leftPx;
            const categories = loads.categories.map((each) => ({ ...each, xPx: each.xPx + shiftPx }));
            drawPanelHeading(body, area, percent === 50 ? "p50 (median)" : `p${percent}`);
            drawLeftAxis(body, area, axis);
            drawBaseLine(body, area);
            drawCategories(body, area, categories, loads.slotPx);
            drawBottomLabel(body, area, loads.label, room.heightPx + 16);
            const tip = (stat: CellStat): string => statText(stat, `p${percent} latency`, unit);
            const xPx = (load: string): number => loads.xPx(load) + shiftPx;
            drawSeries(panelOf(body, area, data, axis), { data, stats, xPx, tip, exact: unit.exact });
          });
        },
      );
  },
};

function notesOf(data: ChartData, all: readonly Percentile[]): string[] {
  return [
    ...all.flatMap(({ percent, requests, hidden }) => hiddenNote(percent, requests, hidden)),
    ...(data.cells.some(({ repeats }) => repeats.length > 1)
      ? ["Points: mean over the repeats of each repeat's percentile. Whiskers: lowest and highest repeat."]
      : []),
    ...dataNotes(data, latency.values),
  ];
}

interface Percentile {
  readonly percent: number;
  readonly requests: number;
  readonly stats: readonly CellStat[];
  /** How many cells of how many have too few requests. */
  readonly hidden: readonly [hidden: number, cells: number];
}

function percentiles(data: ChartData): Percentile[] {
  return leastRequests.map(([percent, requests]) => {
    const stats = cellStats(data, latency.values, (values) =>
      values.length < requests ? undefined : quantile(values, percent / 100),
    );
    return { percent, requests, stats, hidden: [data.cells.length - stats.length, data.cells.length] };
  });
}

function hiddenNote(percent: number, requests: number, [hidden, cells]: readonly [number, number]): string[] {
  if (hidden === 0) return [];
  const where = hidden === cells ? "everywhere" : `in ${hidden} of ${cells} cells`;
  return [`p${percent} hidden ${where}: it needs at least ${requests} requests in each run.`];
}
