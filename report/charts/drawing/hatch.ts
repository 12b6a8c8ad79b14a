/** Hatched areas, which show what is simulated: a pattern in the colour of each scheduler. */
import { policyLooks, type ChartSource, type PolicyLook } from "./palette.js";
import { mark, paper, softInk, type Attributes, type Mark } from "./svg.js";

/** Fill of an area: solid when real, hatched in the same colour when simulated; `name`: the chart's. */
export function areaFill(name: string, scheduler: string, look: PolicyLook, source: ChartSource): Attributes {
  const fill = source === "real" ? look.colour : `url(#${hatchId(name, scheduler)})`;
  return { fill, stroke: look.colour, "stroke-width": 1.2 };
}

/** A hatch in the colour of each scheduler, and a neutral one for the legend. */
export function drawPatterns(svg: Mark, name: string, schedulers: readonly string[]): void {
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
    const look = scheduler === undefined ? { class: "axis-line" } : {};
    mark(pattern, "path", { d: "M1.5,0V6", stroke: colour, ...look, "stroke-width": 2.4 });
  }
}

/** Names may hold anything, ids may not: every odd character becomes its code point. */
export function hatchId(name: string, scheduler?: string): string {
  if (scheduler === undefined) return `${name}-hatch`;
  const safe = scheduler.replace(/[^a-zA-Z0-9]/gu, (char) => `_${char.codePointAt(0)!.toString(16)}_`);
  return `${name}-hatch-${safe}`;
}
