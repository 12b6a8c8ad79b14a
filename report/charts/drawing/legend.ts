/** Legend entries: a swatch 26 px wide and 14 px high, and what it stands for. */
import { hatchId } from "./hatch.js";
import { dash, drawMarker, markerPath } from "./marks.js";
import { policyLooks, sourceNames, type ChartSource, type PolicyLook } from "./palette.js";
import { ink, mark, paper, softInk, whiskerLine, type Attributes, type Mark } from "./svg.js";

export interface LegendItem {
  readonly text: string;
  readonly draw: (swatch: Mark) => void;
}

/** What legends of policies are made from. */
interface Series {
  readonly schedulers: readonly string[];
  readonly sources: readonly ChartSource[];
}

const box = { x: 6, y: 1, width: 16, height: 12 } as const;
const across = "M1,7H25";

/** A filled area. */
export function boxItem(text: string, look: Attributes): LegendItem {
  return { text, draw: (swatch) => mark(swatch, "rect", { ...box, ...look }) };
}

/** A line of any look. */
export function lineItem(text: string, line: Attributes, d = across): LegendItem {
  return { text, draw: (swatch) => mark(swatch, "path", { d, ...line }) };
}

/** A marker of any look. */
export function markerItem(text: string, look: PolicyLook, areaPx2: number, attributes: Attributes): LegendItem {
  const d = markerPath(look, areaPx2);
  return { text, draw: (swatch) => mark(swatch, "path", { d, transform: "translate(14,7)", ...attributes }) };
}

/** A line of a look, with its marker or without. */
function markedLine(text: string, look: PolicyLook, hasMarker: boolean): LegendItem {
  return {
    text,
    draw: (swatch) => {
      mark(swatch, "path", { d: across, stroke: look.colour, "stroke-width": 2, fill: "none" });
      if (hasMarker) drawMarker(swatch, look, "real", [13, 7]);
    },
  };
}

/** Of filled marks: a colour for each scheduler, solid and hatched for the sources; `name`: the chart's. */
export function barLegend(name: string, { schedulers, sources }: Series): LegendItem[] {
  const line = { stroke: softInk.fill, "stroke-width": 1 };
  return [
    ...looksOf(schedulers).map(([scheduler, { colour }]) => boxItem(scheduler, { fill: colour })),
    ...sources.map((source) =>
      boxItem(sourceNames[source], { ...(source === "real" ? softInk : { fill: `url(#${hatchId(name)})` }), ...line }),
    ),
  ];
}

/** Of lines and points: colour and marker for each scheduler, solid and dashed for the sources. */
export function lineLegend({ schedulers, sources }: Series, hasMarkers = true): LegendItem[] {
  return [
    ...looksOf(schedulers).map(([scheduler, look]) => markedLine(scheduler, look, hasMarkers)),
    ...sources.map((source) => sourceLine(source, hasMarkers)),
  ];
}

/** Of hollow points, one for each scheduler. */
export function pointLegend({ schedulers }: Pick<Series, "schedulers">): LegendItem[] {
  return looksOf(schedulers).map(([scheduler, look]) => ({
    text: scheduler,
    draw: (swatch) => {
      drawMarker(swatch, look, "sim", [14, 7]);
    },
  }));
}

function looksOf(schedulers: readonly string[]): (readonly [string, PolicyLook])[] {
  const looks = policyLooks(schedulers);
  return schedulers.map((scheduler) => [scheduler, looks.get(scheduler)!]);
}

function sourceLine(source: ChartSource, hasMarker: boolean): LegendItem {
  const [fill, name] = source === "real" ? [ink.fill, "ink ink-line"] : [paper.fill, "paper ink-line"];
  return {
    text: sourceNames[source],
    draw: (swatch) => {
      mark(swatch, "path", { d: across, ...whiskerLine, "stroke-width": 2, ...dash(source) });
      if (!hasMarker) return;
      mark(swatch, "circle", { cx: 13, cy: 7, r: 3.6, fill, stroke: ink.fill, "stroke-width": 2, class: name });
    },
  };
}
