/** servesim import: a recording in somebody else's form as a run folder, for calibrate vllm --from, compare and replay. */
import { z } from "zod";
import { readLlmServingSim, readVllmBench, writeRun } from "../../formats/files/index.js";
import { check, ConfigError, flagName, type Run } from "../../formats/index.js";
import { loadProfile } from "../../jobs/inputs/index.js";
import { parseServeFlags } from "../../real/vllm/server/index.js";
import { rejectSeen, rejectUnmodelled, serverSettings, unmodelledSettings } from "../../sim/index.js";
import type { Command } from "../command.js";
import { declareFlags, folderName, givenFlags, oneOf, parseFlags, text, toggle } from "../flags/index.js";
import { note } from "../printing/index.js";
import { requireRoom } from "../runs/index.js";

type Settings = Readonly<Record<string, unknown>>;

interface Form {
  readonly read: (path: string) => Run;
  /** Whether recordings say how the server was set up. */
  readonly hasSettings: boolean;
}

const forms: Readonly<Record<string, Form>> = {
  llmservingsim: { read: readLlmServingSim, hasSettings: true },
  "vllm-bench": { read: readVllmBench, hasSettings: false },
};

const ownFlags = {
  output: folderName.describe("run folder to write"),
  profile: text.describe("vllm-bench: profile of the server that was measured, which has its settings"),
  serve_args: z
    .string()
    .max(10_000)
    .optional()
    .describe('vllm-bench: flags that the server was started with: --serve-args="--max-num-seqs 256"'),
  num_gpu_blocks: z.int().min(2).optional().describe("KV blocks of the server, if the recording does not say"),
  force: toggle.describe("overwrite an existing run"),
};

export const command: Command = {
  flags: (yargs) =>
    declareFlags(
      yargs.positional("form", { type: "string", describe: Object.keys(forms).join(", ") }).positional("recording", {
        type: "string",
        describe: "llmservingsim: folder of the recording; vllm-bench: its JSON file, of --save-detailed",
      }),
      ownFlags,
    ),
  run: async (args) => {
    const form = oneOf(args.form, Object.keys(forms), "import", "form");
    const { output, force, num_gpu_blocks: blocks, ...told } = parseFlags(ownFlags, args);
    requireRoom(output, force);
    const path = String(args.recording);
    const settings = toldSettings(form, told);
    const recorded = withSettings(forms[form]!.read(path), settings);
    rejectUnmodelled(recorded, path);
    const run = withBlocks(recorded, blocks);
    await writeRun(output, run, { force });
    note(`${run.requests.length} requests written to ${output}`);
  },
};

/** What the user says of the server; ConfigError where the recording says it, or nobody does. */
function toldSettings(
  form: string,
  { profile, serve_args: serveArgs }: { profile?: string | undefined; serve_args?: string | undefined },
): Settings {
  if (forms[form]!.hasSettings) {
    const flag = profile === undefined ? "--serve-args" : "--profile";
    if (profile ?? serveArgs) throw new ConfigError(`${flag}: recordings of ${form} have the server's settings`);
    return {};
  }
  if (profile === undefined && serveArgs === undefined) {
    throw new ConfigError(
      "import: the result does not say how the server was set up; give --profile, a profile of that server, or --serve-args, its flags",
    );
  }
  return { ...(profile === undefined ? {} : settingsIn(profile)), ...settingsOf(serveArgs ?? "") };
}

function settingsIn(name: string): Settings {
  const { cost, engine } = loadProfile(name);
  if (cost.kind !== "vllm_engine") {
    throw new ConfigError(`--profile ${name} is not of a vLLM server, expected one made by calibrate vllm`);
  }
  return engine.settings;
}

/** ConfigError for a line that is not flags, and for what is not modelled; flags that change no time are left out. */
function settingsOf(serveArgs: string): Settings {
  const given: Record<string, string | boolean> = {};
  for (const { name, value } of parseServeFlags(serveArgs)) {
    const isSwitch = value === "true" || value === "false";
    given[name === "num_gpu_blocks_override" ? "num_gpu_blocks" : name] = isSwitch ? value === "true" : value;
  }
  rejectSeen(unmodelledSettings(given), "--serve-args");
  const byFlag = Object.fromEntries(Object.entries(given).map(([name, value]) => [flagName(name), value]));
  return check(serverSettings, givenFlags(serverSettings.shape, byFlag), {
    source: "--serve-args",
    nameOf: (keys) => `--${flagName(String(keys[0]))}`,
  });
}

function withSettings(run: Run, settings: Settings): Run {
  const { engine } = run.info;
  return { ...run, info: { ...run.info, engine: { ...engine, settings: { ...engine.settings, ...settings } } } };
}

/** ConfigError where neither the recording nor the user says how many blocks there were, or where both do. */
function withBlocks(run: Run, blocks: number | undefined): Run {
  const recorded = run.info.engine.settings.num_gpu_blocks;
  if (recorded !== undefined && blocks !== undefined) {
    throw new ConfigError(
      `--num-gpu-blocks: the recording, the profile or --serve-args has ${JSON.stringify(recorded)} blocks, leave it out`,
    );
  }
  if (recorded === undefined && blocks === undefined) {
    throw new ConfigError(
      "import: the recording does not say how many KV blocks the server had, give --num-gpu-blocks",
    );
  }
  return blocks === undefined ? run : withSettings(run, { num_gpu_blocks: blocks });
}
