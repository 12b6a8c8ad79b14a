/** servesim capacity: the highest load within latency goals, with the interval that it lies in. */
import { z } from "zod";
import { ConfigError } from "../formats/index.js";
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
import type { Command } from "./command.js";
import { deliverAnswer, requireMet } from "./deliver-answer.js";
import { Interrupted } from "./fail.js";
import { parseFlags } from "./flags.js";
import { interruptible } from "./interrupt.js";
import { startProgress } from "./progress.js";
import { sameCommand } from "./reproduce.js";

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
  curve: z.boolean().default(false).describe("also the latencies at loads below and above the answer"),
};

export const capacityCommand: Command = {
  flags: (yargs) => declareAnswerFlags(yargs, ownFlags),
  run: async (args) => {
    const flags = parseFlags({ ...ownFlags, ...answerDelivery }, args);
    requireFreeFiles([flags.output], flags.force);
    const precision = fractionOf(flags.precision);
    const { deployment, asked } = await deploymentFromFlags(args, flags.vary);
    const { replications, curve, at_rate: atRate } = flags;
    const found = await searched(deployment, { precision, replications, curve });
    const { price_per_hour: pricePerHour } = parseFlags({ price_per_hour: answerFlags.price_per_hour }, args);
    const commands = { reproduce: sameCommand(), check: null };
    const answer = capacityAnswer({ deployment, found, atRate, pricePerHour, asked, commands });
    deliverAnswer(answer, flags);
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

/** `2%` as 0.02. */
function fractionOf(text: string): number {
  const [, percent] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim()) ?? [];
  const fraction = Number(percent) / 100;
  if (fraction > 0 && fraction < 1) return fraction;
  throw new ConfigError(`--precision: got "${text}", expected a percentage above 0 % and below 100 %, such as 2%`);
}
