/** servesim whatif: what a change does, before beside after on the same random numbers. */
import { goalsText, signedPercent, type Answer, type AnswerInterval } from "../../formats/index.js";
import { DEFAULT_DAYS, parseChanges, whatif, withChanges } from "../../jobs/whatif/index.js";
import { goalWords, resourceWords, verdictWords } from "../../report/html/index.js";
import {
  answered,
  declareScenarioFlags,
  ownCommands,
  parseQuestion,
  printFoundation,
  replicationsFlag,
  scenarioFromFlags,
} from "../answers/index.js";
import { lastGiven, REPEATABLE, type Command } from "../command.js";
import { chartFile } from "../files/index.js";
import { declareGoals, goalsIfGiven, goalsOfLoad } from "../flags/index.js";
import { figure, predicted, print, printTable, rangeText } from "../printing/index.js";
import { ThresholdMissed } from "../process/index.js";

const ownFlags = {
  replications: replicationsFlag
    .default(DEFAULT_DAYS)
    .describe("seeds, paces of the host and draws of the calibration, each simulated before and after the change"),
  chart: chartFile.describe("SVG file for a chart of the differences"),
};

export const command: Command = {
  flags: (yargs) =>
    declareGoals(declareScenarioFlags(yargs.parserConfiguration(REPEATABLE), ownFlags)).option("change", {
      array: true,
      type: "string",
      requiresArg: true,
      group: "Run:",
      describe:
        "the change: KEY=VALUE, or KEY=xFACTOR to multiply it; a key of the load, a setting of the policy, policy, " +
        "profile, replicas or router; may be given more than once",
    }),
  run: async (given) => {
    const args = lastGiven(given, ["change", "goodput"]);
    const flags = parseQuestion(ownFlags, args);
    const changes = parseChanges((args.change as readonly string[] | undefined) ?? []);
    const wanted = goalsIfGiven(args);
    const { scenario: base, prompts, pricePerHour, asked } = await scenarioFromFlags(args);
    const goals = goalsOfLoad(wanted, base.load);
    const changed = await withChanges(base, changes, prompts);
    const input = {
      ...{ base, changed, goals, pricePerHour, replications: flags.replications, commands: ownCommands() },
      asked: { ...asked, goals, changes: changes.map(({ text }) => text) },
    };
    const answer = await answered("whatif", { flags, profile: base.profile, print: printWhatif }, (search) =>
      whatif(input, search),
    );
    if (answer.goal_verdicts?.after === "no")
      throw new ThresholdMissed(`${goalsText(goals)} is not met after the change`);
  },
};

function printWhatif(answer: Answer): void {
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
      day === null ? "" : rangeText([day.low, day.high], (value) => figure(value, 3)),
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
  return predicted(difference, interval, "\n").replace(/\((-?[\d.]+)-(-?[\d.]+)\)/, "($1 to $2)");
}
