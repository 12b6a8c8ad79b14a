/**
 * What every chart shares: title, legend in rows above the data (so it never covers any), notes below, hatch patterns,
 * a white sheet, and names for screen readers. Sizes in px; the body's origin is its upper left corner.
 */
import { symbol } from "d3";
import { sourceNames, type ChartData } from "./chart-data.js";
import type { ChartSource } from "./chart-row.js";
import { policyLooks, type PolicyLook } from "./palette.js";
import { label, mark, paper, softInk, svgText, whiskerLine, ink, type Attributes, type Mark } from "./svg.js";
import { shortened, textWidthPx, wrapped, xmlSafe } from "./text.js";

/** A legend entry: `draw` fills a swatch 26 px wide and 14 px high. */
export interface LegendItem {
  readonly text: string;
  readonly draw: (swatch: Mark) => void;
}

export interface FrameSpec {
  /** The chart's file name without ending; ids inside the SVG begin with it. */
  readonly name: string;
  readonly title: string;
  /** The chart in words, for those who cannot see it. */
  readonly description: string;
  readonly legend: readonly LegendItem[];
  readonly notes: readonly string[];
  readonly widthPx: number;
  readonly bodyHeightPx: number;
}

/** The least width of a chart. */
export const chartWidthPx = 960;
const edgePx = 16;
const titleFontPx = 15;
/** Bold letters are wider than the estimate. */
const boldWidening = 1.1;
const legendFontPx = 12;
const noteFontPx = 11;

/** One chart as SVG text: the frame, and the body as `drawBody` draws it. */
export function drawFrame(spec: FrameSpec, schedulers: readonly string[], drawBody: (body: Mark) => void): string {
  const insideWidthPx = spec.widthPx - 2 * edgePx;
  const title = xmlSafe(spec.title);
  const titleLines = wrapped(title, insideWidthPx / boldWidening, titleFontPx);
  const legendRows = legendLayout(spec.legend, insideWidthPx);
  const noteLines = spec.notes.flatMap((note) => wrapped(xmlSafe(note), insideWidthPx, noteFontPx));
  const legendTopPx = edgePx + titleLines.length * 20 + 6;
  const bodyTopPx = legendTopPx + legendRows.length * 20 + 6;
  const notesTopPx = bodyTopPx + spec.bodyHeightPx + 8;
  const heightPx = notesTopPx + noteLines.length * 15 + edgePx - 4;
  const attributes: Attributes = {
    class: "servesim-chart",
    width: spec.widthPx,
    height: heightPx,
    viewBox: `0 0 ${Math.round(spec.widthPx)} ${Math.round(heightPx)}`,
    role: "img",
    "aria-label": title,
    "font-family": "'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif",
  };
  return svgText(attributes, (svg) => {
    mark(svg, "title").text(title);
    mark(svg, "desc").text(xmlSafe(spec.description));
    drawPatterns(svg, spec.name, schedulers);
    mark(svg, "rect", { width: spec.widthPx, height: heightPx, ...paper });
    titleLines.forEach((line, i) => {
      label(svg, line, titleFontPx, { x: edgePx, y: edgePx + 14 + i * 20, "font-weight": 600 });
    });
    legendRows.forEach((row, i) => {
      for (const { item, text, xPx } of row) {
        const entry = mark(svg, "g", { transform: `translate(${Math.round(edgePx + xPx)},${legendTopPx + i * 20})` });
        item.draw(entry);
        label(entry, text, legendFontPx, { x: 32, y: 11 }, text === item.text ? undefined : item.text);
      }
    });
    drawBody(mark(svg, "g", { transform: `translate(0,${bodyTopPx})` }));
    noteLines.forEach((line, i) => {
      label(svg, line, noteFontPx, { x: edgePx, y: notesTopPx + 10 + i * 15, ...softInk });
    });
  });
}

/** Legend of filled marks: a colour for each scheduler, solid and hatched for the sources. */
export function barLegend(name: string, data: ChartData): LegendItem[] {
  const box: Attributes = { x: 6, y: 1, width: 16, height: 12 };
  return legendOf(
    data,
    (look) => (swatch) => mark(swatch, "rect", { ...box, fill: look.colour }),
    (source) => (swatch) => {
      const fill: Attributes = source === "real" ? softInk : { fill: `url(#${hatchId(name)})` };
      mark(swatch, "rect", { ...box, ...fill, stroke: softInk.fill, "stroke-width": 1 });
    },
  );
}

/** A line of that look with its marker, and what it stands for. */
export function markedLine(text: string, look: PolicyLook): LegendItem {
  return {
    text,
    draw: (swatch) => {
      mark(swatch, "path", { d: "M1,7H25", stroke: look.colour, "stroke-width": 2, fill: "none" });
      drawMarker(swatch, look, "real", 13, 7);
    },
  };
}

