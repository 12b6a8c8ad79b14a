/**
 * What surrounds every chart: title, legend in rows above the data (so it never covers any), notes below, hatch patterns,
 * a white sheet, and names for screen readers. Sizes in px; the body's origin is its upper left corner.
 */
import { drawPatterns } from "./hatch.js";
import type { LegendItem } from "./legend.js";
import { label, mark, paper, softInk, svgText, type Attributes, type Mark } from "./svg.js";
import { shortened, textWidthPx, wrapped, xmlSafe } from "./text.js";

export interface Frame {
  /** The chart's file name without ending; ids inside the SVG begin with it. */
  readonly name: string;
  readonly title: string;
  /** The chart in words, for those who cannot see it. */
  readonly description: string;
  readonly legend?: readonly LegendItem[];
  readonly notes?: readonly string[];
  /** Those that have a look of their own. */
  readonly policies?: readonly string[];
  /** Areas of simulated requests are hatched. */
  readonly isHatched?: boolean;
}

const edgePx = 16;
const titleFontPx = 15;
/** Bold letters are wider than the estimate. */
const boldWidening = 1.1;
const legendFontPx = 12;
const noteFontPx = 11;

/** One chart as SVG text: the frame, and the body of a size as `drawBody` draws it. */
export function drawFrame(
  { name, title: given, description, legend = [], notes = [], policies = [], isHatched = false }: Frame,
  [widthPx, bodyHeightPx]: readonly [number, number],
  drawBody: (body: Mark) => void,
): string {
  const insideWidthPx = widthPx - 2 * edgePx;
  const title = xmlSafe(given);
  const titleLines = wrapped(title, insideWidthPx / boldWidening, titleFontPx);
  const legendRows = legendLayout(legend, insideWidthPx);
  const noteLines = notes.flatMap((note) => wrapped(xmlSafe(note), insideWidthPx, noteFontPx));
  const legendTopPx = edgePx + titleLines.length * 20 + 6;
  const bodyTopPx = legendTopPx + legendRows.length * 20 + 6;
  const notesTopPx = bodyTopPx + bodyHeightPx + 8;
  const heightPx = notesTopPx + noteLines.length * 15 + edgePx - 4;
  const attributes: Attributes = {
    class: "servesim-chart",
    width: widthPx,
    height: heightPx,
    viewBox: `0 0 ${Math.round(widthPx)} ${Math.round(heightPx)}`,
    role: "img",
    "aria-label": title,
    "font-family": "'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif",
  };
  return svgText(attributes, (svg) => {
    mark(svg, "title").text(title);
    mark(svg, "desc").text(xmlSafe(description));
    drawPatterns(svg, name, isHatched ? policies : []);
    mark(svg, "rect", { width: widthPx, height: heightPx, ...paper });
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
