/** Rows as a CSV file that the browser saves. */
import { element } from "./element.js";

export function saveCsv(name: string, rows: readonly (readonly string[])[]): void {
  const text = rows.map((row) => row.map(csvText).join(",")).join("\r\n");
  const url = URL.createObjectURL(new Blob([text, "\r\n"], { type: "text/csv" }));
  element("a", { href: url, download: `${name}.csv` }).click();
  URL.revokeObjectURL(url);
}

/** Quoted where it must be; a text that a spreadsheet would execute gets an apostrophe. */
function csvText(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
