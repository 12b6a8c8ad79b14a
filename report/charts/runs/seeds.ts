/**
 * How much a run differs from the next: a dot for every simulated replication (hollow) and every real repeat (filled) of a cell,
 * for each statistic a panel. Where the filled dots lie among the hollow ones, the simulation covers reality.
 */
import { group } from "d3";
import { greatest, least } from "../../../formats/index.js";
import {
  drawMarker,
  figureSvg,
  gridLine,
  label,
  linearAxis,
  lineLegend,
  mark,
  px,
  rowsAxis,
  shortened,
  sourceNames,
  sourcesOf,
  standsFor,
  textWidthPx,
  timeUnit,
  type ChartSource,
  type Plot,
} from "../drawing/index.js";
import { seriesOf } from "./run-scene.js";

/** The values of one statistic by run, of one policy under one load from one source; ms. */
export interface SeedRow {
  readonly policy: string;
  readonly load: string;
  readonly source: ChartSource;
  /** By statistic, such as `mean_ttft_ms`. */
  readonly values: Readonly<Record<string, readonly number[]>>;
}

export interface SeedsPicture {
  readonly title: string;
  readonly rows: readonly SeedRow[];
}

interface Cell {
  readonly name: string;
  readonly rows: readonly SeedRow[];
}

const rowPx = 26;
const fontPx = 11;
const mostRows = 24;
const columns = 2;

/** SVG text; undefined where no cell has a second run. */
export function seedsPicture({ title, rows: given }: SeedsPicture): string | undefined {
  const cells = [...group(given, ({ policy, load }) => `${policy}, ${load}`)]
    .map(([name, rows]): Cell => ({ name, rows }))
    .filter(({ rows }) => rows.reduce((sum, row) => sum + countOf(row), 0) > 1);
  const shown = cells.slice(0, mostRows);
  const all = shown.flatMap(({ rows }) => rows);
  const statistics = [...new Set(all.flatMap(({ values }) => Object.keys(values)))];
  if (statistics.length === 0) return undefined;
  const namesPx = Math.min(220, 16 + greatest(shown.map(({ name }) => textWidthPx(name, fontPx))));
  return figureSvg({
    name: "seeds",
    title: `${title}: single runs (ms, s), n = ${countsText(all)} of each cell`,
    description: all.map(inWords).join(" "),
    legend: lineLegend(seriesOf(all)),
    notes: [
      "Each dot is one run: a simulated one with another seed, or a real repeat.",
      ...(cells.length > shown.length ? [`${shown.length} of ${cells.length} cells are drawn.`] : []),
    ],
    isHatched: true,
    policies: all.map(({ policy }) => policy),
    layout: { columns, indentPx: namesPx, plotHeightPx: shown.length * rowPx, topPx: 28, rightPx: 35, belowPx: 56, lastBelowPx: 44 }, // prettier-ignore
    panels: statistics.map((statistic, at) => {
      const most = greatest(all.map(({ values }) => greatest(values[statistic] ?? []))) / 1e3;
      return {
        heading: wordsOf(statistic),
        across: linearAxis(most, wordsOf(statistic), timeUnit(most)),
        up: rowsAxis,
        draw: (plot) => {
          shown.forEach((cell, row) => {
            const yPx = plot.area.topPx + (row + 0.5) * rowPx;
            if (at % columns === 0) {
              const place = { x: plot.area.leftPx - 8, y: yPx + 4, "text-anchor": "end" };
              label(plot.body, shortened(cell.name, namesPx - 14, fontPx), fontPx, place);
            }
            drawDots(plot, { cell, statistic, yPx });
          });
        },
      };
    }),
  });
}

interface Dots {
  readonly cell: Cell;
  readonly statistic: string;
  readonly yPx: number;
}

/** Simulated runs a little above the line, real ones below. */
function drawDots(plot: Plot, { cell: { name, rows }, statistic, yPx }: Dots): void {
  const { body, area } = plot;
  mark(body, "path", { d: `M${px(area.leftPx)},${px(yPx)}h${px(area.widthPx)}`, ...gridLine });
  for (const { policy, source, values } of rows) {
    const asidePx = rows.length === 1 ? 0 : source === "sim" ? -5 : 5;
    for (const ms of values[statistic] ?? []) {
      const stands = { ...standsFor(`${name}, ${sourceNames[source]}`, plot, [ms / 1e3, 0]), "data-y": statistic };
      drawMarker(mark(body, "g", stands), plot.look(policy), source, [plot.x(ms / 1e3), yPx + asidePx]);
    }
  }
}

function countOf({ values }: SeedRow): number {
  return greatest([0, ...Object.values(values).map(({ length }) => length)]);
}

/** `50 simulated runs and 3 real runs`. */
function countsText(rows: readonly SeedRow[]): string {
  const texts = sourcesOf(rows)
    .reverse()
    .map((source) => {
      const counts = rows.filter((row) => row.source === source).map(countOf);
      const [low, high] = [least(counts), greatest(counts)];
      return `${low === high ? high : `${low}–${high}`} ${sourceNames[source]} run${high === 1 ? "" : "s"}`;
    });
  return texts.join(" and ");
}

/** `P95 time to first token` of `p95_ttft_ms`. */
function wordsOf(statistic: string): string {
  const [of, metric] = statistic.split("_");
  const words: Readonly<Record<string, string>> = {
    ttft: "time to first token",
    tpot: "time per output token",
    e2el: "latency",
  };
  return `${of === "mean" ? "mean" : of!.toUpperCase()} ${words[metric!] ?? metric!}`;
}

function inWords({ policy, load, source, values }: SeedRow): string {
  const told = Object.entries(values).map(
    ([statistic, own]) => `${wordsOf(statistic)} ${least(own).toPrecision(4)} to ${greatest(own).toPrecision(4)} ms`,
  );
  return `${policy}, ${load}, ${sourceNames[source]}: ${told.join(", ")}.`;
}
