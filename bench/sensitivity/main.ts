/**
 * npm run -s bench:sensitivity [-- --refit client-times|step-logs] [-- --page FILE]: what a prediction changes by when a constant
 * that was taken as given is halved or doubled. Without --refit: constants in the shipped profile of Llama-3.1-8B, all else as
 * it is. With it: constants of that fit (--only some), each with a fit of its own: from client times to one recorded load, or to
 * the step logs that the shipped profile is fitted to. --effort is the share of the usual trials. Prints Markdown.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadLinearSolver } from "../../calibrate/fit/numerics/index.js";
import {
  blackBoxConstants,
  calibrateVllm,
  fitBlackBox,
  stepLogConstants,
  trialReplay,
} from "../../calibrate/vllm/index.js";
import { readRecordings } from "../../jobs/replay/index.js";
import { writeMarkedSection, readProfile } from "../../formats/files/index.js";
import { ConfigError, type Profile, type Run, type VllmEngineCost } from "../../formats/index.js";
import { mean, replayRecording } from "../../sim/index.js";
import { markdownTable } from "../original-suite/markdown-table.js";
import { runScript } from "../original-suite/run-script.js";
import { ofClientTimes, ofStepLogs, type Constant } from "./constants.js";
import { fields, type Field } from "./fields.js";

const { values } = parseArgs({
  options: {
    data: { type: "string", default: "../shared/data/vllm-h100" },
    profile: { type: "string", default: "profiles/h100-llama-3.1-8b-vllm-0.26.json" },
    seeds: { type: "string", default: "8" },
    refit: { type: "string" },
    effort: { type: "string", default: "0.05" },
    only: { type: "string" },
    page: { type: "string" },
  },
});

const metrics = ["mean_ttft_ms", "mean_tpot_ms", "mean_e2el_ms", "p99_ttft_ms"] as const;
const factors = [0.5, 2] as const;
/** Requests a second of the heavy load, about 96 % of what the server can do: the medium one, faster. */
const HEAVY_PER_S = 33;

/** By load and metric, the values of all draws. */
type Figures = readonly (readonly (readonly number[])[])[];

/** Stands for a change that the draws do not tell from none. */
const UNCLEAR = "~";
/** Standard errors of the mean change that it must be larger than. */
const CLEAR = 3;

await runScript(async () => {
  const profile = readProfile(values.profile);
  if (profile.cost.kind !== "vllm_engine")
    throw new ConfigError(`${values.profile}: expected a profile of a vLLM engine`);
  const loads = await readLoads();
  const table = await tableOf(values.refit, profile, profile.cost, loads);
  console.log(table);
  if (values.page !== undefined) {
    writeMarkedSection(values.page, values.refit === undefined ? "sensitivity" : `sensitivity-${values.refit}`, table);
  }
  return 0;
});

/** Light (13.3/s), medium (28.7/s) and heavy. */
async function readLoads(): Promise<Run[]> {
  const names = ["poisson-light-r1", "poisson-medium-r1"];
  const [light, medium] = await readRecordings(names.map((name) => join(values.data, "llama8b", name)));
  const { run } = medium!;
  const lastNs = Math.max(...run.requests.map(({ arrivalNs }) => arrivalNs));
  const faster = (run.requests.length / HEAVY_PER_S) * (1e9 / lastNs);
  const requests = run.requests.map((request) => ({ ...request, arrivalNs: Math.round(faster * request.arrivalNs) }));
  return [light!.run, run, { ...run, requests }];
}

async function tableOf(
  refit: string | undefined,
  profile: Profile,
  cost: VllmEngineCost,
  loads: readonly Run[],
): Promise<string> {
  switch (refit) {
    case undefined:
      return fieldTable(profile, cost, loads);
    case "client-times":
      return await clientTimesTable(profile, cost, loads);
    case "step-logs":
      return await stepLogsTable(profile, loads);
    default:
      throw new ConfigError(`--refit ${refit}: expected client-times or step-logs`);
  }
}

function fieldTable(profile: Profile, cost: VllmEngineCost, loads: readonly Run[]): string {
  const base = figuresOf(profile, cost, loads);
  const isIn = ({ times }: Field): boolean => JSON.stringify(times(cost, 0.5)) !== JSON.stringify(cost);
  const rows = fields
    .filter(isIn)
    .flatMap(({ name, times }) =>
      factors.map((factor) => [name, `x ${factor}`, ...changes(figuresOf(profile, times(cost, factor), loads), base)]),
    );
  const absent = fields.filter((field) => !isIn(field)).map(({ name }) => name);
  return (
    `Profile ${profile.name}, one constant halved or doubled and all else as it is, ${values.seeds} draws of the jitter, ` +
    `the same in every row. ${changeTable(rows)}` +
    (absent.length === 0 ? "" : `\n\nNot in this profile: ${absent.join(", ")}.`)
  );
}

