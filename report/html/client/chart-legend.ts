/** Legend entries dim what belongs to them: a button for each, and a click on the entry itself. */
import type { ChartMark } from "./chart-marks.js";
import { element } from "./element.js";

export function addLegend(svg: SVGSVGElement, marks: readonly ChartMark[], tools: HTMLElement): void {
  const entries = entriesOf(svg).filter(({ name }) => marks.some((mark) => isOf(mark, name)));
  if (entries.length < 2) return;
  const dimmed = new Set<string>();
  const apply = (): void => {
    for (const mark of marks) mark.node.classList.toggle("dimmed", [...dimmed].some((name) => isOf(mark, name))); // prettier-ignore
    for (const { entry, name, button } of made) {
      entry.classList.toggle("dimmed", dimmed.has(name));
      button.setAttribute("aria-pressed", String(!dimmed.has(name)));
    }
  };
  const made = entries.map(({ entry, name }) => {
    const button = element("button", { type: "button", "aria-pressed": "true" }, name);
    const toggle = (): void => {
      if (!dimmed.delete(name)) dimmed.add(name);
      apply();
    };
    button.addEventListener("click", toggle);
    entry.addEventListener("click", toggle);
    entry.classList.add("legend-entry");
    return { entry, name, button };
  });
  tools.append(element("span", { class: "series", role: "group", "aria-label": "Series shown" }, ...made.map(({ button }) => button))); // prettier-ignore
}

/** A name may have commas of its own. */
function isOf({ series }: ChartMark, name: string): boolean {
  return `, ${series.join(", ")}, `.includes(`, ${name}, `);
}

/** As report/charts/drawing/frame.ts draws them: groups of a swatch and, 32 px to the right, the name. */
function entriesOf(svg: SVGSVGElement): { readonly entry: SVGGElement; readonly name: string }[] {
  return [...svg.querySelectorAll<SVGGElement>(":scope > g")].flatMap((entry) => {
    const name = entry.querySelector(':scope > text[x="32"]')?.firstChild?.textContent;
    return name == null ? [] : [{ entry, name }];
  });
}
