/** Prints an answer: the value with its interval, what binds, what it rests on, what it costs and how to check it. */
import { percent, signedPercent, type Answer, type AnswerEvidence } from "../formats/index.js";
import { figure, print, printTable, warn } from "./output.js";
import { predicted } from "./print-intervals.js";
import { resourceWords, tuneVerdictWords, verdictWords } from "../report/html/index.js";
import { printTuning } from "./print-tuning.js";
import { countText, printSize } from "./print-size.js";

const causes = [
  ["from_seed", "chance in a run"],
  ["from_run", "pace of the host"],
  ["from_calibration", "calibration"],
] as const;

export function printAnswer(answer: Answer): void {
  const { value, unit, interval, question, verdict, at_rate: at } = answer;
  if (answer.tuning !== undefined) printTuning(answer, answer.tuning);
  else if (answer.sizing !== undefined)
    print(`${countText(answer)} ${value === 1 ? "replica" : unit} within ${question.goal}`);
  else print(`${predicted(value, interval ?? undefined)} ${unit} within ${question.goal}`);
  printTurns(answer);
  if (answer.sizing !== undefined) printSize(answer, answer.sizing);
  else if (answer.tuning !== undefined) print(tuneVerdictWords[verdict] ?? verdictWords[verdict]);
  else if (at === undefined) print(verdictWords[verdict]);
  else {
    const { low, high } = at.interval;
    print(
      `at ${figure(at.rate)} ${unit}: ${verdictWords[verdict]}; head-room ${signedPercent(at.head_room)} (${signedPercent(low)} to ${signedPercent(high)})`,
    );
  }
  if (answer.sizing === undefined && answer.tuning === undefined) printInterval(answer);
  if (answer.tuning === undefined) printBinding(answer);
  printEvidence(answer.evidence);
  printFoundation(answer);
}

/** What every answer ends with: cost, trust, commands and remarks. */
export function printFoundation(answer: Answer): void {
  printCost(answer);
  printTrust(answer);
  print(`reproduce: ${answer.commands.reproduce}`);
  if (answer.commands.check !== null) print(`check:     ${answer.commands.check}`);
  for (const note of answer.notes) warn(note);
}

/** What a number of sessions makes in requests. */
function printTurns({ turns_per_s: turns }: Answer): void {
  if (turns === undefined) return;
  print(`that is ${predicted(turns.value, turns.interval ?? undefined)} turns/s, each of them a request`);
}

function printInterval({ interval, spread, unit }: Answer): void {
  if (interval === null || interval.low === interval.high) return;
  const { low, high } = interval;
  print(
    `up to ${figure(low)} it holds on 9 of 10 days or more, above ${figure(high)} on hardly any; between, it depends on the day`,
  );
  const parts = causes.flatMap(([key, title]) => (spread?.[key] == null ? [] : [`${title} ${figure(spread[key], 2)}`]));
  if (parts.length > 1) print(`standard deviation by cause, ${unit}: ${parts.join(", ")}`);
}

function printBinding({ binds: { slo, resource }, next_best: next, unit }: Answer): void {
  if (slo === null && resource === null) return;
  const what = slo === "sustained" ? "what the server can keep up with" : slo;
  const by = [what, resource === null ? null : (resourceWords[resource] ?? resource)].filter((one) => one !== null);
  const more =
    next === null
      ? ""
      : `; with ${next.change} about ${Number.isInteger(next.value) ? next.value : figure(next.value, 3)} ${unit}`;
  print(`limited by ${by.join(" and ")}${more}`);
}

/** Figures that are about the load itself, not about how it was served. */
const ofLoad = /_per_request$|^mean_concurrent/;

function printEvidence(evidence: readonly AnswerEvidence[]): void {
  const [first] = evidence;
  if (first === undefined) return;
  const varied = Object.keys(first.varied);
  const shown = Object.keys(first.statistics).filter((key) => !ofLoad.test(key));
  printTable(
    ["", ...evidence.map((point) => varied.map((key) => `${key} ${textOf(point.varied[key])}`).join(", "))],
    shown.map((key) => [
      key,
      ...evidence.map(({ statistics, intervals }) => predicted(statistics[key], intervals[key], "\n")),
    ]),
  );
  print(`means of ${first.replications} runs, and in brackets the interval that holds 9 of 10`);
}

function textOf(value: unknown): string {
  return typeof value === "number" && !Number.isInteger(value) ? figure(value) : String(value);
}

function printCost({ cost }: Answer): void {
  if (cost === null) return;
  const parts = [
    ...(cost.per_million_output_tokens === null
      ? []
      : [`${figure(cost.per_million_output_tokens, 3)} per million output tokens`]),
    ...(cost.per_million_tokens === null ? [] : [`${figure(cost.per_million_tokens, 3)} per million tokens`]),
    ...(cost.per_request === null ? [] : [`${figure(1000 * cost.per_request, 3)} per 1000 requests`]),
    ...(cost.joules_per_output_token === null ? [] : [`${figure(cost.joules_per_output_token, 3)} J per output token`]),
  ];
  const price = cost.price_per_hour === null ? "" : `, ${cost.replicas} x ${figure(cost.price_per_hour, 3)} per hour`;
  print(`cost at this load${price}: ${parts.join(", ")}`);
}

function printTrust({ extrapolated_share: share, nearest_measured: nearest }: Answer): void {
  const parts = [`${percent(share)} of the time is beyond what the profile measured`];
  if (nearest !== null) {
    const { recording, statistic, measured, here, error } = nearest;
    parts.push(
      `nearest recorded run ${recording}: ${statistic} ${figure(measured)} there, ${figure(here)} here, simulated to ` +
        signedPercent(error),
    );
  }
  print(parts.join("; "));
}
