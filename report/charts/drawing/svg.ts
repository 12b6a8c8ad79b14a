/**
 * Writing SVG through D3 selections on a jsdom document. Every number is rounded to 1/100 px, and one that is not
 * finite is our bug and stops the chart. Colours are plain attributes (any SVG viewer shows them), with class names by
 * which the HTML report restyles ink, paper and grid for dark mode.
 */
import { select, type Selection } from "d3";
import { JSDOM } from "jsdom";
import { InvariantError } from "../../../formats/index.js";

export type Mark = Selection<SVGElement, unknown, null, undefined>;
export type Attributes = Readonly<Record<string, string | number>>;
/** Where something is drawn, px. */
export type Point = readonly [xPx: number, yPx: number];

/** Classes that the report restyles, with their look on white paper. */
export const ink = { class: "ink", fill: "#1c2128" } as const;
export const softInk = { class: "soft-ink", fill: "#57606a" } as const;
export const paper = { class: "paper", fill: "#ffffff" } as const;
export const paperLine = { class: "paper-line", stroke: "#ffffff", fill: "none" } as const;
export const axisLine = { class: "axis-line", stroke: "#57606a", "stroke-width": 1 } as const;
export const gridLine = { class: "grid-line", stroke: "#d8dee4", "stroke-width": 1 } as const;
export const whiskerLine = { class: "ink-line", stroke: "#1c2128", "stroke-width": 1.2, fill: "none" } as const;

/** One document for all charts: a window of its own would take longer than drawing. Nothing stays in it. */
const { window } = new JSDOM("<!doctype html><body></body>");

/** Draws into a fresh `<svg>` and returns its text. The bytes depend on nothing but what is drawn. */
export function svgText(attributes: Attributes, draw: (svg: Mark) => void): string {
  const page: unknown = select(window.document.createElement("div"));
  const svg = mark(page as Mark, "svg", { xmlns: "http://www.w3.org/2000/svg", ...attributes });
  draw(svg);
  return `${new window.XMLSerializer().serializeToString(svg.node()!)}\n`;
}

/** Appends an element; `tip` becomes its `<title>`, the tooltip. */
export function mark(parent: Mark, name: string, attributes: Attributes = {}, tip?: string): Mark {
  const element: Mark = parent.append<SVGElement>(name);
  for (const [key, value] of Object.entries(attributes)) element.attr(key, attributeText(name, key, value));
  if (tip !== undefined) element.append("title").text(tip);
  return element;
}

/** Appends a line of text at a font size in px. */
export function label(parent: Mark, text: string, fontPx: number, attributes: Attributes, tip?: string): Mark {
  const element = mark(parent, "text", { "font-size": fontPx, ...ink, ...attributes }).text(text);
  if (tip !== undefined) element.append("title").text(tip);
  return element;
}

function attributeText(name: string, key: string, value: string | number): string {
  if (typeof value === "string") return value;
  if (!Number.isFinite(value))
    throw new InvariantError(`chart: <${name}> got ${key}=${value}, expected a finite number`);
  return String(px(value));
}

/** A place in px, rounded to 1/100. */
export function px(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The path through points, in straight lines. */
export function pathOf(points: readonly Point[]): string {
  return `M${points.map(([x, y]) => `${px(x)},${px(y)}`).join("L")}`;
}
