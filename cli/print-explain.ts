/** Prints where the time of each latency went, part by part, and what it would be with one thing changed. */
import { percent, signedPercent, type Answer, type AnswerParts } from "../formats/index.js";
import { figure, print, printTable } from "./output.js";
import { partTitles, verdictWords } from "../report/html/index.js";
import { printFoundation } from "./print-answer.js";
import { predicted } from "./print-intervals.js";

const metrics = [
  ["ttft", "time to first token"],
  ["tpot", "time per output token"],
  ["e2el", "end-to-end latency"],
] as const;
/** Share of a statistic; parts below it in every statistic are merged into one row. */
const LEAST_SHARE = 0.005;

export function printExplain(answer: Answer): void {
  const { parts = [], unit, value, interval, next_best: next } = answer;
  print(`${predicted(value, interval ?? undefined)} ${unit}`);
  for (const [metric, title] of metrics) {
    const own = parts.filter(({ statistic }) => statistic.endsWith(`_${metric}`));
    if (own.length > 0) printParts(title, own);
  }
  print(`${answer.evidence[0]!.replications} days; in brackets the interval that holds 9 of 10`);
  printCounterfactuals(answer);
  if (next !== null) print(`most would come from ${next.change}: about ${figure(next.value, 3)} ${next.unit}`);
  printFoundation(answer);
}

function printParts(title: string, columns: readonly AnswerParts[]): void {
  const names = Object.keys(partTitles).filter((name) =>
    columns.some(({ parts, value }) => (parts[name] ?? 0) >= LEAST_SHARE * value),
  );
  printTable(
    [`${title}, ms`, ...columns.map(({ statistic }) => statistic.split("_")[0]!)],
    [
      ["all", ...columns.map(({ value, interval }) => predicted(value, interval ?? undefined))],
      ...names.map((name) => [
        partTitles[name]!,
        ...columns.map(({ parts, value }) => `${figure(parts[name] ?? 0, 3)} (${percent((parts[name] ?? 0) / value)})`),
      ]),
      ["decoding beside", ...columns.map(({ beside }) => (beside === null ? "-" : figure(beside, 3)))],
    ],
  );
}

function printCounterfactuals({ counterfactuals = [] }: Answer): void {
  const shown = counterfactuals[0]?.differences.map(({ statistic }) => statistic) ?? [];
  if (shown.length === 0) return;
  const columns = shown.filter((statistic) => /^(mean|p99)_/.test(statistic));
  printTable(
    ["on the same days, with", ...columns],
    counterfactuals.map(({ change, differences }) => [
      change,
      ...columns.map((column) => {
        const found = differences.find(({ statistic }) => statistic === column);
        if (found === undefined) return "-";
        const { after, difference, before, verdict } = found;
        return `${figure(after, 3)} (${signedPercent(difference / before)})\n${verdictWords[verdict]}`;
      }),
    ]),
  );
}
