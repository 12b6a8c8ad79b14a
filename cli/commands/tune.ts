/** servesim tune: settings of a policy for a goal, and what each of them does. */
import { z } from "zod";
import { percent, signedPercent, type Answer, type AnswerTuning } from "../../formats/index.js";
import {
  tunableSettings,
  tune,
  tuneAnswer,
  tuneGoal,
  type Deployment,
  type Settings,
} from "../../jobs/answers/index.js";
import { tuneVerdictWords, verdictWords } from "../../report/html/index.js";
import {
  answered,
  declareAnswerFlags,
  deploymentFromFlags,
  ownCommands,
  parseQuestion,
  printEvidence,
  printFoundation,
  printTurns,
  replicationsFlag,
  requireMet,
} from "../answers/index.js";
import type { Command } from "../command.js";
import { chartFile } from "../files/index.js";
import { flagName, goalsFromFlags, hasGoals, text } from "../flags/index.js";
import { figure, percentWithin, predicted, print, printTable } from "../printing/index.js";

const ownFlags = {
  goal: z
    .string()
    .describe(
      "throughput: highest rate within --slo or --goodput; goodput: most requests/s within --goodput at the load; or a " +
        "statistic, such as p99_ttft: its lowest value at the load, within --slo if given",
    ),
  settings: text.describe(
    `settings to tune, as a,b; default: those of ${tunableSettings.join(", ")} that can change something`,
  ),
  candidates: z.int().min(2).max(10_000).optional().describe("combinations to begin with (48, for throughput 24)"),
  replications: replicationsFlag
    .optional()
    .describe("seeds, paces of the host and draws of the calibration of the last round (8)"),
  chart: chartFile.describe("SVG file for a chart of the best settings"),
};

export const command: Command = {
  flags: (yargs) => declareAnswerFlags(yargs, ownFlags),
  run: async (args) => {
    const flags = parseQuestion(ownFlags, args);
    const goal = tuneGoal(flags.goal, hasGoals(args) ? goalsFromFlags(args) : undefined);
    const vary = goal.name === "throughput" ? "rate" : "replicas";
    const { deployment, pricePerHour, asked } = await deploymentFromFlags(args, vary, goal.goals);
    const settings = flags.settings?.split(",").map((name) => name.trim().replaceAll("-", "_"));
    const { candidates, replications } = flags;
    const { goals, profile } = deployment;
    const answer = await answered("tune", { flags, profile, print: printTuned }, async (search) =>
      tuneAnswer({
        deployment,
        goal,
        found: await tune(deployment, goal, { candidates, replications, settings, ...search }),
        commandOf: (changes) => commandOf(deployment, changes),
        pricePerHour,
        asked: { ...asked, goal: flags.goal },
        commands: ownCommands(),
      }),
    );
    requireMet(answer, goals);
  },
};

/** A line to be pasted: `vllm serve` for a server's settings, else the bench that runs the policy. */
function commandOf({ policy }: Deployment, changes: Settings): string {
  const start = policy.name === "vllm" ? 'vllm serve "$MODEL"' : `servesim bench --policy ${policy.name}`;
  return [start, ...Object.entries(changes).map(flagOf)].join(" ");
}

function flagOf([setting, value]: readonly [string, Settings[string]]): string {
  const flag = flagName(setting);
  if (typeof value === "boolean") return value ? `--${flag}` : `--no-${flag}`;
  return `--${flag} ${value}`;
}

function printTuned(answer: Answer): void {
  const { value, unit, interval, question, verdict } = answer;
  const { base, command: line, changes, sensitivity, front, tried } = answer.tuning!;
  print(`${question.goal}: ${predicted(value, interval)} ${unit}`);
  const more = base.difference === null ? "" : `, ${percentWithin(base.difference.value, base.difference)}`;
  print(`as they are: ${figure(base.value)} ${unit}${more}; ${tried} combinations were tried`);
  print(Object.keys(changes).length === 0 ? "no flag is worth changing" : line);
  printSensitivity(sensitivity);
  if (front.length > 1) printFront(front, unit);
  printTurns(answer);
  print(tuneVerdictWords[verdict] ?? verdictWords[verdict]);
  printEvidence(answer.evidence);
  printFoundation(answer);
}

function printSensitivity(sensitivity: AnswerTuning["sensitivity"]): void {
  const matter = sensitivity.filter(({ matters }) => matters);
  for (const { setting, best, others } of matter) {
    const words = others
      .filter(({ differs }) => differs)
      .map(({ value, difference }) => `${String(value)} ${difference === null ? "misses the limits" : signedPercent(difference.value)}`); // prettier-ignore
    print(`${setting} matters: ${String(best)} is best; ${words.join(", ")}`);
  }
  const idle = sensitivity.filter(({ matters }) => !matters).map(({ setting }) => setting);
  if (idle.length > 0) print(`no difference by ${idle.join(", ")}`);
}

function printFront(front: AnswerTuning["front"], unit: string): void {
  const beside = front[0]?.beside?.statistic;
  printTable(
    ["settings", unit, ...(beside === undefined ? [] : [beside]), "beyond calibration"],
    front
      .slice(0, MOST_ROWS)
      .map((point) => [
        changesText(point.changes),
        predicted(point.value, point.interval),
        ...(beside === undefined ? [] : [figure(point.beside?.value)]),
        point.is_beyond_calibration ? `* ${percent(point.extrapolated_share)} of the time` : "",
      ]),
  );
  print("no others are better in both, as far as replications on the same random numbers tell");
}

const MOST_ROWS = 10;

function changesText(changes: AnswerTuning["changes"]): string {
  const words = Object.entries(changes).map(([setting, value]) => `${setting} ${String(value)}`);
  return words.length === 0 ? "as they are" : words.join("\n");
}
