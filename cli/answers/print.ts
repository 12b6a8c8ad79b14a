/** Prints what answers have in common: the value of a load, what binds, what it rests on, what it costs and how to check it. */
import { percent, signedPercent, type Answer, type AnswerEvidence } from "../../formats/index.js";
import { resourceWords, verdictWords } from "../../report/html/index.js";
import { causesText, figure, percentWithin, predicted, print, printTable, warn } from "../printing/index.js";

/** An answer that is a load: the most that is within the goals, and what a given load is beside it. */
export function printLoadAnswer(answer: Answer): void {
  const { value, unit, interval, question, verdict, at_rate: at } = answer;
  print(`${predicted(value, interval)} ${unit} within ${question.goal}`);
  printTurns(answer);
  const words = verdictWords[verdict];
  print(
    at === undefined
      ? words
      : `at ${figure(at.rate)} ${unit}: ${words}; head-room ${percentWithin(at.head_room, at.interval)}`,
  );
  printInterval(answer);
  printBinding(answer);
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
export function printTurns({ turns_per_s: turns }: Answer): void {
  if (turns === undefined) return;
  print(`that is ${predicted(turns.value, turns.interval)} turns/s, each of them a request`);
}

function printInterval({ interval, spread, unit }: Answer): void {
  if (interval === null || interval.low === interval.high) return;
  const { low, high } = interval;
  print(
    `up to ${figure(low)} it holds on 9 of 10 days or more, above ${figure(high)} on hardly any; between, it depends on the day`,
  );
  const byCause = causesText(spread, { chance: "chance in a run" });
  if (byCause !== undefined) print(`standard deviation by cause, ${unit}: ${byCause}`);
}

export function printBinding({ binds: { slo, resource }, next_best: next, unit }: Answer): void {
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

export function printEvidence(evidence: readonly AnswerEvidence[]): void {
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
  const { replicas, price_per_hour: perHour, per_request: perRequest } = cost;
  const figures = [
    [cost.per_million_output_tokens, "per million output tokens"],
    [cost.per_million_tokens, "per million tokens"],
    [perRequest === null ? null : 1000 * perRequest, "per 1000 requests"],
    [cost.joules_per_output_token, "J per output token"],
  ] as const;
  const parts = figures.flatMap(([value, unit]) => (value === null ? [] : [`${figure(value, 3)} ${unit}`]));
  const price = perHour === null ? "" : `, ${replicas} x ${figure(perHour, 3)} per hour`;
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
