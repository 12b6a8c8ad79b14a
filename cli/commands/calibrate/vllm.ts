/**
 * servesim calibrate vllm: a profile of a vLLM server, from probes and loads sent to it within a budget (--base-url),
 * or from runs that were recorded (--from).
 */
import { existsSync } from "node:fs";
import { z } from "zod";
import type { RecordedRun } from "../../../calibrate/vllm/index.js";
import { whileFileLocked } from "../../../formats/files/index.js";
import { ConfigError, MAX_WAIT_S, vocabSize, type Run } from "../../../formats/index.js";
import { readRecordings } from "../../../jobs/replay/index.js";
import { measureServer, type MeasuredServer } from "../../../jobs/vllm-calibration/index.js";
import { RunInterrupted } from "../../../real/index.js";
import type { ServerAddress } from "../../../real/vllm/index.js";
import type { SettingName } from "../../../real/vllm/server/index.js";
import { serverSettings, withoutNetwork } from "../../../sim/index.js";
import type { Args, Command } from "../../command.js";
import { requireFree } from "../../files/index.js";
import {
  declareFlags,
  fileName,
  parseFlags,
  rejectServerFlags,
  serverAt,
  serverFlags,
  text,
  toggle,
  type Flags,
} from "../../flags/index.js";
import { figure, note, printJson, printTable, warn } from "../../printing/index.js";
import { Interrupted, interruptible, startProgress } from "../../process/index.js";
import { warnIfCut } from "../../runs/index.js";
import { fitRecordings } from "./fit.js";

/** "120s", "2m" or bare seconds. */
const duration = z
  .string()
  .regex(/^\d+(\.\d+)?(s|m)?$/, "expected a time such as 120s or 2m")
  .transform((text) => Number.parseFloat(text) * (text.endsWith("m") ? 60e3 : 1e3))
  .refine((ms) => ms > 0 && ms <= 1e3 * MAX_WAIT_S, "expected more than 0 s, and at most a week");

const ownFlags = {
  black_box: toggle.describe("fit to client times only, even if step logs were recorded"),
  refit: z.enum(["host"]).optional().describe("host: keep the GPU costs of --base and fit the rest to one short load"),
  base: text.describe("profile of the same model and GPU on another host, for --refit"),
  name: z.string().min(1).optional().describe("name of the profile; default: model and vLLM version"),
  base_url: text.describe("URL of the server, such as http://127.0.0.1:8000"),
  model: text.describe("model on the server; default: the first that it serves"),
  ...serverFlags,
  output: fileName.default("profile.json").describe("profile to write; the raw runs go into OUTPUT.raw"),
  budget: duration.default(120_000).describe("longest time for probes and loads, such as 120s or 2m"),
  vocab_size: vocabSize,
  measure_only: toggle.describe("only record; fit a profile later with --from"),
  resume: toggle.describe("continue an interrupted calibration"),
  accept_disturbed: toggle.describe(
    "accept loads that were disturbed twice, by other clients or a late client; the profile's notes say so",
  ),
  force: toggle.describe("overwrite existing files"),
  seed: z.string().default("1").describe("seed for lengths, arrivals, token ids and order"),
  json: toggle.describe("print the findings as JSON"),
};
type Own = Flags<typeof ownFlags>;

/** Settings of a server that does not report them; what a server reports may not be contradicted. */
const statedFlags = Object.fromEntries(
  Object.entries(serverSettings.shape).map(([name, schema]) => {
    // No default here: the user is asked for it.
    const description = (schema.description ?? "").replace(/ \(the profile's server's.*\)$/, "");
    return [name, schema.describe(description)];
  }),
);

export const command: Command = {
  flags: (yargs) =>
    declareFlags(
      declareFlags(yargs.positional("engine", { type: "string", describe: "vllm" }), ownFlags),
      statedFlags,
      "Settings of the server that it does not report (see servesim doctor --base-url):",
    )
      .option("from", {
        type: "string",
        array: true,
        describe: "folders of recorded runs to fit to, instead of a server",
      })
      .option("held-out", {
        type: "string",
        array: true,
        describe: "with --from: recorded runs to score the profile on",
      }),
  run: async (args) => {
    const flags = parseFlags(ownFlags, args);
    const from = foldersOf(args, "from");
    if (from.length > 0) await fromRecordings(from, args, flags);
    else await whileFileLocked(flags.output, () => fromServer(args, flags));
  },
};

/**
 * The output is locked once the recordings are read: a mistake in them is reported even while someone else works on it.
 */
