/** The data behind a chart: a table that can be unfolded, and the same as CSV. */
import type { ChartMark } from "./chart-marks.js";
import { saveCsv } from "./csv.js";
import { element } from "./element.js";

/** Rows of the table; the CSV has all. */
const MOST_ROWS = 200;

export function addData(name: string, marks: readonly ChartMark[], tools: HTMLElement, figure: HTMLElement): void {
  const data = dataOf(marks);
  const words = name.replaceAll("_", " ");
  const csv = element("button", { type: "button", "aria-label": `Download ${words} as CSV` }, "CSV");
  csv.addEventListener("click", () => {
    saveCsv(name, [data.columns, ...data.rows]);
  });
  tools.append(csv);
  const details = element("details", { class: "data" }, element("summary", {}, `Data: ${data.rows.length} marks`));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(tableOf(data, words));
  });
  figure.append(details);
}

interface Data {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Columns that are empty throughout are left out. */
function dataOf(marks: readonly ChartMark[]): Data {
  const columns = ["series", "x", "y", "n", "value"];
  const rows = marks.map(({ series, x, y, n, text }) => {
    const own = series.join(", ");
    return [own, x, y, n, text.startsWith(`${own}: `) ? text.slice(own.length + 2) : text];
  });
  const used = columns.map((_, at) => rows.some((row) => row[at] !== ""));
  const kept = (row: readonly string[]): string[] => row.filter((_, at) => used[at]);
  return { columns: kept(columns), rows: rows.map(kept) };
}

function tableOf({ columns, rows }: Data, words: string): HTMLElement {
  const shown = rows.slice(0, MOST_ROWS);
  const rest = rows.length > shown.length ? `, the first ${shown.length} of ${rows.length}` : "";
  const head = element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name)));
  const body = shown.map((row) =>
    element(
      "tr",
      {},
      ...row.map((text, at) => element(at === 0 ? "th" : "td", at === 0 ? { scope: "row" } : {}, text)),
    ),
  );
  return element(
    "div",
    { class: "wide", tabindex: "0", role: "region", "aria-label": `Data of ${words}` },
    element(
      "table",
      {},
      element("caption", {}, `Data of ${words}${rest}`),
      element("thead", {}, head),
      element("tbody", {}, ...body),
    ),
  );
}
