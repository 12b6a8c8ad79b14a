/** servesim explain: where the time of a run's latencies went, and what would change it. */
import { z } from "zod";
import { ConfigError } from "../formats/index.js";
import { explain, explainRequest, scenarioOfRun, type ExplainInput } from "../jobs/explain/index.js";
import { answerDelivery, answerFlags, replicationsFlag, requireAnswerPlaces } from "./answer-flags.js";
import type { Args, Command } from "./command.js";
import { deliverAnswer } from "./deliver-answer.js";
import { flagName, givenFlags, parseFlags } from "./flags.js";
import { loadFlags } from "./load-flags.js";
import { policyShape } from "./policy-flags.js";
import { note, printJson } from "./output.js";
import { printExplain } from "./print-explain.js";
import { printExplainedRequest } from "./print-explained-request.js";
import { readRunSaying } from "./read-run.js";
import { sameCommand, withCheck } from "./reproduce.js";
import { declareScenarioFlags, scenarioFromFlags } from "./scenario-flags.js";
import { searched } from "./searched.js";
import { stepFlags } from "./step-flags.js";
import { chartFile } from "./write-chart.js";

const statistics = ["ttft", "tpot", "e2el"].flatMap((metric) =>
  ["mean", "p95", "p99"].map((name) => `${name}_${metric}`),
);

const ownFlags = {
  statistic: z.enum(statistics).default("p99_ttft").describe("statistic that the answer is about"),
  replications: replicationsFlag
    .default(12)
    .describe("seeds, paces of the host and draws of the calibration, with and without each change"),
  chart: chartFile.describe("SVG file for a chart of the parts"),
  request: z
    .string()
    .min(1, "expected the id of a request")
    .optional()
    .describe("id of one request (column request_id of requests.csv): explain it in place of the statistics"),
};

export const explainCommand: Command = {
  flags: (yargs) =>
    declareScenarioFlags(yargs, ownFlags).positional("run", {
      type: "string",
      describe:
        "run folder: simulated, or recorded on a vLLM server (with --profile); without it, the flags describe the run",
    }),
  run: async (args) => {
    const flags = parseFlags({ ...ownFlags, ...answerDelivery }, args);
    requireAnswerPlaces(flags, flags.force);
    const { statistic, replications, request } = flags;
    if (request !== undefined) {
      await explainOne(request, flags.json, args);
      return;
    }
    const asked = await askedOf(args);
    const commands = { reproduce: sameCommand(), check: null };
    const question = { ...asked.asked, statistic };
    const unchecked = await searched("explain", (search) =>
      explain({ ...asked, asked: question, statistic, replications, commands }, search),
    );
    const answer = withCheck(unchecked, flags.output, asked.scenario.profile);
    await deliverAnswer(answer, flags, printExplain);
  },
};

/** What belongs to statistics over many days. */
const ofStatistics = ["statistic", "replications", "chart", "png", "output", "page", "force", "price_per_hour"];

async function explainOne(id: string, isJson: boolean, args: Args): Promise<void> {
  const given = ofStatistics.find((key) => args[flagName(key)] !== undefined);
  if (given !== undefined)
    throw new ConfigError(`--${flagName(given)} is not for --request, which only prints; leave it out`);
  const { scenario, notes = [] } = await askedOf(args);
  const explained = explainRequest(scenario, id);
  for (const text of notes) note(text);
  if (isJson) printJson(explained);
  else printExplainedRequest(explained);
}

type Asked = Pick<ExplainInput, "scenario" | "asked" | "pricePerHour" | "notes">;

async function askedOf(args: Args): Promise<Asked> {
  const folder = args.run as string | undefined;
  if (folder === undefined) return scenarioFromFlags(args);
  rejectOthers(folder, args);
  const { profile, price_per_hour, prompts, seed } = parseFlags(
    {
      profile: answerFlags.profile.optional(),
      price_per_hour: answerFlags.price_per_hour,
      prompts: loadFlags.prompts,
      seed: loadFlags.seed,
    },
    args,
  );
  const found = await scenarioOfRun(folder, await readRunSaying(folder), { profile, prompts, seed });
  return { ...found, pricePerHour: price_per_hour, asked: { run: folder, profile: found.scenario.profile.name } };
}

/** A run folder describes its own run. */
function rejectOthers(folder: string, args: Args): void {
  const others = {
    policy: answerFlags.policy,
    jitter: answerFlags.jitter,
    ...stepFlags,
    ...loadFlags,
    ...policyShape(),
  };
  const [given] = Object.keys(givenFlags(others, args)).filter((key) => key !== "prompts" && key !== "seed");
  if (given === undefined) return;
  throw new ConfigError(
    `--${flagName(given)}: ${folder} records this itself, leave the flag out; or leave out the folder and give all flags`,
  );
}
