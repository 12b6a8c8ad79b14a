/**
 * The first table of a report: every policy under every load in one metric, the best first, with a bar for the real value
 * and one for the simulated. The first metric is shown, the others can be unfolded.
 */
import { greatest } from "../../formats/index.js";
import { escaped, prose } from "./escape.js";
import { percentText, valueText, verdictCell } from "./figures.js";
import type { HeadlineLoad, HeadlineMetric, HeadlineRow } from "./report-input.js";

export function headlineSection(metrics: readonly HeadlineMetric[]): string {
  const [first, ...others] = metrics;
  if (first === undefined) return `<p>No finished request, so there is nothing to compare.</p>`;
  const folded = others.map(
    (metric) => `<details class="more"><summary>${escaped(metric.name)}</summary>${metricTable(metric)}</details>`,
  );
  return `${metricTable(first)}
<p class="note">Bars begin at zero and share a scale under each load: solid is real, its line from the lowest to the highest repeat; outlined is simulated, its
line where 9 of 10 runs would lie. Error: simulated against real, with its 90 % interval.</p>
${folded.join("\n")}`;
}

const columns = ["Policy", "", "Simulated", "Real", "Error", "90 % interval", "Verdict"] as const;

function metricTable({ name, unit, loads }: HeadlineMetric): string {
  const caption = `${name}, ${unit}`;
  const head = columns.map((column) =>
    column === "" ? `<td role="cell"></td>` : `<th scope="col" role="columnheader"${numeric(column)}>${column}</th>`,
  );
  return `<div class="wide"><table class="headline-table" role="table">
<caption>${escaped(caption)}</caption>
<thead role="rowgroup"><tr role="row">${head.join("")}</tr></thead>
${loads.map((load) => loadRows(load)).join("\n")}
</table></div>`;
}

function numeric(column: (typeof columns)[number]): string {
  return /^(Simulated|Real|Error|90 % interval)$/.test(column) ? ' class="number"' : "";
}

function loadRows({ load, description, statement, rows }: HeadlineLoad): string {
  const most = greatest(rows.flatMap((row) => [...endsOf(row)]));
  const details = description === load ? "" : ` <span class="unit">${escaped(description)}</span>`;
  return `<tbody role="rowgroup">
<tr class="load" role="row"><th colspan="${columns.length}" scope="rowgroup" role="rowheader">${escaped(load)}${details}<p>${prose(statement)}</p></th></tr>
${rows.map((row) => policyRow(row, most)).join("\n")}
</tbody>`;
}

/** What a row's bars must have room for. */
function endsOf({ sim, real, spread, simInterval }: HeadlineRow): number[] {
  return [sim, real, spread?.[1], simInterval?.[1]].filter(isNumber);
}

function policyRow(row: HeadlineRow, most: number): string {
  const { policy, colour, sim, real, errorPercent, intervalPercent, remark } = row;
  const note = remark === undefined ? "" : ` <span class="unit">${escaped(remark)}</span>`;
  const figure = (value: number | undefined): string => (isNumber(value) ? valueText(value) : "–");
  const error = isNumber(errorPercent) ? `${percentText(errorPercent)} %` : "–";
  const interval =
    intervalPercent?.every(isNumber) === true ? `${intervalPercent.map(percentText).join(" to ")} %` : "–";
  const number = (label: string, text: string): string =>
    `<td class="number" role="cell" data-label="${label}">${text}</td>`;
  return [
    `<tr role="row"><th scope="row" role="rowheader"><span class="swatch" style="background:${escaped(colour)}"></span>${escaped(policy)}${note}</th>`,
    `<td class="bars" role="cell">${bars(row, most)}</td>`,
    number("Simulated", figure(sim)),
    number("Real", figure(real)),
    number("Error", error),
    number("90 % interval", interval),
    `<td class="verdict" role="cell" data-label="Verdict">${verdictCell(row)}</td></tr>`,
  ].join("");
}

const widthPx = 220;

/** Real above simulated; empty where there is nothing to draw. */
function bars({ colour, sim, real, spread, simInterval }: HeadlineRow, most: number): string {
  if (!(most > 0)) return "";
  const xPx = (value: number): number => Math.round((10 * (widthPx - 4) * value) / most) / 10;
  const bar = (value: number | undefined, yPx: number, look: string): string =>
    isNumber(value) ? `<rect x="1" y="${yPx}" width="${xPx(value)}" height="9" ${look}/>` : "";
  const line = (ends: readonly [number, number] | undefined, yPx: number): string =>
    ends?.every(isNumber) === true
      ? `<path class="bar-line" d="M${1 + xPx(ends[0])},${yPx}H${1 + xPx(ends[1])}m0,-3v6M${1 + xPx(ends[0])},${yPx - 3}v6"/>`
      : "";
  const [fill, outline] = [`fill="${escaped(colour)}"`, `fill="${escaped(colour)}" fill-opacity="0.18" stroke="${escaped(colour)}" stroke-dasharray="4 2"`]; // prettier-ignore
  return `<svg width="${widthPx}" height="26" viewBox="0 0 ${widthPx} 26" preserveAspectRatio="xMinYMid" aria-hidden="true">${bar(real, 2, fill)}${bar(sim, isNumber(real) ? 14 : 8, outline)}${line(spread, 6.5)}${line(simInterval, isNumber(real) ? 18.5 : 12.5)}</svg>`;
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value);
}
