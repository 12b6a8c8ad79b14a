/**
 * The first thing a report shows: what was predicted, what happened, how wrong. Means and p95 of TTFT, latency and
 * throughput stand in one table, everything else in a folded table for each cell.
 */
import { tallyOf, tallyText } from "../compare/index.js";
import { errorStrip, stripReachPercent } from "./error-strip.js";
import { escaped } from "./escape.js";
import { percentText, valueText, verdictCell } from "./figures.js";
import type { OutcomeRow } from "./report-input.js";

/** The section's HTML. */
export function outcomeSection(rows: readonly OutcomeRow[]): string {
  if (rows.length === 0) return `<p>Nothing was compared: this report has no pair of simulated and real runs.</p>`;
  const chosen = rows.filter(isUpFront);
  const upFront = chosen.length === 0 ? rows : chosen;
  const rest = chosen.length === 0 ? [] : rows.filter((row) => !isUpFront(row));
  const reachPercent = stripReachPercent(rows);
  const cells = [...new Set(rest.map((row) => row.cell))];
  const folded = cells.map((cell) => {
    const own = rest.filter((row) => row.cell === cell);
    const summary = `${escaped(cell)}: ${own.length} more ${own.length === 1 ? "figure" : "figures"}`;
    return `<details><summary>${summary}</summary>${table(`All other figures of ${cell}`, own, reachPercent)}</details>`;
  });
  const caption = "Predicted, measured, and the difference: mean and p95 of the main metrics";
  return `<p>${escaped(tally(rows))}</p>
${filterForm(rows)}
${table(caption, upFront, reachPercent)}
${folded.join("\n")}
<p class="note">Error: simulated against real, in percent of real; the strip shows it with its 90 % interval and dashed lines
at the tolerance on a scale of ±${reachPercent} %, over the band that the real repeats span. <em>Agrees</em>: the whole interval lies within the tolerance;
<em>differs</em>: it lies outside; <em>cannot tell</em>: neither, since the noise is too wide.</p>`;
}

function isUpFront(row: OutcomeRow): boolean {
  return /ttft|latency|e2el|throughput|tokens_per_s/i.test(row.metric) && /^(mean|p95)$/i.test(row.stat);
}

/** `Verdicts: agrees 8, differs 3, cannot tell 1 of 12; 2 more figures without a verdict.` */
function tally(rows: readonly OutcomeRow[]): string {
  const judged = rows.flatMap(({ verdict }) => (verdict === undefined ? [] : [{ verdict }]));
  const open = rows.length - judged.length;
  const rest = open === 0 ? "" : `; ${open} more figure${open === 1 ? "" : "s"} without a verdict`;
  return `Verdicts: ${tallyText(tallyOf(judged))}${rest}.`;
}

/** Hidden until the script shows it: without JavaScript every row is there anyway. */
function filterForm(rows: readonly OutcomeRow[]): string {
  const select = (id: string, name: string, values: readonly string[]): string => {
    const options = [...new Set(values)].map((value) => `<option>${escaped(value)}</option>`).join("");
    return `<label for="filter-${id}">${name}</label> <select id="filter-${id}"><option value="">all</option>${options}</select>`;
  };
  return `<form id="filter" hidden>
${select(
  "cell",
  "Cell",
  rows.map((row) => row.cell),
)}
${select(
  "metric",
  "Metric",
  rows.map((row) => row.metric),
)}
<output id="filter-count" aria-live="polite"></output>
</form>`;
}

function table(caption: string, rows: readonly OutcomeRow[], reachPercent: number): string {
  const head = [
    "Cell",
    "Metric",
    "Simulated",
    "Real",
    "Error",
    "90 % interval",
    "Tolerance",
    "Strip",
    "Spread of repeats",
    "n",
    "Verdict",
  ]
    .map((name) => `<th scope="col"${/^(Cell|Metric|Strip|Verdict)$/.test(name) ? "" : ' class="number"'}>${name}</th>`)
    .join("");
  const body = rows.map((row, i) => {
    const first = i === 0 || rows[i - 1]!.cell !== row.cell;
    return outcomeRow(row, first, reachPercent);
  });
  return `<div class="wide" tabindex="0" role="region" aria-label="${escaped(caption)}"><table class="outcome">
<caption>${escaped(caption)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join("\n")}
</tbody></table></div>`;
}

function outcomeRow(row: OutcomeRow, first: boolean, reachPercent: number): string {
  const figure = (value: number | undefined): string => (isNumber(value) ? valueText(value) : "–");
  const interval =
    row.intervalPercent?.every(isNumber) === true ? `${row.intervalPercent.map(percentText).join(" to ")} %` : "–";
  const spread = row.spread?.every(isNumber) === true ? row.spread.map(valueText).join(" to ") : "–";
  const error = isNumber(row.errorPercent) ? `${percentText(row.errorPercent)} %` : "–";
  const tolerance = isNumber(row.tolerancePercent) ? `±${row.tolerancePercent.toFixed(1)} %` : "–";
  const unit = row.unit === "" ? "" : ` <span class="unit">${escaped(row.unit)}</span>`;
  const number = (text: string): string => `<td class="number">${text}</td>`;
  return [
    `<tr data-cell="${escaped(row.cell)}" data-metric="${escaped(row.metric)}"${first ? ' class="first"' : ""}>`,
    `<th scope="row" title="${escaped(row.cell)}">${escaped(row.cell)}</th>`,
    `<td>${escaped(`${row.metric} ${row.stat}`)}${unit}</td>`,
    ...[figure(row.sim), figure(row.real), error, interval, tolerance].map(number),
    `<td class="strip">${errorStrip(row, reachPercent)}</td>`,
    ...[spread, String(row.n)].map(number),
    `<td class="verdict">${verdictCell(row)}</td></tr>`,
  ].join("");
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value);
}