async function clientTimesTable(profile: Profile, { gpu }: VllmEngineCost, loads: readonly Run[]): Promise<string> {
  const solver = await loadLinearSolver();
  const runs = await readRecordings([join(values.data, "llama8b-m2", "poisson-medium-r1")]);
  const effort = Number(values.effort);
  const rows = await refitRows(ofClientTimes, blackBoxConstants, {
    fit: (constants) =>
      Promise.resolve(fitBlackBox(runs, solver, { replay: trialReplay(runs), gpu, effort, constants }).cost),
    figures: (cost) => figuresOf(profile, cost, loads),
  });
  return (
    `The host fitted to llama8b-m2/poisson-medium-r1 from client times, with ${values.effort} of the usual trials, once with each ` +
    `constant halved or doubled. ${changeTable(rows)}`
  );
}

async function stepLogsTable(profile: Profile, loads: readonly Run[]): Promise<string> {
  const fitted = [...["probes", "poisson-light-r1", "poisson-medium-r1"].map((run) => `llama8b/${run}`), "llama8b-sync/poisson-medium-r1"]; // prettier-ignore
  const runs = await readRecordings(fitted.map((name) => join(values.data, name)));
  const rows = await refitRows(ofStepLogs, stepLogConstants, {
    fit: async (constants) => {
      const options = { name: "sensitivity", isBlackBox: false, effort: Number(values.effort), constants };
      return (await calibrateVllm(runs, options)).cost as VllmEngineCost;
    },
    figures: (cost) => figuresOf(profile, cost, loads),
  });
  return (
    `Fitted to the step logs of ${fitted.join(", ")}, with ${values.effort} of the usual trials, once with each constant ` +
    `halved or doubled. ${changeTable(rows)}`
  );
}

interface Refit<Constants> {
  readonly fit: (constants: Constants) => Promise<VllmEngineCost>;
  readonly figures: (cost: VllmEngineCost) => Figures;
}

async function refitRows<Constants>(
  all: readonly Constant<Constants>[],
  usual: Constants,
  { fit, figures }: Refit<Constants>,
): Promise<string[][]> {
  const base = figures(await fit(usual));
  const rows: string[][] = [];
  for (const { name, times } of all.filter((one) => values.only?.split(",").includes(one.name) ?? true)) {
    for (const factor of factors) {
      console.error(`fitting: ${name} x ${factor}`);
      rows.push([name, `x ${factor}`, ...changes(figures(await fit(times(usual, factor))), base)]);
      console.error(rows.at(-1)!.join(" | "));
    }
  }
  return rows;
}

function changeTable(rows: readonly (readonly string[])[]): string {
  const header = ["constant", "", ...["light", "medium", "heavy"].map((load) => `${load}: ${metrics.map(shortOf).join(" / ")}`)]; // prettier-ignore
  return (
    "Change of a prediction, %, of loads at 13.3, 28.7 and 33 requests a second (heavy: about 96 % of capacity). " +
    `${UNCLEAR}: within three standard errors of none.\n\n` +
    markdownTable(header, rows)
  );
}

function shortOf(metric: (typeof metrics)[number]): string {
  return metric.replace("_ms", "").replace("mean_", "").replace("_", " ");
}

function figuresOf(profile: Profile, cost: VllmEngineCost, loads: readonly Run[]): Figures {
  return loads.map((load) => {
    const summaries = Array.from({ length: Number(values.seeds) }, (_, k) => {
      const { info } = replayRecording({ ...profile, cost }, load, { seed: `sensitivity/${k}`, jitter: true });
      return info.summary as Readonly<Record<string, number>>;
    });
    return metrics.map((metric) => summaries.map((summary) => summary[metric]!));
  });
}

/** Of means over the draws, which are the same in both. */
function changes(figures: Figures, base: Figures): string[] {
  return figures.map((load, at) =>
    load
      .map((drawn, metric) => {
        const before = base[at]![metric]!;
        const usual = mean(before);
        const each = drawn.map((value, draw) => (100 * (value - before[draw]!)) / usual);
        const change = mean(each);
        const error = Math.sqrt(mean(each.map((one) => (one - change) ** 2)) / Math.max(1, each.length - 1));
        if (Math.abs(change) <= CLEAR * error) return UNCLEAR;
        return `${change < 0 ? "-" : "+"}${Math.abs(change).toFixed(1)}`;
      })
      .join(" / "),
  );
}
