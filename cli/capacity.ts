/** servesim capacity: the highest load within latency goals, with the interval that it lies in. */
import { z } from "zod";
import {
  capacityAnswer,
  DEFAULT_PRECISION,
  findCapacity,
  varyNames,
  type CapacityOptions,
  type Deployment,
} from "../jobs/answers/index.js";
import {
  answerDelivery,
  answerFlags,
  declareAnswerFlags,
  deploymentFromFlags,
  requireFreeFiles,
} from "./answer-flags.js";
import { chartedOf, writeAnswerChart } from "./answer-chart.js";
import type { Command } from "./command.js";
import { deliverAnswer, requireMet } from "./deliver-answer.js";
import { Interrupted } from "./fail.js";
import { parseFlags } from "./flags.js";
import { interruptible } from "./interrupt.js";
import { fractionOf } from "./percent-flag.js";
import { startProgress } from "./progress.js";
import { sameCommand, verifyCommandOf } from "./reproduce.js";

const ownFlags = {
  vary: z
    .enum(varyNames)
    .default("request_rate")
    .describe("what is looked for: request_rate, or max_concurrency of a closed loop"),
  at_rate: z
    .number()
    .positive()
    .optional()
    .describe("also judge this load: safe, at the knee or no, with its head-room; no ends with exit code 4"),
  precision: z
    .string()
    .default(`${100 * DEFAULT_PRECISION}%`)
    .describe("runs grow until chance in a run moves the answer by less, unless --num-prompts says how long they are"),
  replications: z
    .int()
    .min(2)
    .max(1000)
    .optional()
    .describe("seeds, paces of the host and draws of the calibration (12)"),
  chart: z
    .string()
    .min(1, "expected a file")
    .optional()
    .describe("SVG file for a chart of the latencies over the load; as --curve"),
  curve: z.boolean().default(false).describe("also the latencies at loads below and above the answer"),
};

export const capacityCommand: Command = {
  flags: (yargs) => declareAnswerFlags(yargs, ownFlags),
  run: async (args) => {
    const flags = parseFlags({ ...ownFlags, ...answerDelivery }, args);
    requireFreeFiles([flags.output, flags.chart], flags.force);
    const precision = fractionOf(flags.precision, "--precision");
    const { deployment, asked } = await deploymentFromFlags(args, flags.vary);
    const { replications, at_rate: atRate, chart } = flags;
    const curve = flags.curve || chart !== undefined;
    const found = await searched(deployment, { precision, replications, curve });
    const { price_per_hour: pricePerHour } = parseFlags({ price_per_hour: answerFlags.price_per_hour }, args);
    const check = found.value === 0 ? null : verifyCommandOf(flags.output, deployment.profile);
    const commands = { reproduce: sameCommand(), check };
    const answer = capacityAnswer({ deployment, found, atRate, pricePerHour, asked, commands });
    deliverAnswer(answer, flags);
    if (chart !== undefined) await writeAnswerChart(chart, answer, chartedOf(deployment));
    requireMet(answer, deployment.goals);
  },
};

function searched(deployment: Deployment, options: CapacityOptions): ReturnType<typeof findCapacity> {
  return interruptible(async (signal, blocking) => {
    const progress = startProgress("capacity");
    const onProgress = (done: number, atMost: number, what: string): void => {
      progress.update(done, atMost, what);
    };
    try {
      return await findCapacity(deployment, { ...options, signal, blocking, onProgress });
    } catch (error) {
      throw signal.aborted ? new Interrupted("nothing was written") : error;
    } finally {
      progress.stop();
    }
  });
}
