/** servesim explain: where the time of a run's latencies went, and what would change it. */
import { z } from "zod";
import { ConfigError, percent, signedPercent, type Answer, type AnswerParts } from "../../formats/index.js";
import {
  explain,
  explainRequest,
  scenarioOfRun,
  type ExplainInput,
  type RequestExplanation,
} from "../../jobs/explain/index.js";
import { partTitles, verdictWords } from "../../report/html/index.js";
import {
  answered,
  answerFlags,
  declareScenarioFlags,
  ownCommands,
  parseQuestion,
  printFoundation,
  replicationsFlag,
  scenarioFromFlags,
} from "../answers/index.js";
import type { Args, Command } from "../command.js";
import { chartFile } from "../files/index.js";
import { flagName, loadFlags, parseFlags, policyShape, rejectGiven, stepFlags } from "../flags/index.js";
import { figure, note, predicted, print, printJson, printTable } from "../printing/index.js";
import { readRunSaying } from "../runs/index.js";

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

export const command: Command = {
  flags: (yargs) =>
    declareScenarioFlags(yargs, ownFlags).positional("run", {
      type: "string",
      describe:
        "run folder: simulated, or recorded on a vLLM server (with --profile); without it, the flags describe the run",
    }),
  run: async (args) => {
    const flags = parseQuestion(ownFlags, args);
    const { statistic, replications, request } = flags;
    if (request !== undefined) {
      await explainOne(request, flags.json, args);
      return;
    }
    const asked = await askedOf(args);
    const input = { ...asked, asked: { ...asked.asked, statistic }, statistic, replications, commands: ownCommands() };
    const { profile } = asked.scenario;
    await answered("explain", { flags, profile, print: printExplain }, (search) => explain(input, search));
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
  const load = Object.fromEntries(Object.entries(loadFlags).filter(([key]) => key !== "prompts" && key !== "seed"));
  const { policy, jitter } = answerFlags;
  const why = `${folder} records this itself, leave the flag out; or leave out the folder and give all flags`;
  rejectGiven({ policy, jitter, ...stepFlags, ...load, ...policyShape() }, args, (flag) => `${flag}: ${why}`);
}

const metrics = [
  ["ttft", "time to first token"],
  ["tpot", "time per output token"],
  ["e2el", "end-to-end latency"],
] as const;
/** Share of a statistic; parts below it in every statistic are merged into one row. */
const LEAST_SHARE = 0.005;

function printExplain(answer: Answer): void {
  const { parts = [], unit, value, interval, next_best: next } = answer;
  print(`${predicted(value, interval)} ${unit}`);
  for (const [metric, title] of metrics) {
    const own = parts.filter(({ statistic }) => statistic.endsWith(`_${metric}`));
    if (own.length > 0) printParts(title, own);
  }
  print(`${answer.evidence[0]!.replications} days; in brackets the interval that holds 9 of 10`);
  printCounterfactuals(answer);
  if (next !== null) print(`most would come from ${next.change}: about ${figure(next.value, 3)} ${next.unit}`);
  printFoundation(answer);
}

function printParts(title: string, columns: readonly AnswerParts[]): void {
  const names = Object.keys(partTitles).filter((name) =>
    columns.some(({ parts, value }) => (parts[name] ?? 0) >= LEAST_SHARE * value),
  );
  printTable(
    [`${title}, ms`, ...columns.map(({ statistic }) => statistic.split("_")[0]!)],
    [
      ["all", ...columns.map(({ value, interval }) => predicted(value, interval))],
      ...names.map((name) => [
        partTitles[name]!,
        ...columns.map(({ parts, value }) => `${figure(parts[name] ?? 0, 3)} (${percent((parts[name] ?? 0) / value)})`),
      ]),
      ["decoding beside", ...columns.map(({ beside }) => (beside === null ? "-" : figure(beside, 3)))],
    ],
  );
}

function printCounterfactuals({ counterfactuals = [] }: Answer): void {
  const shown = counterfactuals[0]?.differences.map(({ statistic }) => statistic) ?? [];
  if (shown.length === 0) return;
  const columns = shown.filter((statistic) => /^(mean|p99)_/.test(statistic));
  printTable(
    ["on the same days, with", ...columns],
    counterfactuals.map(({ change, differences }) => [
      change,
      ...columns.map((column) => {
        const found = differences.find(({ statistic }) => statistic === column);
        if (found === undefined) return "-";
        const { after, difference, before, verdict } = found;
        return `${figure(after, 3)} (${signedPercent(difference / before)})\n${verdictWords[verdict]}`;
      }),
    ]),
  );
}

const titles = { ttft: "time to first token", tpot: "per output token", e2el: "end-to-end latency" } as const;
/** Of a latency; parts below it in all of them are left out. */
const LEAST_OF_REQUEST = 0.0005;

function printExplainedRequest(explained: RequestExplanation): void {
  const { request_id: id, arrival_ms: arrivalMs, prompt_tokens, output_tokens, latencies, beside } = explained;
  print(
    `request ${id}: ${prompt_tokens} prompt and ${output_tokens} output tokens, came at ${figure(arrivalMs / 1e3)} s` +
      (beside === null ? "" : `, decoded beside ${figure(beside, 3)} requests on average, itself among them`),
  );
  const names = Object.keys(partTitles).filter((name) =>
    latencies.some(({ parts, value_ms }) => Math.abs(parts[name] ?? 0) > LEAST_OF_REQUEST * value_ms),
  );
  printTable(
    ["ms", ...latencies.map(({ metric }) => titles[metric])],
    [
      ["all", ...latencies.map(({ value_ms }) => figure(value_ms))],
      ...names.map((name) => [
        partTitles[name]!,
        ...latencies.map(({ parts, value_ms }) =>
          parts[name] === undefined ? "" : `${figure(parts[name], 3)} (${percent(parts[name] / value_ms)})`,
        ),
      ]),
      ["slower than", ...latencies.map(({ slower_than }) => `${percent(slower_than, 1)} of requests`)],
    ],
  );
}
