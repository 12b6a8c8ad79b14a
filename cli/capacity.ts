/** servesim capacity: the highest load within latency goals, with the interval that it lies in. */
import { z } from "zod";
import { capacityAnswer, DEFAULT_PRECISION, findCapacity, varyNames } from "../jobs/answers/index.js";
import {
  answerDelivery,
  declareAnswerFlags,
  deploymentFromFlags,
  replicationsFlag,
  requireAnswerPlaces,
} from "./answer-flags.js";
import type { Command } from "./command.js";
import { deliverAnswer, requireMet } from "./deliver-answer.js";
import { parseFlags, fractionOf } from "./flags.js";
import { sameCommand, withCheck } from "./reproduce.js";
import { searched } from "./searched.js";
import { chartFile } from "./write-chart.js";

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
  curve: z.boolean().default(false).describe("also show the latencies at loads below and above the answer"),
};

export const capacityCommand: Command = {
  flags: (yargs) => declareAnswerFlags(yargs, ownFlags),
  run: async (args) => {
    const flags = parseFlags({ ...ownFlags, ...answerDelivery }, args);
    requireAnswerPlaces(flags, flags.force);
    const precision = fractionOf(flags.precision, "--precision");
    const { deployment, pricePerHour, asked } = await deploymentFromFlags(args, flags.vary ?? "rate");
    const { replications, at_rate: atRate, chart } = flags;
    const curve = flags.curve || chart !== undefined || flags.page !== undefined;
    const found = await searched("capacity", (search) =>
      findCapacity(deployment, { precision, replications, curve, ...search }),
    );
    const commands = { reproduce: sameCommand(), check: null };
    const unchecked = capacityAnswer({ deployment, found, atRate, pricePerHour, asked, commands });
    const answer = withCheck(unchecked, flags.output, deployment.profile);
    await deliverAnswer(answer, flags);
    requireMet(answer, deployment.goals);
  },
};
