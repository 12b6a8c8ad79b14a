/**
 * How much a run differs from the next: a dot for every simulated replication (hollow) and every real repeat (filled) of a cell,
 * for each statistic a panel. Where the filled dots lie among the hollow ones, the simulation covers reality.
 */
import { greatest, least } from "../../formats/index.js";
import { drawBottomAxis, linearAxis, timeUnit, type Area } from "./axes.js";
import { sourceNames } from "./chart-data.js";
import type { ChartSource } from "./chart-row.js";
import { chartWidthPx, drawFrame, drawMarker, lineLegend } from "./frame.js";
import { policyLooks, type PolicyLook } from "./palette.js";
import { drawPanelHeading } from "./panels.js";
import { plotOf, px, standsFor, type Plot } from "./plot.js";
import { schedulersOf } from "./run-scene.js";
import { label, mark, gridLine } from "./svg.js";
import { shortened, textWidthPx } from "./text.js";

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

const rowPx = 26;
const fontPx = 11;
const mostRows = 24;
const columns = 2;

/** SVG text; undefined where no cell has a second run. */
export function seedsPicture({ title, rows: given }: SeedsPicture): string | undefined {
  const cells = cellsOf(given).filter(({ rows }) => rows.reduce((sum, row) => sum + countOf(row), 0) > 1);
  const shown = cells.slice(0, mostRows);
  const statistics = [...new Set(shown.flatMap(({ rows }) => rows.flatMap(({ values }) => Object.keys(values))))];
  if (shown.length === 0 || statistics.length === 0) return undefined;
  const all = shown.flatMap(({ rows }) => rows);
  const leftPx = Math.min(220, 16 + greatest(shown.map(({ name }) => textWidthPx(name, fontPx))));
  const heightPx = shown.length * rowPx;
  const areas = areasOf(statistics.length, leftPx, heightPx);
  return drawFrame(
    {
      name: "seeds",
      title: `${title}: single runs (ms, s), n = ${countsText(all)} of each cell`,
      description: all.map(inWords).join(" "),
      legend: lineLegend(schedulersOf(all)),
      notes: [
        "Each dot is one run: a simulated one with another seed, or a real repeat.",
        ...(cells.length > shown.length ? [`${shown.length} of ${cells.length} cells are drawn.`] : []),
      ],
      widthPx: chartWidthPx,
      bodyHeightPx: areas.at(-1)!.topPx + heightPx + 44,
    },
    all.map(({ policy }) => policy),
    (body) => {
      const looks = policyLooks(all.map(({ policy }) => policy));
      statistics.forEach((statistic, at) => {
        const area = areas[at]!;
        const most = greatest(all.map(({ values }) => greatest(values[statistic] ?? []))) / 1e3;
        const across = linearAxis(most, wordsOf(statistic), timeUnit(most));
        const plot = plotOf(body, area, across, {
          label: "",
          ticks: [],
          tickText: String,
          fraction: (down) => 1 - down,
        });
        drawPanelHeading(body, area, wordsOf(statistic));
        drawBottomAxis(body, area, across);
        shown.forEach((cell, row) => {
          const yPx = area.topPx + (row + 0.5) * rowPx;
          if (at % columns === 0) {
            const at = { x: area.leftPx - 8, y: yPx + 4, "text-anchor": "end" };
            label(body, shortened(cell.name, leftPx - 14, fontPx), fontPx, at);
          }
          drawDots(plot, { cell, statistic, yPx, looks });
        });
      });
    },
  );
}

function areasOf(count: number, leftPx: number, heightPx: number): Area[] {
  const widthPx = (chartWidthPx - leftPx - 14) / columns - 30;
  return Array.from({ length: count }, (_, at) => ({
    leftPx: leftPx + (at % columns) * (widthPx + 30),
    topPx: 28 + Math.floor(at / columns) * (heightPx + 84),
    widthPx,
    heightPx,
  }));
}

interface Dots {
  readonly cell: Cell;
  readonly statistic: string;
  readonly yPx: number;
  readonly looks: ReadonlyMap<string, PolicyLook>;
}

/** Simulated runs a little above the line, real ones below. */
function drawDots(plot: Plot, { cell: { name, rows }, statistic, yPx, looks }: Dots): void {
  const { body, area } = plot;
  mark(body, "path", { d: `M${px(area.leftPx)},${px(yPx)}h${px(area.widthPx)}`, ...gridLine });
  for (const { policy, source, values } of rows) {
    const asidePx = rows.length === 1 ? 0 : source === "sim" ? -5 : 5;
    for (const ms of values[statistic] ?? []) {
      const stands = { ...standsFor(`${name}, ${sourceNames[source]}`, plot, [ms / 1e3, 0]), "data-y": statistic };
      drawMarker(mark(body, "g", stands), looks.get(policy)!, source, plot.x(ms / 1e3), yPx + asidePx);
    }
  }
}

interface Cell {
  readonly name: string;
  readonly rows: readonly SeedRow[];
}

function cellsOf(rows: readonly SeedRow[]): Cell[] {
  const cells = new Map<string, SeedRow[]>();
  for (const row of rows) {
    const name = `${row.policy}, ${row.load}`;
    cells.set(name, [...(cells.get(name) ?? []), row]);
  }
  return [...cells].map(([name, own]) => ({ name, rows: own }));
}

function countOf({ values }: SeedRow): number {
  return greatest([0, ...Object.values(values).map(({ length }) => length)]);
}

/** `50 simulated runs and 3 real runs`. */
function countsText(rows: readonly SeedRow[]): string {
  const texts = (["sim", "real"] as const).flatMap((source) => {
    const counts = rows.filter((row) => row.source === source).map(countOf);
    if (counts.length === 0) return [];
    const [low, high] = [least(counts), greatest(counts)];
    return [`${low === high ? high : `${low}–${high}`} ${sourceNames[source]} run${high === 1 ? "" : "s"}`];
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
