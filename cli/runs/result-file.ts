/**
 * A run's label, metadata and result file, by vLLM bench's flags: `--label`, `--metadata`, `--save-result`, `--result-dir` and
 * `--result-filename`. Names of files are those of vllm/benchmarks/serve.py (0.32).
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeJson } from "../../formats/files/index.js";
import {
  arrivalKeys,
  compactDate,
  ConfigError,
  defined,
  isResultKey,
  labelSchema,
  setupKeys,
  withInfo,
  type Run,
  type RunInfo,
} from "../../formats/index.js";
import { columnsIn, summarise, type Summary } from "../../sim/index.js";
import { requireCreatable, requireFree } from "../files/index.js";
import { fileName, folderName, type Flags } from "../flags/index.js";
import { note } from "../printing/index.js";
import { repeatFile } from "./places.js";

const MAX_PAIRS = 100;
const MAX_PAIR = 1000;
const file = fileName.optional();

export const resultFlags = {
  label: labelSchema.optional().describe("name of the run, in run.json, results and the name of the result's file"),
  metadata: z
    .array(
      z
        .string()
        .max(MAX_PAIR)
        .regex(/^\s*[^=\s][^=]*=/, "expected KEY=VALUE"),
    )
    .max(MAX_PAIRS)
    .optional()
    .describe("facts to keep with the run, as KEY=VALUE KEY=VALUE"),
  save_result: z
    .union([z.boolean(), z.string()])
    .optional()
    .describe("write the result in vLLM bench's JSON to this file; without a file, to one named as vLLM bench does"),
  result_dir: folderName.optional().describe("folder of --save-result's file"),
  result_filename: file.describe("file of --save-result, as vLLM bench takes it"),
};
export type ResultFlags = Flags<typeof resultFlags>;

/** By key; ConfigError for one that results have themselves, or that comes twice. */
export function metadataOf({ metadata }: Pick<ResultFlags, "metadata">): Readonly<Record<string, string>> | undefined {
  if (metadata === undefined) return undefined;
  const pairs = metadata.map((pair): [string, string] => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  });
  const keys = pairs.map(([key]) => key);
  const own = keys.find(isResultKey);
  if (own !== undefined) throw new ConfigError(`--metadata ${own}: results have this key themselves, choose another`);
  const twice = keys.find((key, at) => keys.indexOf(key) !== at);
  if (twice !== undefined) throw new ConfigError(`--metadata ${twice}: got it twice, expected each key once`);
  return Object.fromEntries(pairs);
}

/** The run with its label and metadata in run.json. */
export function tagged(run: Run, flags: Pick<ResultFlags, "label" | "metadata">): Run {
  const tags = defined({ label: flags.label, metadata: metadataOf(flags) });
  return Object.keys(tags).length === 0 ? run : withInfo(run, { ...run.info, ...tags });
}

export function savesResult({ save_result: saves }: Pick<ResultFlags, "save_result">): boolean {
  return saves !== undefined && saves !== false;
}

/** Before the work starts: ConfigError where flags contradict each other, or a file exists or cannot be written. */
export function requireResultFiles(flags: ResultFlags, repeats: number, force: boolean): void {
  metadataOf(flags);
  const { result_dir: folder, result_filename: filename } = flags;
  if (!savesResult(flags)) {
    const [flag] = [...(folder === undefined ? [] : ["--result-dir"]), ...(filename === undefined ? [] : ["--result-filename"])]; // prettier-ignore
    if (flag === undefined) return;
    throw new ConfigError(`${flag} is about the file of --save-result, give that too`);
  }
  if (fileIn(flags) !== undefined && filename !== undefined)
    throw new ConfigError("--save-result and --result-filename both name the file, give one of the two");
  const named = fileIn(flags) ?? filename;
  if (named === undefined) {
    requireCreatable(folder ?? ".");
    return;
  }
  const files = Array.from({ length: repeats }, (_, at) => placed(flags, repeatFile(named, at)));
  requireFree(files, "--save-result", force);
}

export interface ResultContext {
  readonly info: RunInfo;
  readonly date: Date;
  /** What the name begins with, unless there is a label. */
  readonly backend: string;
  /** Number of the repeat, from 0. */
  readonly at: number;
  readonly force: boolean;
}

/** Writes the result of a run that no client of a server saw, if the flags ask for it. */
export function keepResult(
  run: Run,
  flags: ResultFlags & { readonly force: boolean },
  { date, at }: { readonly date: Date; readonly at: number },
): void {
  if (!savesResult(flags)) return;
  const { info } = tagged(run, flags);
  saveResult(flags, runResultJson(withInfo(run, info), date), {
    info,
    date,
    backend: backendOf(info),
    at,
    force: flags.force,
  });
}

/** Writes a result where the flags say. */
export function saveResult(
  flags: ResultFlags,
  result: Readonly<Record<string, unknown>>,
  context: ResultContext,
): void {
  const named = fileIn(flags) ?? flags.result_filename;
  const path =
    named === undefined
      ? freeName(placed(flags, ownName(flags.label ?? context.backend, context)), context.force)
      : placed(flags, repeatFile(named, context.at));
  writeJson(path, result);
  note(`result in vLLM bench's keys written to ${path}`);
}

function fileIn({ save_result: given }: ResultFlags): string | undefined {
  return typeof given === "string" && given !== "" ? given : undefined;
}

function placed({ result_dir: folder }: ResultFlags, name: string): string {
  return folder === undefined ? name : join(folder, name);
}

/** vLLM's name: openai-8.0qps-concurrency4-MODEL-20261126-220813.json. */
function ownName(label: string, { info, date }: ResultContext): string {
  const load = info.load as Partial<Record<"request_rate" | "max_concurrency" | "ramp_up_start_rps" | "ramp_up_end_rps", number>> & { ramp_up_strategy?: string }; // prettier-ignore
  const { request_rate: rate, max_concurrency: slots, ramp_up_strategy: ramp } = load;
  const rates = ramp === undefined ? `${rate === undefined ? "inf" : asPython(rate)}qps` : `ramp-up-${ramp}-${load.ramp_up_start_rps!}qps-${load.ramp_up_end_rps!}qps`; // prettier-ignore
  const concurrency = slots === undefined ? "" : `-concurrency${slots}`;
  const model = info.model.name
    .split("/")
    .at(-1)!
    .replace(/[^\w.+-]/g, "_");
  return `${label}-${rates}${concurrency}-${model}-${compactDate(date)}.json`;
}

/** 8 as vLLM's float has it: 8.0. */
function asPython(rate: number): string {
  return Number.isInteger(rate) ? `${rate}.0` : String(rate);
}

/** Runs of the same second do not overwrite each other. */
function freeName(path: string, force: boolean): string {
  if (force) return path;
  let free = path;
  for (let count = 2; existsSync(free); count++) free = path.replace(/\.json$/, `-${count}.json`);
  return free;
}

/** What such a result calls its backend. */
export function backendOf({ source, engine }: RunInfo): string {
  return source === "sim" ? "servesim" : `servesim-${engine.name}`;
}

export function runResultJson(run: Run, date: Date): Record<string, unknown> {
  const { info } = run;
  const summary = (info.summary as Summary | undefined) ?? summarise(columnsIn(run));
  return {
    date: compactDate(date),
    ...setupKeys(info, backendOf(info)),
    num_prompts: info.requests,
    ...(info.metadata as object | undefined),
    ...arrivalKeys(info.load),
    // What servesim says beyond vLLM bench stays in run.json.
    ...Object.fromEntries(Object.entries(summary).filter(([key]) => isResultKey(key))),
    source: info.source,
    policy: info.policy,
  };
}
