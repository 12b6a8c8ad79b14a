/** A section of facts, sentences, commands and a table, from plain text. */
import { escaped, prose } from "./escape.js";
import type { ReportSection, ReportTable } from "./report-input.js";

export function sectionHtml({ heading, paragraphs = [], facts = [], commands = [], table }: ReportSection): string {
  const list = facts.map(([term, value]) => `<dt>${escaped(term)}</dt><dd>${escaped(value)}</dd>`).join("\n");
  return [
    `<h3>${escaped(heading)}</h3>`,
    ...paragraphs.map((text) => `<p>${prose(text)}</p>`),
    ...(commands.length > 0 ? [commandsHtml(commands)] : []),
    ...(facts.length > 0 ? [`<dl>\n${list}\n</dl>`] : []),
    ...(table === undefined ? [] : [foldedIfLong(table)]),
  ].join("\n");
}

function commandsHtml(commands: readonly string[]): string {
  return `<pre tabindex="0" role="region" aria-label="Commands"><code>${commands.map(escaped).join("\n")}</code></pre>`;
}

/** Rows from which a table is folded. */
const LONG = 15;

function foldedIfLong(table: ReportTable): string {
  if (table.rows.length < LONG) return tableHtml(table);
  const { caption, rows } = table;
  return `<details><summary>${escaped(caption)}: ${rows.length} rows</summary>${tableHtml(table)}</details>`;
}

/** A plain table: the first column heads its row, columns of figures stand to the right. */
export function tableHtml({ caption, columns, rows }: ReportTable): string {
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
