/** servesim capacity: the highest load within latency goals, with the interval that it lies in. */
import { z } from "zod";
import { ConfigError, type Answer } from "../formats/index.js";
import { writeTextAtomic } from "../formats/files/index.js";
import { capacityAnswer, DEFAULT_PRECISION, findCapacity, varyNames, type Deployment } from "../jobs/answers/index.js";
import {
  answerDelivery,
  answerFlags,
  declareAnswerFlags,
  deploymentFromFlags,
  requireFreeFiles,
} from "./answer-flags.js";
import type { Command } from "./command.js";
import { deliverAnswer, requireMet } from "./deliver-answer.js";
import { parseFlags } from "./flags.js";
import { note, warn } from "./output.js";
import { sameCommand } from "./reproduce.js";
import { searched } from "./searched.js";

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

/** Latencies over the load, with the region within the limits. */
async function writeChart(file: string, answer: Answer, { goals, vary, policy, profile }: Deployment): Promise<void> {
  const { evidence, value, unit, interval } = answer;
  const limits = goals.slos.map(({ name, limitMs }) => ({ key: `${name}_ms`, limitMs }));
  if (limits.length === 0 || value === null || value === 0) {
    warn("no chart: there is no load within the limits, or no limit of a statistic (--slo) to draw");
    return;
  }
  const { answerPicture } = await import("../report/charts/index.js");
  const title = `${policy.name} on ${profile.name} within ${answer.question.goal}`;
  writeTextAtomic(file, answerPicture({ title, varied: vary, unit, evidence, limits, value, interval }));
  note(`chart written to ${file}`);
}

export const capacityCommand: Command = {
  flags: (yargs) => declareAnswerFlags(yargs, ownFlags),
  run: async (args) => {
    const flags = parseFlags({ ...ownFlags, ...answerDelivery }, args);
    requireFreeFiles([flags.output, flags.chart], flags.force);
    const precision = fractionOf(flags.precision);
    const { deployment, asked } = await deploymentFromFlags(args, flags.vary);
    const { replications, at_rate: atRate, chart } = flags;
    const curve = flags.curve || chart !== undefined;
    const found = await searched("capacity", (search) =>
      findCapacity(deployment, { precision, replications, curve, ...search }),
    );
    const { price_per_hour: pricePerHour } = parseFlags({ price_per_hour: answerFlags.price_per_hour }, args);
    const commands = { reproduce: sameCommand(), check: null };
    const answer = capacityAnswer({ deployment, found, atRate, pricePerHour, asked, commands });
    deliverAnswer(answer, flags);
    if (chart !== undefined) await writeChart(chart, answer, deployment);
    requireMet(answer, deployment.goals);
  },
};

/** `2%` as 0.02. */
function fractionOf(text: string): number {
  const [, percent] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim()) ?? [];
  const fraction = Number(percent) / 100;
  if (fraction > 0 && fraction < 1) return fraction;
  throw new ConfigError(`--precision: got "${text}", expected a percentage above 0 % and below 100 %, such as 2%`);
}