/** Legend of lines and points: colour and marker for each scheduler, solid and dashed for the sources. */
export function lineLegend(data: ChartData, markers = true): LegendItem[] {
  return legendOf(
    data,
    (look) => (swatch) => {
      mark(swatch, "path", { d: "M1,7H25", stroke: look.colour, "stroke-width": 2, fill: "none" });
      if (markers) drawMarker(swatch, look, "real", 13, 7);
    },
    (source) => (swatch) => {
      const line: Attributes = { ...whiskerLine, "stroke-width": 2, ...dash(source) };
      mark(swatch, "path", { d: "M1,7H25", ...line });
      if (markers)
        mark(swatch, "circle", {
          cx: 13,
          cy: 7,
          r: 3.6,
          fill: source === "real" ? ink.fill : paper.fill,
          stroke: ink.fill,
          "stroke-width": 2,
          class: source === "real" ? "ink ink-line" : "paper ink-line",
        });
    },
  );
}

/** A filled (real) or hollow (simulated) marker of a scheduler, centred. */
export function drawMarker(
  parent: Mark,
  look: PolicyLook,
  source: ChartSource,
  xPx: number,
  yPx: number,
  tip?: string,
) {
  const at: Attributes = {
    d: markerPath(look),
    transform: `translate(${Math.round(xPx * 100) / 100},${Math.round(yPx * 100) / 100})`,
    stroke: look.colour,
    "stroke-width": 1.6,
  };
  mark(parent, "path", { ...at, ...(source === "real" ? { fill: look.colour } : paper) }, tip);
}

/** A scheduler's marker around the origin, `areaPx2` large. */
export function markerPath(look: PolicyLook, areaPx2 = 52): string {
  return symbol().type(look.marker).size(areaPx2)()!;
}

/** A vertical whisker with caps. */
export function drawWhisker(parent: Mark, xPx: number, lowYPx: number, highYPx: number, capPx: number): void {
  const [x, low, high, cap] = [xPx, lowYPx, highYPx, capPx].map((px) => Math.round(px * 100) / 100) as [
    number,
    number,
    number,
    number,
  ];
  const caps = `M${x - cap},${low}h${2 * cap}M${x - cap},${high}h${2 * cap}`;
  mark(parent, "path", { d: `M${x},${low}V${high}${caps}`, ...whiskerLine });
}

/** Fill of an area: solid when real, hatched in the same colour when simulated. */
export function areaFill(name: string, scheduler: string, look: PolicyLook, source: ChartSource): Attributes {
  const fill = source === "real" ? look.colour : `url(#${hatchId(name, scheduler)})`;
  return { fill, stroke: look.colour, "stroke-width": 1.2 };
}

/** Dashes of a line that shows simulated requests. */
export function dash(source: ChartSource): Attributes {
  return source === "real" ? {} : { "stroke-dasharray": "6 4" };
}

/** Legend of hollow points, one for each scheduler. */
export function pointLegend(data: ChartData): LegendItem[] {
  return legendOf(
    { ...data, sources: [] },
    (look) => (swatch) => {
      drawMarker(swatch, look, "sim", 14, 7);
    },
    () => () => undefined,
  );
}

function legendOf(
  data: ChartData,
  ofScheduler: (look: PolicyLook) => LegendItem["draw"],
  ofSource: (source: ChartSource) => LegendItem["draw"],
): LegendItem[] {
  const looks = policyLooks(data.schedulers);
  return [
    ...data.schedulers.map((scheduler) => ({ text: scheduler, draw: ofScheduler(looks.get(scheduler)!) })),
    ...data.sources.map((source) => ({ text: sourceNames[source], draw: ofSource(source) })),
  ];
}

interface PlacedItem {
  readonly item: LegendItem;
  readonly text: string;
  readonly xPx: number;
}

/** Entries from left to right, in as many rows as they need. */
function legendLayout(items: readonly LegendItem[], widthPx: number): PlacedItem[][] {
  const rows: PlacedItem[][] = [];
  let xPx = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const text = shortened(item.text, 260, legendFontPx);
    const itemWidthPx = 32 + textWidthPx(text, legendFontPx) + 18;
    if (xPx + itemWidthPx > widthPx) {
      rows.push([]);
      xPx = 0;
    }
    rows.at(-1)!.push({ item, text, xPx });
    xPx += itemWidthPx;
  }
  return rows;
}

/** A hatch in the colour of each scheduler, and a neutral one for the legend. */
function drawPatterns(svg: Mark, name: string, schedulers: readonly string[]): void {
  const defs = mark(svg, "defs");
  const looks = [...policyLooks(schedulers)].map(([scheduler, look]) => [scheduler, look.colour] as const);
  for (const [scheduler, colour] of [...looks, [undefined, softInk.fill] as const]) {
    const pattern = mark(defs, "pattern", {
      id: hatchId(name, scheduler),
      patternUnits: "userSpaceOnUse",
      width: 6,
      height: 6,
      patternTransform: "rotate(45)",
    });
    mark(pattern, "rect", { width: 6, height: 6, ...paper });
    mark(pattern, "path", {
      d: "M1.5,0V6",
      stroke: colour,
      ...(scheduler === undefined ? { class: "axis-line" } : {}),
      "stroke-width": 2.4,
    });
  }
}

/** Names may hold anything, ids may not: every odd character becomes its code point. */
function hatchId(name: string, scheduler?: string): string {
  if (scheduler === undefined) return `${name}-hatch`;
  const safe = scheduler.replace(/[^a-zA-Z0-9]/gu, (char) => `_${char.codePointAt(0)!.toString(16)}_`);
  return `${name}-hatch-${safe}`;
}
