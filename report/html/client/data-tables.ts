/** Tables of data are sorted by a click on a column's name, up and then down, and saved as CSV with exact values. */
import { saveCsv } from "./csv.js";
import { element } from "./element.js";

export function sortTables(): void {
  for (const holder of document.querySelectorAll<HTMLElement>(".sortable")) {
    const table = holder.querySelector("table");
    if (table === null) continue;
    const heads = [...table.querySelectorAll<HTMLTableCellElement>("thead th")];
    for (const [at, head] of heads.entries()) {
      const button = element("button", { type: "button", class: "sort" }, head.textContent);
      button.addEventListener("click", () => {
        const isDown = head.getAttribute("aria-sort") === "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
        sortBy(table, at, isDown);
      });
      head.replaceChildren(button);
    }
    const csv = element("button", { type: "button" }, "CSV");
    csv.setAttribute("aria-label", `Download as CSV: ${table.caption?.textContent ?? "table"}`);
    csv.addEventListener("click", () => {
      const rows = [...table.querySelectorAll("tr")].map((row) => [...row.cells].map(exactOf));
      saveCsv(holder.dataset.name ?? "table", rows);
    });
    holder.append(element("div", { class: "tools" }, csv));
  }
}

function exactOf(cell: HTMLTableCellElement): string {
  return cell.dataset.value ?? cell.textContent;
}

/** Numbers by size, texts by the alphabet after them; what is equal keeps its order. */
function sortBy(table: HTMLTableElement, at: number, isDown: boolean): void {
  const body = table.tBodies[0]!;
  const rows = [...body.rows].map((row) => {
    const cell = row.cells[at]!;
    return { row, value: cell.dataset.value === undefined ? NaN : Number(cell.dataset.value), text: cell.textContent };
  });
  const turn = isDown ? -1 : 1;
  rows.sort((a, b) => {
    const [first, second] = [Number.isNaN(a.value), Number.isNaN(b.value)];
    if (first !== second) return first ? 1 : -1;
    return turn * (first ? a.text.localeCompare(b.text, "en", { numeric: true }) : a.value - b.value);
  });
  body.replaceChildren(...rows.map(({ row }) => row));
}
