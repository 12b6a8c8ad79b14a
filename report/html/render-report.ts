/**
 * The report of an experiment: the answer, every policy under every load, whether to trust it, the reader's own limits,
 * the charts, every figure, and how all of it was made.
 */
import { chartFigures } from "./chart-figure.js";
import { headlineSection } from "./headline-table.js";
import { outcomeSection } from "./outcome-table.js";
import { renderPage, warningList, type Part } from "./page.js";
import type { ReportInput } from "./report-input.js";
import { sectionHtml } from "./section.js";
import { sloSection } from "./slo-section.js";
import { trustPanel } from "./trust-panel.js";

/** The report as HTML. Throws ConfigError when a chart is not plain SVG. */
export function renderReport(input: ReportInput): string {
  const { title, answer, warnings } = input;
  return renderPage({ title, ...answer, warnings: warnings.length, parts: partsOf(input) });
}

function partsOf({ headline, trust, samples, outcome, charts, sections, warnings, lastSections }: ReportInput): Part[] {
  return [
    { id: "headline", heading: "Who wins where", html: headlineSection(headline) },
    ...(trust.length > 0 ? [{ id: "trust", heading: "Can you trust this?", html: trustPanel(trust) }] : []),
    ...(warnings.length > 0 ? [{ id: "warnings", heading: "Warnings", html: warningList(warnings) }] : []),
    ...(samples.length > 0 ? [{ id: "limits", heading: "Within your limits", html: sloSection(samples) }] : []),
    ...(charts.size > 0 ? [{ id: "charts", heading: "Charts", html: chartFigures(charts) }] : []),
    { id: "outcome", heading: "All figures", html: outcomeSection(outcome) },
    ...(sections.length > 0 ? [{ id: "method", heading: "Method", html: sections.map(sectionHtml).join("\n") }] : []),
    ...(lastSections.length > 0
      ? [{ id: "again", heading: "Where it comes from", html: lastSections.map(sectionHtml).join("\n") }]
      : []),
  ];
}
