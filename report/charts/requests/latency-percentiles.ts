/**
 * Latency percentiles as a panel each, lines over the loads. A percentile of few requests is a guess: where a run has
 * fewer than the least n (docs/metrics.md) it is hidden, and the notes say so.
 */
import { max } from "d3";
import { quantile } from "../../../sim/metrics/index.js";
import { linearAxis, lineLegend } from "../drawing/index.js";
import type { Chart } from "./chart.js";
import { cellStats, pooledNotes, type CellStat, type ChartData } from "./chart-data.js";
import { loadPoints } from "./load-axis.js";
import { drawLoadLines } from "./load-lines.js";
import { greatest, latency, statsInWords, statText } from "./measures.js";

/** Percentiles and the least number of requests for which each is shown. */
export const leastRequests: readonly (readonly [percent: number, requests: number])[] = [
  [50, 6],
  [90, 36],
  [95, 72],
  [99, 368],
];

export const latencyPercentiles: Chart = {
  name: "latency_percentiles",
  heading: "Latency percentiles over the load",
  plan: (data) => {
    const all = percentiles(data);
    const shown = all.filter(({ stats }) => stats.length > 0);
    if (shown.length === 0)
      return `no run has the ${leastRequests[0]![1]} requests that p${leastRequests[0]![0]} needs`;
    const maxS = max(shown, ({ stats }) => greatest(stats))!;
    const unit = latency.unit(maxS);
    const mostColumns = data.loads.length > 6 ? 1 : shown.length === 3 && data.loads.length <= 4 ? 3 : 2;
    return {
      units: unit.name,
      description: shown.map(({ percent, stats }) => `Percentile ${percent}: ${statsInWords(stats, unit)}`).join(" "),
      legend: lineLegend(data),
      notes: [
        ...all.flatMap((each) => hiddenNote(each, data.cells.length)),
        ...pooledNotes(data, "Points: mean over the repeats of each repeat's percentile. Whiskers: lowest and highest repeat."), // prettier-ignore
      ],
      layout: { columns: Math.min(shown.length, mostColumns), plotHeightPx: 200, belowPx: 30 },
      panels: shown.map(({ percent, stats }) => ({
        heading: percent === 50 ? "p50 (median)" : `p${percent}`,
        across: (place) => loadPoints(data, place),
        up: linearAxis(maxS, "latency", unit),
        draw: (plot) => {
          drawLoadLines(plot, data, { stats, tip: (stat) => statText(stat, `p${percent} latency`, unit) });
        },
      })),
    };
  },
};

interface Percentile {
  readonly percent: number;
  readonly requests: number;
  /** Of the cells that have enough requests. */
  readonly stats: readonly CellStat[];
}

function percentiles(data: ChartData): Percentile[] {
  return leastRequests.map(([percent, requests]) => {
    const stats = cellStats(data, latency.values, (values) =>
      values.length < requests ? undefined : quantile(values, percent / 100),
    );
    return { percent, requests, stats };
  });
}

function hiddenNote({ percent, requests, stats }: Percentile, cells: number): string[] {
  const hidden = cells - stats.length;
  if (hidden === 0) return [];
  const where = hidden === cells ? "everywhere" : `in ${hidden} of ${cells} cells`;
  return [`p${percent} hidden ${where}: it needs at least ${requests} requests in each run.`];
}
