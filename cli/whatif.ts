/** servesim whatif: what a change does, before beside after on the same random numbers. */
import { goalsText } from "../formats/index.js";
import { DEFAULT_DAYS, parseChanges, whatif, withChanges } from "../jobs/whatif/index.js";
import { answerDelivery, replicationsFlag, requireAnswerPlaces } from "./answer-flags.js";
import { lastGiven, REPEATABLE, type Command } from "./command.js";
import { deliverAnswer } from "./deliver-answer.js";
import { ThresholdMissed } from "./fail.js";
import { parseFlags } from "./flags.js";
import { printWhatif } from "./print-whatif.js";
import { sameCommand, withCheck } from "./reproduce.js";
import { goalsOfLoad } from "./goal-classes.js";
import { declareScenarioFlags, declareScenarioGoals, goalsIfGiven, scenarioFromFlags } from "./scenario-flags.js";
import { searched } from "./searched.js";
import { chartFile } from "./write-chart.js";

const ownFlags = {
  replications: replicationsFlag
    .default(DEFAULT_DAYS)
    .describe("seeds, paces of the host and draws of the calibration, each simulated before and after the change"),
  chart: chartFile.describe("SVG file for a chart of the differences"),
};

export const whatifCommand: Command = {
  flags: (yargs) =>
    declareScenarioGoals(declareScenarioFlags(yargs.parserConfiguration(REPEATABLE), ownFlags)).option("change", {
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
    const flags = parseFlags({ ...ownFlags, ...answerDelivery }, args);
    requireAnswerPlaces(flags, flags.force);
    const changes = parseChanges((args.change as readonly string[] | undefined) ?? []);
    const wanted = goalsIfGiven(args);
    const { scenario, prompts, pricePerHour, asked } = await scenarioFromFlags(args);
    const goals = goalsOfLoad(wanted, scenario.load);
    const changed = await withChanges(scenario, changes, prompts);
    const { replications } = flags;
    const question = { ...asked, goals, changes: changes.map(({ text }) => text) };
    const commands = { reproduce: sameCommand(), check: null };
    const unchecked = await searched("whatif", (search) =>
      whatif({ base: scenario, changed, goals, replications, pricePerHour, asked: question, commands }, search),
    );
    const answer = withCheck(unchecked, flags.output, scenario.profile);
    await deliverAnswer(answer, flags, printWhatif);
    if (answer.goal_verdicts?.after === "no")
      throw new ThresholdMissed(`${goalsText(goals)} is not met after the change`);
  },
};
