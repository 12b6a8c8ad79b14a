/** servesim headroom: reads a live vLLM server's metrics twice, and says how much more load it can take, on a profile. */
import { z } from "zod";
import { ConfigError, percent, signedPercent, type Answer } from "../../formats/index.js";
import { headroom } from "../../jobs/headroom/index.js";
import { loadProfile } from "../../jobs/inputs/index.js";
import { rejectOtherEngine } from "../../real/vllm/index.js";
import { readServerSettings, watchTraffic } from "../../real/vllm/server/index.js";
import {
  answerDelivery,
  answerFlags,
  deliverAnswer,
  differentSettings,
  parseQuestion,
  printLoadAnswer,
  replicationsFlag,
  sameCommand,
} from "../answers/index.js";
import type { Command } from "../command.js";
import { chartFile } from "../files/index.js";
import {
  declareFlags,
  declareGoals,
  goalsIfGiven,
  loadFlags,
  planFromFlags,
  policyShape,
  seconds,
  serverAt,
  serverFlags,
} from "../flags/index.js";
import { figure, note, print } from "../printing/index.js";
import { searched, ThresholdMissed } from "../process/index.js";

const ownFlags = {
  metrics: z.string().describe("URL of the server or of its metrics, such as http://127.0.0.1:8000/metrics"),
  profile: answerFlags.profile,
  interval_s: seconds.default(60).describe("time between the two readings, s"),
  replications: replicationsFlag.optional().describe("seeds, paces of the host and draws of the calibration (12)"),
  num_prompts: loadFlags.num_prompts.describe("requests of each simulated run; default: as many as the answer needs"),
  seed: loadFlags.seed,
  price_per_hour: answerFlags.price_per_hour,
  chart: chartFile.describe("SVG file for a chart of the latencies over the load; with --slo"),
};

export const command: Command = {
  flags: (yargs) => {
    const own = declareFlags(yargs, { ...ownFlags, ...answerDelivery }).alias("o", "output");
    const withPolicy = declareFlags(own, policyShape(), "Policy settings:");
    return declareGoals(declareFlags(withPolicy, serverFlags, "vLLM server:"));
  },
  run: async (args) => {
    const flags = parseQuestion({ ...ownFlags, ...serverFlags }, args);
    const goals = goalsIfGiven(args);
    if (flags.chart !== undefined && goals.slos.length === 0) {
      throw new ConfigError("--chart draws latencies and their limits, give --slo too");
    }
    const profile = loadProfile(flags.profile);
    if (profile.cost.kind !== "vllm_engine") {
      throw new ConfigError(`profile "${profile.name}" is not of a vLLM server, expected one made by calibrate vllm`);
    }
    const { settings } = planFromFlags("vllm", args);
    const server = serverAt(flags.metrics.replace(/\/metrics\/?$/, ""), flags);
    const answer = await searched("headroom", async ({ signal, onProgress }) => {
      const reported = await readServerSettings(server, { signal });
      rejectOtherEngine(reported.engine, server, "the load is read from vLLM's metrics, and simulated for vLLM");
      note(`reading ${flags.metrics} twice, ${flags.interval_s} s apart`);
      const traffic = await watchTraffic(server, flags.interval_s, signal);
      const { seed, num_prompts: count, price_per_hour: pricePerHour, replications } = flags;
      const notes = differentSettings({ ...profile.engine.settings, ...settings }, reported.settings);
      const question = { policy: "vllm", settings, profile: flags.profile, seed, goals, metrics: flags.metrics };
      const input = { traffic, profile, settings, goals, seed, count, pricePerHour, notes };
      return headroom(
        { ...input, asked: question, reproduce: sameCommand() },
        { signal, onProgress, replications, curve: flags.chart !== undefined },
      );
    });
    await deliverAnswer(answer, flags, printHeadroom);
    if (answer.verdict === "no") {
      throw new ThresholdMissed(
        `the present ${figure(answer.at_rate?.rate)} requests/s are more than ${answer.question.goal}`,
      );
    }
  },
};

function printHeadroom(answer: Answer): void {
  const { observed = {}, at_rate: at } = answer;
  const cached = observed.cached_share == null ? "" : `, ${percent(observed.cached_share)} of them cached`;
  print(
    `now: ${figure(observed.request_rate)} requests/s (${observed.requests ?? 0} in ${figure(observed.seconds, 3)} s), prompts of ` +
      `${figure(observed.prompt_tokens_per_request)} tokens${cached}, answers of ${figure(observed.output_tokens_per_request)}; ` +
      `${figure(observed.running, 3)} running, ${figure(observed.waiting, 3)} waiting`,
  );
  if (observed.utilisation != null)
    print(`utilisation: ${percent(observed.utilisation)} of what the full server serves of such requests`);
  if (at !== undefined) print(`growth left: ${signedPercent(at.head_room)}`);
  printLoadAnswer(answer);
}
