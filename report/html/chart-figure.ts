/** A chart on the page: its SVG, a caption, and room for what the page's script adds (tips, data, CSV). */
import { ConfigError } from "../../formats/index.js";
import { captionOf } from "./captions.js";
import { escaped } from "./escape.js";

/** Throws ConfigError when a chart is not plain SVG. */
export function chartFigures(charts: ReadonlyMap<string, string>): string {
  return [...charts].map(([name, svg]) => chartFigure(name, svg)).join("\n");
}

function chartFigure(name: string, svg: string): string {
  const text = svg.trim().replace(/^<\?xml[^>]*\?>\s*/, "");
  if (!text.startsWith("<svg") || hasScript(text)) {
    throw new ConfigError(`report chart "${name}" got "${text.slice(0, 40)}", expected plain SVG without scripts`);
  }
  const words = name.replaceAll("_", " ");
  return `<figure id="chart-${escaped(name)}" data-chart="${escaped(name)}">
<div class="plot" tabindex="0" role="group" aria-label="Chart: ${escaped(words)}">
${text}
</div>
<figcaption>${escaped(captionOf(name))}</figcaption>
</figure>`;
}

/** Looks at names of elements and attributes alone: texts and values may say what they want. */
function hasScript(svg: string): boolean {
  const tags = svg.match(/<(?:"[^"]*"|'[^']*'|[^>"'])*>/g) ?? [];
  return tags.some((tag) => /^<(script|foreignObject)\b|\son\w+\s*=/i.test(tag.replace(/"[^"]*"|'[^']*'/g, '""')));
}
