/**
 * How dynamic chooses its batches: the size it allows and the size it got, and the peak memory of each batch, which lets the size
 * grow below the threshold and shrink at it.
 */
import { mean } from "d3";
import { greatest, type BatchRecord } from "../../../formats/index.js";
import {
  dash,
  drawLevel,
  drawMarker,
  figureSvg,
  label,
  linearAxis,
  lineItem,
  lineLegend,
  mark,
  numberText,
  scaledUnit,
  shareAxis,
  standsFor,
  whiskerLine,
  type ChartSource,
  type Panel,
  type Plot,
} from "../drawing/index.js";
import { sceneName, seriesOf, windowAxis } from "./run-scene.js";

export interface BatchScene {
  readonly policy: string;
  readonly source: ChartSource;
  /** At least one. */
  readonly batches: readonly BatchRecord[];
  /** Share of the memory at which batches shrink. */
  readonly threshold: number;
  /** What the shares are of; absent: not known, and memory is not drawn. */
  readonly memoryBytes?: number | undefined;
}

/** More are binned: the mean of as many in a row. */
const mostBatches = 150;

interface Bin {
  readonly atNs: number;
  readonly n: number;
  readonly size: number;
  readonly limit: number;
  /** Share of the memory. */
  readonly peak: number | undefined;
}

interface Row {
  readonly scene: BatchScene;
  readonly bins: readonly Bin[];
}

/** SVG text of at least one scene. */
export function dynamicBatchesPicture({
  title,
  scenes,
}: {
  readonly title: string;
  readonly scenes: readonly BatchScene[];
}): string {
  const rows = scenes.map((scene): Row => ({ scene, bins: binned(scene) }));
  const hasMemory = rows.some(({ bins }) => bins.some(({ peak }) => peak !== undefined));
  const counts = scenes.map(({ batches }) => batches.length.toLocaleString("en-US"));
  return figureSvg({
    name: "dynamic_batches",
    title: `${title}: batch size against memory (requests${hasMemory ? ", % of memory" : ""}), n = ${counts.join(" and ")} batches`,
    description: rows.map(inWords).join(" "),
    legend: [
      ...lineLegend(seriesOf(scenes), false),
      lineItem("line: most allowed; points: batches", whiskerLine, "M1,10H9V5H25"),
    ],
    notes: notesOf(rows, hasMemory),
    isHatched: true,
    policies: scenes.map(({ policy }) => policy),
    layout: { columns: 1, plotHeightPx: 150, topPx: 28, lastBelowPx: 46 },
    panels: panelsOf(rows, hasMemory),
  });
}

function panelsOf(rows: readonly Row[], hasMemory: boolean): Panel[] {
  const all = rows.flatMap(({ bins }) => bins);
  const across = windowAxis({ fromNs: 0, toNs: greatest([1, ...all.map(({ atNs }) => atNs)]) * 1.02 });
  const most = greatest(all.map(({ limit, size }) => Math.max(limit, size)));
  const sizes: Panel = {
    heading: "size of each batch, and the most that was allowed",
    across,
    up: linearAxis(most, "batch size", scaledUnit("requests", 1)),
    draw: (plot) => {
      for (const row of rows) drawSizes(plot, row);
    },
  };
  if (!hasMemory) return [sizes];
  const memory: Panel = {
    heading: "peak memory of each batch",
    across,
    up: shareAxis("memory"),
    draw: (plot) => {
      for (const row of rows) drawPeaks(plot, row);
      drawThreshold(plot, rows[0]!.scene.threshold);
    },
  };
  return [sizes, memory];
}

function notesOf(rows: readonly Row[], hasMemory: boolean): string[] {
  const isBinned = rows.some(({ bins }) => bins.some(({ n }) => n > 1));
  return [
    "After a batch below the threshold the next may be larger by two, after one at or above it must be smaller by one.",
    ...(isBinned ? ["Of a long run each point is the mean of some batches in a row."] : []),
    ...(hasMemory ? [] : ["No memory was recorded, or the machine's is not known."]),
  ];
}

function binned({ batches, memoryBytes }: BatchScene): Bin[] {
  const ordered = batches.toSorted((a, b) => a.startNs - b.startNs);
  const each = Math.ceil(ordered.length / mostBatches);
  return Array.from({ length: Math.ceil(ordered.length / each) }, (_, at) => {
    const own = ordered.slice(at * each, (at + 1) * each);
    const isKnown = memoryBytes !== undefined && own.every(({ peakBytes }) => peakBytes !== undefined);
    return {
      atNs: own[0]!.startNs,
      n: own.length,
      size: mean(own, ({ size }) => size)!,
      limit: mean(own, ({ limit }) => limit)!,
      peak: isKnown ? mean(own, ({ peakBytes }) => peakBytes!)! / memoryBytes : undefined,
    };
  });
}

function drawSizes(plot: Plot, { scene, bins }: Row): void {
  const { body, x, y } = plot;
  const look = plot.look(scene.policy);
  const steps = bins.map(({ atNs, limit }, at) => (at === 0 ? `M${x(atNs)},${y(limit)}` : `H${x(atNs)}V${y(limit)}`));
  const line = { stroke: look.colour, "stroke-width": 1.4, fill: "none", ...dash(scene.source) };
  mark(body, "path", { d: `${steps.join("")}h8`, ...line });
  for (const { atNs, size, n, limit } of bins) {
    const tip = `${sceneName(scene)}: ${numberText(size)} of at most ${numberText(limit)} requests`;
    const group = mark(body, "g", standsFor(sceneName(scene), plot, [atNs, size], n));
    drawMarker(group, look, scene.source, [x(atNs), y(size)], tip);
  }
}

function drawPeaks(plot: Plot, { scene, bins }: Row): void {
  for (const { atNs, peak, n } of bins) {
    if (peak === undefined) continue;
    const tip = `${sceneName(scene)}: ${numberText(100 * peak)} % of memory`;
    const group = mark(plot.body, "g", standsFor(sceneName(scene), plot, [atNs, peak], n));
    drawMarker(group, plot.look(scene.policy), scene.source, [plot.x(atNs), plot.y(peak)], tip);
  }
}

function drawThreshold(plot: Plot, threshold: number): void {
  drawLevel(plot, threshold, { "stroke-dasharray": "2 3" });
  const { leftPx, widthPx } = plot.area;
  label(plot.body, `threshold ${numberText(100 * threshold)} %`, 11, {
    x: leftPx + widthPx - 4,
    y: plot.y(threshold) - 5,
    "text-anchor": "end",
  });
}

function inWords({ scene, bins }: Row): string {
  const first = bins[0]!;
  const last = bins.at(-1)!;
  const peaks = bins.flatMap(({ peak }) => (peak === undefined ? [] : [peak]));
  const memory =
    peaks.length === 0
      ? ""
      : `; memory at most ${numberText(100 * greatest(peaks))} %, threshold ${numberText(100 * scene.threshold)} %`;
  return `${sceneName(scene)}: allowed ${numberText(first.limit)} requests at first and ${numberText(last.limit)} at last${memory}.`;
}