async function fromRecordings(from: readonly string[], args: Args, flags: Own): Promise<void> {
  const requireOutput = (): void => {
    requireFree([flags.output], "--output", flags.force);
  };
  requireOutput();
  rejectServerFlags(args);
  const [runs, heldOut] = [await readRecordings(from), await readRecordings(foldersOf(args, "held-out"))];
  for (const { name, run } of [...runs, ...heldOut]) warnIfCut(name, run);
  await whileFileLocked(flags.output, async () => {
    // Another process may have made it meanwhile.
    requireOutput();
    await fitRecordings({ runs, heldOut, flags });
  });
}

async function fromServer(args: Args, flags: Own): Promise<void> {
  // A calibration that is continued replaces its own profile.
  requireFree([flags.output], "--output", flags.force || flags.resume);
  if (flags.base_url === undefined) {
    throw new ConfigError(
      "calibrate vllm needs the server's --base-url, such as http://127.0.0.1:8000, or recorded runs, --from DIR...",
    );
  }
  const rawFolder = `${flags.output}.raw`;
  if (existsSync(rawFolder) && !flags.force && !flags.resume) {
    throw new ConfigError(`${rawFolder} exists already; continue with --resume, or measure again with --force`);
  }
  const stated = parseFlags(statedFlags, args) as Partial<Record<SettingName, unknown>>;
  const measured = await measure(flags, serverAt(flags.base_url, flags), { rawFolder, stated });
  report(measured, rawFolder, flags);
  if (flags.measure_only) return;
  const runs = [recordingOf("probes", measured.probes), recordingOf("mixed", measured.mixed)];
  const heldOut = [recordingOf("held-out", measured.heldOut), recordingOf("held-out-busy", measured.busy)];
  await fitRecordings({ runs, heldOut, flags, notes: measured.notes });
}

/** Of a live server there are client times only. */
function recordingOf(name: string, run: Run): RecordedRun {
  return { name, run: withoutNetwork(run), steps: [] };
}

function foldersOf(args: Args, flag: string): readonly string[] {
  return ((args[flag] as readonly string[] | undefined) ?? []).map(String);
}

interface Where {
  readonly rawFolder: string;
  readonly stated: Readonly<Partial<Record<SettingName, unknown>>>;
}

async function measure(flags: Own, baseUrl: ServerAddress, { rawFolder, stated }: Where): Promise<MeasuredServer> {
  return interruptible(async (signal) => {
    const bar = startProgress("calibrating vLLM, s");
    try {
      return await measureServer({
        baseUrl,
        model: flags.model,
        stated,
        vocab: flags.vocab_size,
        budgetMs: flags.budget,
        seed: flags.seed,
        rawFolder,
        resume: flags.resume,
        acceptDisturbed: flags.accept_disturbed,
        signal,
        onProgress: (done, total, label) => {
          bar.update(done, total, label);
        },
      });
    } catch (error) {
      if (!signal.aborted && !(error instanceof RunInterrupted)) throw error;
      throw new Interrupted(`measurements are kept in ${rawFolder}; continue with the same command and --resume`);
    } finally {
      bar.stop();
    }
  });
}

/** With --json the profile is the one object printed, unless only measurements are wanted. */
function report(
  { probes, mixed, heldOut, busy, settings, notes }: MeasuredServer,
  rawFolder: string,
  flags: Own,
): void {
  const runs = { probes, mixed, "held-out": heldOut, "held-out-busy": busy };
  if (flags.json && flags.measure_only) {
    const counted = Object.entries(runs).map(([name, { requests, info }]) => ({
      name,
      requests: requests.length,
      valid: info.valid,
    }));
    printJson({ raw: rawFolder, settings: settings.settings, provenance: settings.provenance, runs: counted, notes });
  }
  if (!flags.json) {
    printTable(
      ["run", "requests", "mean ttft", "mean tpot", "valid"],
      Object.entries(runs).map(([name, run]) => [name, String(run.requests.length), ...means(run), validOf(run)]),
    );
  }
  note(`raw runs written to ${rawFolder}`);
  for (const line of notes) warn(line);
}

/** Of loads only: a mean over probes means nothing. */
function means({ info: { summary, load } }: Run): string[] {
  if (load.kind === "probes") return ["-", "-"];
  return ["mean_ttft_ms", "mean_tpot_ms"].map((name) => `${figure(summary?.[name] as number | null | undefined)} ms`);
}

function validOf({ info: { valid } }: Run): string {
  return valid === undefined || valid.ok ? "yes" : "no";
}
