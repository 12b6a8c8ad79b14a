/** servesim tune: settings of a policy for a goal, and what each of them does. */
import { z } from "zod";
import { tune, tuneAnswer, tuneGoal, tunableSettings, type Deployment, type Settings } from "../jobs/answers/index.js";
import {
  answerDelivery,
  declareAnswerFlags,
  deploymentFromFlags,
  replicationsFlag,
  requireAnswerPlaces,
} from "./answer-flags.js";
import type { Command } from "./command.js";
import { deliverAnswer, requireMet } from "./deliver-answer.js";
import { flagName, parseFlags } from "./flags.js";
import { sameCommand, withCheck } from "./reproduce.js";
import { searched } from "./searched.js";
import { goalsFromFlags, hasGoals } from "./slo-flags.js";
import { chartFile } from "./write-chart.js";

const ownFlags = {
  goal: z
    .string()
    .describe(
      "throughput: highest rate within --slo or --goodput; goodput: most requests/s within --goodput at the load; or a " +
        "statistic, such as p99_ttft: its lowest value at the load, within --slo if given",
    ),
  settings: z
    .string()
    .optional()
    .describe(`settings to tune, as a,b; default: those of ${tunableSettings.join(", ")} that can change something`),
  candidates: z.int().min(2).max(10_000).optional().describe("combinations to begin with (48, for throughput 24)"),
  replications: replicationsFlag
    .optional()
    .describe("seeds, paces of the host and draws of the calibration of the last round (8)"),
  chart: chartFile.describe("SVG file for a chart of the best settings"),
};

export const tuneCommand: Command = {
  flags: (yargs) => declareAnswerFlags(yargs, ownFlags),
  run: async (args) => {
    const flags = parseFlags({ ...ownFlags, ...answerDelivery }, args);
    requireAnswerPlaces(flags, flags.force);
    const goal = tuneGoal(flags.goal, hasGoals(args) ? goalsFromFlags(args) : undefined);
    const vary = goal.name === "throughput" ? "rate" : "replicas";
    const { deployment, pricePerHour, asked } = await deploymentFromFlags(args, vary, goal.goals);
    const settings = flags.settings?.split(",").map((name) => name.trim().replaceAll("-", "_"));
    const { candidates, replications } = flags;
    const found = await searched("tune", (search) => tune(deployment, goal, { candidates, replications, settings, ...search })); // prettier-ignore
    const unchecked = tuneAnswer({
      deployment,
      goal,
      found,
      commandOf: (changes) => commandOf(deployment, changes),
      pricePerHour,
      asked: { ...asked, goal: flags.goal },
      commands: { reproduce: sameCommand(), check: null },
    });
    const answer = withCheck(unchecked, flags.output, deployment.profile);
    await deliverAnswer(answer, flags);
    requireMet(answer, deployment.goals);
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
