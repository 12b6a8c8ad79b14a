/** A table of data: the page's script lets the reader sort it by any column and take it away as CSV, with exact values. */
import { escaped } from "./escape.js";

export interface DataCell {
  readonly text: string;
  /** What it is sorted by, and what the CSV holds; absent: the text. */
  readonly value?: number;
}

export interface DataTable {
  /** Of the CSV file, without ending. */
  readonly name: string;
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly DataCell[])[];
}

/** The first column heads its row; a column with values stands to the right. */
export function dataTableHtml({ name, caption, columns, rows }: DataTable): string {
  const isNumber = columns.map((_, at) => rows.some((row) => row[at]?.value !== undefined));
  const look = (at: number): string => (isNumber[at] === true ? ' class="number"' : "");
  const head = columns.map((column, at) => `<th scope="col"${look(at)}>${escaped(column)}</th>`).join("");
  const body = rows.map((row) => {
    const cells = row.map(({ text, value }, at) => {
      const exact = value === undefined ? "" : ` data-value="${value}"`;
      return at === 0
        ? `<th scope="row"${exact}>${escaped(text)}</th>`
        : `<td${look(at)}${exact}>${escaped(text)}</td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<div class="sortable" data-name="${escaped(name)}"><div class="wide" tabindex="0" role="region" aria-label="${escaped(caption)}"><table>
<caption>${escaped(caption)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join("\n")}
</tbody></table></div></div>`;
}
