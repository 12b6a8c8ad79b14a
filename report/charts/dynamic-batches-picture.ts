/**
 * How dynamic chooses its batches: the size it allows and the size it got, and the peak memory of each batch, which lets the size
 * grow below the threshold and shrink at it.
 */
import { greatest, type BatchRecord } from "../../formats/index.js";
import { drawBottomAxis, drawLeftAxis, leftRoomPx, linearAxis, scaledUnit, shareAxis, type Area } from "./axes.js";
import type { ChartSource } from "./chart-row.js";
import { chartWidthPx, dash, drawFrame, drawMarker, lineLegend, type LegendItem } from "./frame.js";
import { policyLooks, type PolicyLook } from "./palette.js";
import { drawPanelHeading } from "./panels.js";
import { drawLevel, plotOf, standsFor, type Plot } from "./plot.js";
import { sceneName, schedulersOf } from "./run-scene.js";
import { label, mark, whiskerLine } from "./svg.js";
import { numberText } from "./text.js";
import { windowAxis } from "./window-axis.js";

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

export interface DynamicBatchesPicture {
  readonly title: string;
  readonly scenes: readonly BatchScene[];
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
  readonly look: PolicyLook;
}

export function dynamicBatchesPicture({ title, scenes }: DynamicBatchesPicture): string {
  const looks = policyLooks(scenes.map(({ policy }) => policy));
  const rows = scenes.map((scene): Row => ({ scene, bins: binned(scene), look: looks.get(scene.policy)! }));
  const all = rows.flatMap(({ bins }) => bins);
  const hasMemory = all.some(({ peak }) => peak !== undefined);
  const sizes = linearAxis(
    greatest(all.map(({ limit, size }) => Math.max(limit, size))),
    "batch size",
    scaledUnit("requests", 1),
  );
  const memory = shareAxis("memory");
  const ups = hasMemory ? [sizes, memory] : [sizes];
  const across = windowAxis({ fromNs: 0, toNs: greatest([1, ...all.map(({ atNs }) => atNs)]) * 1.02 });
  const leftPx = greatest(ups.map(leftRoomPx));
  const areas = ups.map((_, at): Area => ({
    leftPx,
    topPx: 28 + at * 226,
    widthPx: chartWidthPx - leftPx - 22,
    heightPx: 150,
  }));
  const counts = scenes.map(({ batches }) => batches.length.toLocaleString("en-US"));
  return drawFrame(
    {
      name: "dynamic_batches",
      title: `${title}: batch size against memory (requests${hasMemory ? ", % of memory" : ""}), n = ${counts.join(" and ")} batches`,
      description: rows.map(inWords).join(" "),
      legend: [...lineLegend(schedulersOf(scenes), false), limitLegend],
      notes: notesOf(rows, hasMemory),
      widthPx: chartWidthPx,
      bodyHeightPx: areas.at(-1)!.topPx + 196,
    },
    scenes.map(({ policy }) => policy),
    (body) => {
      ups.forEach((up, at) => {
        drawPanelHeading(
          body,
          areas[at]!,
          at === 0 ? "size of each batch, and the most that was allowed" : "peak memory of each batch",
        );
        drawLeftAxis(body, areas[at]!, up);
        drawBottomAxis(body, areas[at]!, across);
        const plot = plotOf(body, areas[at]!, across, up);
        for (const row of rows) (at === 0 ? drawSizes : drawPeaks)(plot, row);
        if (at === 1) drawThreshold(plot, scenes[0]!.threshold);
      });
    },
  );
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
  const mean = (own: readonly BatchRecord[], of: (batch: BatchRecord) => number): number =>
    own.reduce((sum, batch) => sum + of(batch), 0) / own.length;
  return Array.from({ length: Math.ceil(ordered.length / each) }, (_, at) => {
    const own = ordered.slice(at * each, (at + 1) * each);
    const isKnown = memoryBytes !== undefined && own.every(({ peakBytes }) => peakBytes !== undefined);
    return {
      atNs: own[0]!.startNs,
      n: own.length,
      size: mean(own, ({ size }) => size),
      limit: mean(own, ({ limit }) => limit),
      peak: isKnown ? mean(own, ({ peakBytes }) => peakBytes!) / memoryBytes : undefined,
    };
  });
}

function drawSizes(plot: Plot, { scene, bins, look }: Row): void {
  const { body, x, y } = plot;
  const limit = bins
    .map(({ atNs, limit: most }, at) => (at === 0 ? `M${x(atNs)},${y(most)}` : `H${x(atNs)}V${y(most)}`))
    .join("");
  mark(body, "path", {
    d: `${limit}h8`,
    stroke: look.colour,
    "stroke-width": 1.4,
    fill: "none",
    ...dash(scene.source),
  });
  for (const { atNs, size, n, limit: most } of bins) {
    const group = mark(body, "g", standsFor(sceneName(scene), plot, [atNs, size], n));
    drawMarker(
      group,
      look,
      scene.source,
      x(atNs),
      y(size),
      `${sceneName(scene)}: ${numberText(size)} of at most ${numberText(most)} requests`,
    );
  }
}

function drawPeaks(plot: Plot, { scene, bins, look }: Row): void {
  for (const { atNs, peak, n } of bins) {
    if (peak === undefined) continue;
    const group = mark(plot.body, "g", standsFor(sceneName(scene), plot, [atNs, peak], n));
    drawMarker(
      group,
      look,
      scene.source,
      plot.x(atNs),
      plot.y(peak),
      `${sceneName(scene)}: ${numberText(100 * peak)} % of memory`,
    );
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

const limitLegend: LegendItem = {
  text: "line: most allowed; points: batches",
  draw: (swatch) => mark(swatch, "path", { d: "M1,10H9V5H25", ...whiskerLine }),
};
