/** The page of a sweep: who wins where, its charts, whether to trust it, every cell, those that failed, how to make it again. */
import { chartFigures } from "./chart-figure.js";
import { dataTableHtml, type DataTable } from "./data-table.js";
import { renderPage, type Part } from "./page.js";
import type { ReportAnswer, ReportSection, TrustCheck } from "./report-input.js";
import { sectionHtml } from "./section.js";
import { trustPanel } from "./trust-panel.js";
import { escaped } from "./escape.js";

export interface SweepPageInput {
  readonly title: string;
  readonly answer: ReportAnswer;
  readonly trust: readonly TrustCheck[];
  /** By statistic: the best in each place. The first is shown, the others can be unfolded. */
  readonly winners: readonly DataTable[];
  readonly cells: DataTable;
  /** Cells without a result, and why. */
  readonly failures: readonly DataTable[];
  readonly charts: ReadonlyMap<string, string>;
  readonly sections: readonly ReportSection[];
}

/** The page as HTML. Throws ConfigError when a chart is not plain SVG. */
export function renderSweep({ title, answer, ...rest }: SweepPageInput): string {
  const { trust, winners, cells, failures, charts, sections } = rest;
  const [first, ...others] = winners;
  const parts: Part[] = [
    ...(first === undefined ? [] : [{ id: "winners", heading: "Who wins where", html: [dataTableHtml(first), ...others.map(folded)].join("\n") }]), // prettier-ignore
    ...(charts.size > 0 ? [{ id: "charts", heading: "Charts", html: chartFigures(charts) }] : []),
    { id: "trust", heading: "Can you trust this?", html: trustPanel(trust) },
    ...(failures.length > 0 ? [{ id: "failures", heading: "Cells without a result", html: failures.map(dataTableHtml).join("\n") }] : []), // prettier-ignore
    { id: "cells", heading: "Every cell", html: dataTableHtml(cells) },
    { id: "again", heading: "Where it comes from", html: sections.map(sectionHtml).join("\n") },
  ];
  return renderPage({ title, ...answer, warnings: 0, parts });
}

function folded(table: DataTable): string {
  return `<details><summary>${escaped(table.caption)}</summary>${dataTableHtml(table)}</details>`;
}
