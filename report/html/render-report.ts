/**
 * One HTML file that needs nothing else: style, script and charts are inside, nothing is loaded. The answer comes first,
 * then predicted against measured, the charts, and what is needed to judge them. A content security policy admits the
 * page's own script by its hash and no other.
 */
import { createHash } from "node:crypto";
import { ConfigError } from "../../formats/index.js";
import { captionOf } from "./captions.js";
import { escaped } from "./escape.js";
import { outcomeSection } from "./outcome-table.js";
import type { ReportInput, ReportSection, ReportTable } from "./report-input.js";
import { filterScript } from "./script.js";
import { styleSheet } from "./style.js";

interface Part {
  readonly id: string;
  readonly heading: string;
  readonly html: string;
}

/** The report as HTML. Throws ConfigError when a chart is not plain SVG. */
export function renderReport(input: ReportInput): string {
  const parts = partsOf(input);
  const scriptHash = createHash("sha256").update(filterScript).digest("base64");
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}'; img-src data:`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(input.title)}</title>
<style>${styleSheet}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the results</a>
<header>
<h1>${escaped(input.title)}</h1>
<p class="lead">${escaped(input.lead)}</p>
${warningHint(input.warnings)}
<nav aria-label="Contents"><ul>${parts.map((part) => `<li><a href="#${part.id}">${escaped(part.heading)}</a></li>`).join("")}</ul></nav>
</header>
<main id="main" tabindex="-1">
${parts.map((part) => `<section aria-labelledby="${part.id}">\n<h2 id="${part.id}">${escaped(part.heading)}</h2>\n${part.html}\n</section>`).join("\n")}
</main>
<script>${filterScript}</script>
</body>
</html>
`;
}

function partsOf(input: ReportInput): Part[] {
  const { sections, lastSections } = input;
  const part = (section: ReportSection, index: number): Part => ({
    id: `section-${index + 1}`,
    heading: section.heading,
    html: sectionHtml(section),
  });
  const charts = [...input.charts].map(([name, svg]) => figure(name, svg)).join("\n");
  const warnings = `<ul>${input.warnings.map((warning) => `<li>${escaped(warning)}</li>`).join("")}</ul>`;
  return [
    { id: "outcome", heading: "Predicted and measured", html: outcomeSection(input.outcome) },
    ...(input.charts.size > 0 ? [{ id: "charts", heading: "Charts", html: charts }] : []),
    ...sections.map(part),
    ...(input.warnings.length > 0 ? [{ id: "warnings", heading: "Warnings", html: warnings }] : []),
    ...lastSections.map((section, index) => part(section, sections.length + index)),
  ];
}

function warningHint(warnings: readonly string[]): string {
  if (warnings.length === 0) return "";
  const count = `${warnings.length} warning${warnings.length === 1 ? "" : "s"}`;
  return `<p class="alert" role="note"><strong>${count}:</strong> <a href="#warnings">read before trusting these figures</a>.</p>`;
}

function figure(name: string, svg: string): string {
  const text = svg.trim().replace(/^<\?xml[^>]*\?>\s*/, "");
  if (
    !text.startsWith("<svg") ||
    /<script|<foreignObject|\son\w+\s*=/i.test(text.replace(/<(title|desc)>[^<]*<\/\1>/g, ""))
  ) {
    throw new ConfigError(`report chart "${name}" got "${text.slice(0, 40)}", expected plain SVG without scripts`);
  }
  return `<figure id="chart-${escaped(name)}">\n${text}\n<figcaption>${escaped(captionOf(name))}</figcaption>\n</figure>`;
}

function sectionHtml({ paragraphs = [], facts = [], table }: ReportSection): string {
  const list = facts.map(([term, value]) => `<dt>${escaped(term)}</dt><dd>${escaped(value)}</dd>`).join("\n");
  return [
    ...paragraphs.map((text) => `<p>${escaped(text)}</p>`),
    ...(facts.length > 0 ? [`<dl>\n${list}\n</dl>`] : []),
    ...(table === undefined ? [] : [tableHtml(table)]),
  ].join("\n");
}

/** A plain table: the first column heads its row, columns of figures stand to the right. */
function tableHtml({ caption, columns, rows }: ReportTable): string {
  const isFigures = columns.map(
    (_, i) => i > 0 && rows.every((row) => /^[-+−–]?$|^[-+−]?[\d.,]+( ?\S{1,8})?$/.test(row[i] ?? "")),
  );
  const align = (i: number): string => (isFigures[i] === true ? ' class="number"' : "");
  const head = columns.map((name, i) => `<th scope="col"${align(i)}>${escaped(name)}</th>`).join("");
  const body = rows.map((row) => {
    const cells = row.map((text, i) =>
      i === 0 ? `<th scope="row">${escaped(text)}</th>` : `<td${align(i)}>${escaped(text)}</td>`,
    );
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<div class="wide" tabindex="0" role="region" aria-label="${escaped(caption)}"><table>
<caption>${escaped(caption)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join("\n")}
</tbody></table></div>`;
}
