/**
 * The memory model of a profile, as two panels: what sequences of some lengths take, up to the limit, and modelled against
 * measured amounts. Amounts are bytes, shown in MiB or GiB, or KV blocks.
 */
import { greatest } from "../../../formats/index.js";
import {
  dashed,
  drawDiagonal,
  drawLevel,
  drawLine,
  linearAxis,
  lineItem,
  mark,
  markerPath,
  policyLooks,
  scaledUnit,
  softInk,
  standsFor,
  whiskerLine,
  type Attributes,
  type LegendItem,
  type Mark,
  type Panel,
  type Plot,
  type PolicyLook,
  type Point,
  type Unit,
} from "../drawing/index.js";

export interface MemoryLine {
  /** Which sequences: `48 + 24 tokens`. */
  readonly name: string;
  readonly points: readonly { readonly sequences: number; readonly amount: number }[];
}

export interface MeasuredMemory {
  /** Absent: the amount is not that of these sequences alone, since memory once taken is kept. */
  readonly sequences?: number;
  readonly amount: number;
  readonly modelled: number;
  /** The line whose sequences they were; absent: sequences of other lengths. */
  readonly line?: string;
  /** What it is, for people. */
  readonly text: string;
}

export interface MemoryScene {
  readonly unit: "bytes" | "KV blocks";
  /** At least one, the shortest sequences first. */
  readonly lines: readonly MemoryLine[];
  /** Empty: nothing was measured. */
  readonly measured: readonly MeasuredMemory[];
  /** All there is. */
  readonly limit: number;
  /** In sentences: what the limit holds, and where the points come from. */
  readonly words: readonly string[];
}

/** A limit more than this times above the rest is left to the words. */
const NEAR = 2;
const AREA_PX2 = 26;
const otherLengths = "measured, other lengths";

/** Amounts in the unit that is shown, so that axes have round numbers of it. */
interface Shown extends Pick<MemoryScene, "lines" | "measured" | "limit"> {
  readonly unit: Unit;
}

export function memoryPanels(scene: MemoryScene): (Panel & { readonly heading: string })[] {
  const { lines, measured, limit, unit } = shownOf(scene);
  const most = mostOf({ lines, measured });
  const isNear = limit <= NEAR * most;
  const looks = looksOf(lines);
  const alone = measured.flatMap((point) =>
    point.sequences === undefined ? [] : [{ ...point, sequences: point.sequences }],
  );
  const sequences = [...lines.flatMap(({ points }) => points), ...alone].map((point) => point.sequences);
  const byLength = {
    heading: scene.unit === "bytes" ? "Peak memory by batch size" : "KV blocks by running sequences",
    across: { ...linearAxis(greatest(sequences), "sequences", scaledUnit("", 1)), label: "sequences" },
    up: linearAxis(isNear ? limit : most, scene.unit === "bytes" ? "peak memory" : "KV blocks", unit),
    draw: (plot: Plot) => {
      for (const line of lines) drawModelled(plot, line, looks.get(line.name)!, isNear ? limit : Infinity);
      for (const point of alone) drawPoint(plot, point, looks, [point.sequences, point.amount]);
      if (isNear) drawLevel(plot, limit, dashed);
    },
  };
  if (measured.length === 0) return [byLength];
  const ends = greatest(measured.flatMap(({ amount, modelled }) => [amount, modelled]));
  const against = {
    heading: scene.unit === "bytes" ? "Modelled against measured memory" : "Modelled against measured blocks",
    across: linearAxis(ends, "measured", unit),
    up: linearAxis(ends, "modelled", unit),
    draw: (plot: Plot) => {
      drawDiagonal(plot);
      for (const point of measured) drawPoint(plot, point, looks, [point.amount, point.modelled]);
    },
  };
  return [byLength, against];
}

function shownOf({ unit, lines, measured, limit }: MemoryScene): Shown {
  const [name, each] = unit !== "bytes" ? ["blocks", 1] : mostOf({ lines, measured }) >= 2 ** 30 ? ["GiB", 2 ** 30] : ["MiB", 2 ** 20]; // prettier-ignore
  return {
    unit: scaledUnit(name, 1),
    lines: lines.map((line) => ({
      ...line,
      points: line.points.map(({ sequences, amount }) => ({ sequences, amount: amount / each })),
    })),
    measured: measured.map((point) => ({ ...point, amount: point.amount / each, modelled: point.modelled / each })),
    limit: limit / each,
  };
}

function mostOf({ lines, measured }: Pick<MemoryScene, "lines" | "measured">): number {
  return greatest([...lines.flatMap(({ points }) => points), ...measured].map(({ amount }) => amount));
}

export function memoryLegend({ lines, measured, limit, unit }: MemoryScene): LegendItem[] {
  const looks = looksOf(lines);
  const isMixed = measured.some(({ line }) => line === undefined);
  return [
    ...lines.map(({ name }): LegendItem => {
      const look = looks.get(name)!;
      const { draw } = lineItem(name, { stroke: look.colour, "stroke-width": 2, fill: "none" });
      const isMeasured = measured.some(({ line }) => line === name);
      return {
        text: name,
        draw: (swatch) => {
          draw(swatch);
          if (isMeasured) mark(swatch, "path", { ...markerAt(look, [13, 7]), fill: look.colour });
        },
      };
    }),
    ...(isMixed ? [{ text: otherLengths, draw: (swatch: Mark) => mark(swatch, "circle", { cx: 14, cy: 7, r: 3, ...softInk }) }] : []), // prettier-ignore
    ...(limit <= NEAR * mostOf({ lines, measured })
      ? [lineItem(unit === "bytes" ? "all memory" : "all KV blocks", { ...whiskerLine, ...dashed })]
      : []),
  ];
}

/** By line, in colours that no policy and no kind of fit has. */
function looksOf(lines: readonly MemoryLine[]): ReadonlyMap<string, PolicyLook> {
  const palette = [...policyLooks(["a", "b", "c", "d", "e", "f"]).values()];
  return new Map(lines.map(({ name }, at) => [name, palette[at % palette.length]!]));
}

/** Up to the limit: beyond it, none run. */
function drawModelled(plot: Plot, { name, points }: MemoryLine, { colour }: PolicyLook, limit: number): void {
  const places: Point[] = [];
  for (const [at, { sequences, amount }] of points.entries()) {
    if (amount <= limit) {
      places.push([plot.x(sequences), plot.y(amount)]);
      continue;
    }
    const before = points[at - 1];
    if (before === undefined) break;
    const share = (limit - before.amount) / (amount - before.amount);
    places.push([plot.x(before.sequences + share * (sequences - before.sequences)), plot.y(limit)]);
    break;
  }
  if (places.length > 1) drawLine(plot.body, places, { colour, "data-series": name }, `${name}: modelled`);
}

function drawPoint(
  plot: Plot,
  { line, text }: MeasuredMemory,
  looks: ReadonlyMap<string, PolicyLook>,
  place: readonly [number, number],
): void {
  const at = [plot.x(place[0]), plot.y(place[1])] as const;
  const look = line === undefined ? undefined : looks.get(line);
  const stands = standsFor(line ?? otherLengths, plot, place);
  if (look === undefined) {
    mark(plot.body, "circle", { cx: at[0], cy: at[1], r: 2.2, ...softInk, "fill-opacity": 0.5, ...stands }, text);
  } else mark(plot.body, "path", { ...markerAt(look, at), fill: look.colour, ...stands }, text);
}

function markerAt(look: PolicyLook, [x, y]: Point): Attributes {
  return { d: markerPath(look, AREA_PX2), transform: `translate(${x},${y})` };
}
