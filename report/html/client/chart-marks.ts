/**
 * The marks of a chart that stand for data: those with a title of their own, or with `data-series`, `data-x`, `data-y`,
 * `data-n` (report/charts/drawing/plot.ts). Titles are taken out, since the page shows them itself.
 */

export interface ChartMark {
  readonly node: SVGGraphicsElement;
  /** What it belongs to, such as `naive`, `poisson`, `real`. */
  readonly series: readonly string[];
  /** What is said of it. */
  readonly text: string;
  readonly x: string;
  readonly y: string;
  readonly n: string;
}

export function marksOf(svg: SVGSVGElement): ChartMark[] {
  const titled = [...svg.querySelectorAll("title")].flatMap(({ parentElement }) => parentElement ?? []);
  const found = new Set<Element>([...svg.querySelectorAll("[data-series],[data-x]"), ...titled]);
  // A text has a title where it is cut short: nothing to step to.
  const nodes = [...found].filter((node) => node !== svg && node.tagName !== "text") as SVGGraphicsElement[];
  return nodes.sort(byPlace).map(markOf);
}

function byPlace(a: Node, b: Node): number {
  return a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1;
}

function markOf(node: SVGGraphicsElement): ChartMark {
  const title = node.querySelector(":scope > title");
  const said = title?.textContent ?? "";
  title?.remove();
  const { series, x = "", y = "", n = "" } = node.dataset;
  const colon = said.indexOf(": ");
  const own = series ?? (colon < 0 ? "" : said.slice(0, colon));
  return { node, series: own === "" ? [] : own.split(", "), text: said || `${own}: ${x}, ${y}`, x, y, n };
}

/** The middle of a mark on the screen. */
export function middleOf({ node }: ChartMark): { readonly x: number; readonly y: number } {
  const { left, top, width, height } = node.getBoundingClientRect();
  return { x: left + width / 2, y: top + height / 2 };
}
