/** The page of an answer: the answer in a sentence, what it rests on, its chart, whether to trust it, how to check it. */
import { sharePercent, signedPercent, type Answer } from "../../formats/index.js";
import { answerTables } from "./answer-tables.js";
import { answerText, figure } from "./answer-text.js";
import { chartFigures } from "./chart-figure.js";
import { renderPage, warningList, type Part } from "./page.js";
import type { ReportSection, TrustCheck } from "./report-input.js";
import { sectionHtml } from "./section.js";
import { trustPanel } from "./trust-panel.js";

/** The page as HTML; `charts`: SVG text by name. Throws ConfigError when a chart is not plain SVG. */
export function renderAnswer(answer: Answer, charts: ReadonlyMap<string, string>): string {
  const { question, notes } = answer;
  const { policy, run, profile } = question.asked;
  const what = [policy ?? run, profile].filter((one) => typeof one === "string").join(" on ");
  const parts: Part[] = [
    ...(charts.size > 0 ? [{ id: "charts", heading: "The answer in a picture", html: chartFigures(charts) }] : []),
    { id: "trust", heading: "Can you trust this?", html: trustPanel(trustOf(answer)) },
    ...(notes.length > 0 ? [{ id: "warnings", heading: "Warnings", html: warningList(notes) }] : []),
    { id: "evidence", heading: "What it rests on", html: answerTables(answer).map(sectionHtml).join("\n") },
    { id: "again", heading: "Reproduce and check", html: provenance(answer).map(sectionHtml).join("\n") },
  ];
  return renderPage({
    title: `servesim ${question.name}${what === "" ? "" : `: ${what}`}`,
    ...answerText(answer),
    warnings: notes.length,
    parts,
  });
}

/** Share of the time beyond the measured range, and error of the nearest recorded run, that are worth a look. */
const MOST_BEYOND = 0.01;
const MOST_ERROR = 0.1;

function trustOf({
  extrapolated_share: share,
  nearest_measured: nearest,
  spread,
  evidence,
  commands,
}: Answer): TrustCheck[] {
  const replications = evidence[0]?.replications;
  const causes = [
    ["chance in a run", spread?.from_seed],
    ["pace of the host", spread?.from_run],
    ["calibration", spread?.from_calibration],
  ] as const;
  const known = causes.flatMap(([name, value]) => (value == null ? [] : [`${name} ${figure(value)}`]));
  return [
    {
      name: "Extrapolation",
      state: share > MOST_BEYOND ? "look" : "fine",
      text:
        share === 0
          ? "None: every run stays within what the profile measured."
          : `${sharePercent(share)} of the time lies beyond what the profile measured.`,
    },
    nearest === null
      ? { name: "Nearest recorded run", state: "unknown", text: "The profile keeps no recorded run to compare with." }
      : {
          name: "Nearest recorded run",
          state: Math.abs(nearest.error) > MOST_ERROR ? "look" : "fine",
          text: `${nearest.recording}, kept out of the fit, is simulated to ${signedPercent(nearest.error)} in ${nearest.statistic}: ${figure(nearest.measured)} there, ${figure(nearest.here)} here.`,
        },
    ...(replications === undefined
      ? []
      : [
          {
            name: "Replications",
            state: "fine",
            text: `${replications} days that differ as real ones do: arrivals, lengths and times${known.length === 0 ? "" : `. Standard deviation by cause: ${known.join(", ")}`}.`,
          } as const,
        ]),
    commands.check === null
      ? { name: "Checked for real", state: "unknown", text: "No: this answer is simulated." }
      : {
          name: "Checked for real",
          state: "unknown",
          text: "Not yet: the last command of this page checks it with real loads.",
        },
  ];
}

function provenance({ question, commands, cost }: Answer): ReportSection[] {
  const asked = Object.entries(question.asked).map(([key, value]): [string, string] => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const costs = cost === null ? [] : costFacts(cost);
  return [
    { heading: "Commands", commands: [commands.reproduce, ...(commands.check === null ? [] : [commands.check])] },
    ...(costs.length === 0 ? [] : [{ heading: "Cost at this load", facts: costs }]),
    {
      heading: "What was asked",
      facts: [...(question.goal === "" ? [] : [["goal", question.goal] as [string, string]]), ...asked],
    },
  ];
}

function costFacts(cost: NonNullable<Answer["cost"]>): [string, string][] {
  const facts: [string, number | null][] = [
    ["price of a replica per hour", cost.price_per_hour],
    ["per million output tokens", cost.per_million_output_tokens],
    ["per million tokens", cost.per_million_tokens],
    ["per 1,000 requests", cost.per_request === null ? null : 1000 * cost.per_request],
    ["joules per output token", cost.joules_per_output_token],
  ];
  return facts.flatMap(([name, value]) => (value === null ? [] : [[name, figure(value)]]));
}
