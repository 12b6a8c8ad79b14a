/** Prints what a change does: each statistic before and after, the difference and the verdict. */
import { signedPercent, type Answer, type AnswerInterval } from "../formats/index.js";
import { figure, print, printTable } from "./output.js";
import { goalWords, resourceWords, verdictWords } from "../report/html/index.js";
import { printFoundation } from "./print-answer.js";
import { predicted } from "./print-intervals.js";

export function printWhatif(answer: Answer): void {
  const { differences = [], evidence, goal_verdicts: goals, binds, question } = answer;
  const [before, after] = evidence.map(({ varied }) =>
    Object.entries(varied).map(([key, value]) => [key, String(value)]),
  );
  print(`change: ${before!.map(([key, from], at) => `${key!} ${from!} -> ${after![at]![1]!}`).join(", ")}`);
  printTable(
    ["", "before", "after", "difference", "", "on 9 of 10 days", ""],
    differences.map(({ statistic, before: from, after: to, difference, interval, of_a_day: day, verdict }) => [
      statistic,
      figure(from),
      figure(to),
      signed(difference, interval),
      from === 0 ? "" : signedPercent(difference / from),
      day === null ? "" : range(day),
      verdictWords[verdict],
    ]),
  );
  print(
    `${evidence[0]!.replications} days, each before and after the change on the same random numbers; in brackets the interval ` +
      "that holds the mean difference with 90 % confidence",
  );
  if (goals !== undefined)
    print(`${question.goal}: ${goalWords[goals.before]} before, ${goalWords[goals.after]} after`);
  const { resource } = binds;
  if (resource !== null) print(`after the change what limits first is ${resourceWords[resource] ?? resource}`);
  printFoundation(answer);
}

/** With the digits that its interval allows. */
function signed(difference: number, interval: AnswerInterval | null): string {
  return predicted(difference, interval ?? undefined, "\n").replace(/\((-?[\d.]+)-(-?[\d.]+)\)/, "($1 to $2)");
}

function range({ low, high }: AnswerInterval): string {
  return `${figure(low, 3)} to ${figure(high, 3)}`;
}
