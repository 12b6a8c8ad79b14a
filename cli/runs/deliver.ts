/**
 * What simulate and bench do with a finished run: print it, then write its folder where asked; and keep a real one as
 * it goes.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { requireReplaceable, runLog, writeRun } from "../../formats/files/index.js";
import { ConfigError, messageOf, type Run, type RunJournal } from "../../formats/index.js";
import { requireCreatable } from "../files/index.js";
import { folderName, toggle, type Flags } from "../flags/index.js";
import { note, warn } from "../printing/index.js";
import { Interrupted, interruptible, saveAtTheEnd, turnOfTheLoop } from "../process/index.js";
import { requirePicturePlaces, type pictureFlags } from "./pictures.js";
import { repeatFolder } from "./places.js";
import { printRun } from "./print.js";
import { requireResultFiles, resultFlags, tagged } from "./result-file.js";

export const deliveryFlags = {
  output: folderName.optional().describe("folder for the run"),
  force: toggle.describe("overwrite an existing run"),
  json: toggle.describe("print one JSON object with vLLM bench's keys"),
  vllm_format: toggle.describe("print the block of results that vLLM bench prints, in place of the table"),
  ...resultFlags,
};

type Delivery = Flags<typeof deliveryFlags>;

/** Rejects, before the work starts, what could not be printed or written. `runs`: of so many repeats. */
export function requireRunPlaces(flags: Delivery & Flags<typeof pictureFlags>, runs = 1): void {
  requireOneForm(flags);
  const { output, force } = flags;
  if (output !== undefined) for (let at = 0; at < runs; at++) requireRoom(repeatFolder(output, at), force);
  requireResultFiles(flags, runs, force);
  requirePicturePlaces(flags, runs);
}

/** ConfigError for two forms of printing at once. */
export function requireOneForm({ json, vllm_format }: Pick<Delivery, "json" | "vllm_format">): void {
  if (json && vllm_format)
    throw new ConfigError("--json and --vllm-format print the same figures, leave one of them out");
}

/** ConfigError for a folder that holds a run or cannot be written. */
export function requireRoom(folder: string, force: boolean): void {
  requireReplaceable(folder, { force });
  requireCreatable(folder);
}

/**
 * Does a real run with a journal in the output folder, so that whatever ends the process, the requests that had
 * finished are there. Without a folder there is no journal.
 */
export async function keptAsItGoes<T>(
  { output }: Pick<Delivery, "output">,
  work: (journal: RunJournal | undefined) => Promise<T>,
): Promise<T> {
  if (output === undefined) return work(undefined);
  const log = runLog(output, warn);
  const saved = saveAtTheEnd(() => {
    log.close();
  });
  try {
    return await work(log);
  } finally {
    saved();
    log.close();
  }
}

export interface DeliveryOptions {
  /** The folder holds this run's own journal, which the run replaces. */
  readonly isKept?: boolean;
  /** Prints what belongs under the run. */
  readonly printMore?: () => void;
}

/** Prints first, so that the result is seen even if the folder cannot be written. */
export async function deliverRun(given: Run, flags: Delivery, options: DeliveryOptions = {}): Promise<void> {
  const { output, json } = flags;
  const run = tagged(given, flags);
  printRun(run, { json, vllmFormat: flags.vllm_format });
  options.printMore?.();
  if (output === undefined) return;
  const force = flags.force || options.isKept === true;
  // Ctrl-C waits for the files to be whole.
  await interruptible(async (signal) => {
    await writeSomewhere(run, output, force);
    await turnOfTheLoop();
    if (signal.aborted) throw new Interrupted(`the run is whole in ${output}`);
  });
  note(`run written to ${output}`);
}

/** If the folder cannot be written (the disk is full), another one is; the ConfigError names it. */
async function writeSomewhere(run: Run, output: string, force: boolean): Promise<void> {
  try {
    await writeRun(output, run, { force });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const other = await writeElsewhere(run, basename(resolve(output)));
    if (other === undefined) throw error;
    throw new ConfigError(`${error.message}; the run was written to ${other} instead`, { cause: error });
  }
}

async function writeElsewhere(run: Run, name: string): Promise<string | undefined> {
  for (const place of [process.cwd(), tmpdir()]) {
    try {
      const folder = mkdtempSync(join(place, `${name}-`));
      await writeRun(folder, run);
      return folder;
    } catch (error) {
      warn(`nor can the run be written to ${place}: ${messageOf(error)}`);
    }
  }
  return undefined;
}
