/** servesim capacity: the highest load within latency goals, with the interval that it lies in. */
import { z } from "zod";
import { capacityAnswer, DEFAULT_PRECISION, findCapacity, varyNames } from "../../jobs/answers/index.js";
import {
  answered,
  declareAnswerFlags,
  deploymentFromFlags,
  ownCommands,
  parseQuestion,
  printLoadAnswer,
  replicationsFlag,
  requireMet,
} from "../answers/index.js";
import type { Command } from "../command.js";
import { chartFile } from "../files/index.js";
import { fractionOf, toggle } from "../flags/index.js";

const ownFlags = {
  vary: z
    .enum(varyNames)
    .optional()
    .describe(
      "what to find: request_rate, or max_concurrency of a closed loop; for sessions session_rate, or max_sessions, the " +
        "number under way at a time; default: the rate",
    ),
  at_rate: z
    .number()
    .min(1e-6)
    .max(1e9)
    .optional()
    .describe("also judge this load: safe, at the knee or no, with its head-room; exit code 4 if no"),
  precision: z
    .string()
    .default(`${100 * DEFAULT_PRECISION}%`)
    .describe("lengthen runs until chance moves the answer by less than this; --num-prompts sets their length instead"),
  replications: replicationsFlag.optional().describe("seeds, paces of the host and draws of the calibration (12)"),
  chart: chartFile.describe("SVG file for a chart of the latencies over the load; implies --curve"),
  curve: toggle.describe("also show the latencies at loads below and above the answer"),
};

export const command: Command = {
  flags: (yargs) => declareAnswerFlags(yargs, ownFlags),
  run: async (args) => {
    const flags = parseQuestion(ownFlags, args);
    const precision = fractionOf(flags.precision, "--precision");
    const { deployment, pricePerHour, asked } = await deploymentFromFlags(args, flags.vary ?? "rate");
    const { replications, at_rate: atRate, chart, page } = flags;
    const curve = flags.curve || (chart ?? page) !== undefined;
    const { goals, profile } = deployment;
    const answer = await answered("capacity", { flags, profile, print: printLoadAnswer }, async (search) => {
      const found = await findCapacity(deployment, { precision, replications, curve, ...search });
      return capacityAnswer({ deployment, found, atRate, pricePerHour, asked, commands: ownCommands() });
    });
    requireMet(answer, goals);
  },
};
