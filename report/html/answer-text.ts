/** The first words of an answer's page: the answer in a sentence, then what it means and what limits it. */
import { percent, signedPercent, type Answer } from "../../formats/index.js";
import { goalWords, partTitles, resourceWords, tuneVerdictWords, verdictWords } from "./answer-words.js";
import type { ReportAnswer } from "./report-input.js";

export function answerText(answer: Answer): ReportAnswer {
  const paragraphs = [turnsText(answer), meaning(answer), atRateText(answer), goalsText(answer), bindsText(answer)];
  const pretty = (text: string): string => text.replaceAll("<=", "≤");
  const headline = headlines[answer.question.name](answer);
  return { headline: pretty(headline), paragraphs: paragraphs.filter((text) => text !== "").map(pretty) };
}

const headlines: Readonly<Record<Answer["question"]["name"], (answer: Answer) => string>> = {
  capacity: loadHeadline,
  headroom: loadHeadline,
  size: ({ value, unit, question, sizing }) =>
    value === null
      ? `Even ${sizing?.tried ?? "the most"} ${unit} do not meet ${question.goal}.`
      : `${value} ${value === 1 ? unit.replace(/s$/, "") : unit} ${value === 1 ? "is" : "are"} enough for ${question.goal}.`,
  whatif: whatifHeadline,
  explain: explainHeadline,
  tune: tuneHeadline,
};

function loadHeadline({ value, unit, question: { goal, asked } }: Answer): string {
  const who = typeof asked.policy === "string" ? asked.policy : "The server";
  if (value === null || value === 0) return `${who} does not meet ${goal} at any load.`;
  return `${who} takes up to ${figure(value)} ${unit}${goal === "" ? "" : ` within ${goal}`}.`;
}

/** What a number of sessions makes in requests. */
function turnsText({ turns_per_s: turns }: Answer): string {
  if (turns === undefined) return "";
  const { value, interval } = turns;
  const range = interval === null ? "" : ` (${figure(interval.low)} to ${figure(interval.high)})`;
  return `That is ${figure(value)}${range} turns/s, each of them a request.`;
}

function whatifHeadline({ evidence, differences = [] }: Answer): string {
  const [before, after] = evidence.map(({ varied }) => Object.entries(varied));
  const change = (before ?? [])
    .map(([key, from], at) => `${key} ${String(from)} → ${String(after?.[at]?.[1])}`)
    .join(", ");
  const count = (verdict: string): number => differences.filter((one) => one.verdict === verdict).length;
  const words = [
    ["better", "better"],
    ["worse", "worse"],
    ["same", "the same"],
    ["unclear", "too close to tell"],
  ] as const;
  const parts = words.flatMap(([verdict, text]) => (count(verdict) === 0 ? [] : [`${count(verdict)} ${text}`]));
  return `With ${change}, of ${differences.length} statistics ${parts.join(", ")}.`;
}

function explainHeadline({ value, unit, parts = [] }: Answer): string {
  const statistic = unit.replace(/^ms of /, "");
  const own = parts.find((one) => one.statistic === statistic);
  const [largest] = Object.entries(own?.parts ?? {}).sort(([, a], [, b]) => b - a);
  const most =
    largest === undefined || own === undefined
      ? ""
      : `; the largest part is ${partTitles[largest[0]] ?? largest[0]}, ${percent(largest[1] / own.value)}`;
  return `${statistic} is ${value === null ? "not known" : `${figure(value)} ms`}${most}.`;
}

function tuneHeadline({ value, unit, question, verdict, tuning }: Answer): string {
  if (verdict === "cannot_be_met" || value === null) return `No settings that were tried meet ${question.goal}.`;
  const changes = Object.entries(tuning?.changes ?? {}).map(([setting, to]) => `${setting} ${String(to)}`);
  const what = changes.length === 0 ? "The settings as they are" : `With ${changes.join(", ")}`;
  const base = tuning === undefined || changes.length === 0 ? "" : ` instead of ${figure(tuning.base.value)}`;
  return `${what}: ${question.goal} is ${figure(value)} ${unit}${base}.`;
}

/** What the interval and the verdict say. */
function meaning({ value, interval, unit, verdict, question, tuning, sizing }: Answer): string {
  if (question.name === "tune") {
    const tried = tuning === undefined ? "" : ` ${tuning.tried} combinations were tried.`;
    return `${capital(tuneVerdictWords[verdict] ?? verdictWords[verdict])}.${tried}${rangeText("On 9 of 10 days it lies between", interval, unit)}`;
  }
  if (value === null || interval === null) return "";
  if (question.name === "size") {
    const fewer = interval.low < value ? ` On some days ${interval.low} are.` : "";
    return `So many are enough on 9 of 10 days or more.${fewer}${sizing === undefined ? "" : ` Up to ${sizing.tried} were tried.`}`;
  }
  if (question.name === "capacity" || question.name === "headroom") {
    if (interval.low === interval.high) return "";
    return (
      `Up to ${figure(interval.low)} ${unit} it holds on 9 of 10 days or more, above ${figure(interval.high)} on hardly any. ` +
      "Between the two it depends on the day."
    );
  }
  if (question.name === "whatif") {
    return `For ${unit.replace(/^ms of /, "")}: ${verdictWords[verdict]}; the difference is ${figure(value)} ms (${figure(interval.low)} to ${figure(interval.high)} with 90 % confidence).`;
  }
  return rangeText("On 9 of 10 days it lies between", interval, "ms").trim();
}

function rangeText(words: string, interval: Answer["interval"], unit: string): string {
  return interval === null || interval.low === interval.high
    ? ""
    : ` ${words} ${figure(interval.low)} and ${figure(interval.high)} ${unit}.`;
}

function atRateText({ at_rate: at, unit, verdict, question }: Answer): string {
  if (at === undefined) return "";
  const { low, high } = at.interval;
  const rate = question.asked.sessions === true ? "sessions/s" : "requests/s";
  const load = question.name === "size" ? rate : unit;
  const judged = question.name === "size" ? "" : `: ${verdictWords[verdict]}`;
  return `At ${figure(at.rate)} ${load}${judged}. The load may grow by ${signedPercent(at.head_room)} (${signedPercent(low)} to ${signedPercent(high)}).`;
}

function goalsText({ goal_verdicts: goals, question: { goal } }: Answer): string {
  return goals === undefined
    ? ""
    : `${goal}: ${goalWords[goals.before]} before the change, ${goalWords[goals.after]} after it.`;
}

function bindsText({ binds: { slo, resource }, next_best: next, question }: Answer): string {
  const what = slo === "sustained" ? "what the server can keep up with" : slo;
  const by = [what, resource === null ? null : (resourceWords[resource] ?? resource)].filter((one) => one !== null);
  const limited = by.length === 0 || question.name === "tune" ? "" : `Limited by ${by.join(" and ")}.`;
  const better =
    next?.value == null
      ? ""
      : `${question.name === "tune" ? "Also good:" : "What helps most:"} ${next.change}, about ${figure(next.value)} ${next.unit}.`;
  return [limited, better].filter((text) => text !== "").join(" ");
}

/** Three digits, thousands separated. */
export function figure(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 6 }).replace("-", "−");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
