/** servesim run EXPERIMENT.yaml: calibrate, simulate, run for real, compare, report; a second run does what is missing. */
import { join } from "node:path";
import { z } from "zod";
import { publish, runExperiment } from "../jobs/experiment/index.js";
import { readExperiment, whileLocked } from "../formats/files/index.js";
import type { Command } from "./command.js";
import { Interrupted } from "./fail.js";
import { declareFlags, parseFlags } from "./flags.js";
import { interruptible } from "./interrupt.js";
import { note, print, printJson, warn } from "./output.js";
import { printOutcome } from "./print-outcome.js";
import { startProgress } from "./progress.js";
import { serverAccess, serverFlags } from "./server-flags.js";

const ownFlags = {
  results: z.string().min(1, "expected a folder").default("results").describe("folder for experiments"),
  force: z.boolean().default(false).describe("calibrate and run everything again"),
  ...serverFlags,
  json: z.boolean().default(false).describe("print the comparison of every cell as JSON"),
};

export const runCommand: Command = {
  flags: (yargs) =>
    declareFlags(yargs.positional("experiment", { type: "string", describe: "experiment file, YAML" }), ownFlags),
  run: async (args) => {
    const flags = parseFlags(ownFlags, args);
    const { results, force, json } = flags;
    const access = serverAccess(flags);
    const path = String(args.experiment);
    const { name } = readExperiment(path);
    await whileLocked(join(results, name), () => runLocked(path, { results, force, json, access }));
  },
};

interface LockedRun {
  readonly results: string;
  readonly force: boolean;
  readonly json: boolean;
  readonly access: ReturnType<typeof serverAccess>;
}

/** No other process works in the experiment's folder meanwhile. */
async function runLocked(path: string, { results, force, json, access }: LockedRun): Promise<void> {
  const reporter = { note, warn, progress: startProgress };
  const folder = await interruptible(async (signal, blocking) => {
    try {
      return await runExperiment(path, { results, force, signal, blocking, reporter, access });
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Interrupted(`finished work is kept under ${results}; continue with the same command`);
    }
  });
  const published = await publish(folder);
  if (json)
    printJson(
      published.cells.map(({ name, sim, comparison, asCalibrated, pace }) => ({
        cell: name,
        sim: sim.info.summary,
        notes: sim.info.notes ?? [],
        comparison,
        as_calibrated: asCalibrated,
        pace,
      })),
    );
  else printOutcome(published);
  if (!json) print(`report: ${folder.report}`);
}
