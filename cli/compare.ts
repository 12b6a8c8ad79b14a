/** servesim compare SIM REAL...: how wrong a simulated run was; thresholds set the exit code. */
import { z } from "zod";
import { readRun } from "../formats/files/index.js";
import { checkThresholds, compareRuns, comparisonRows, parseThreshold } from "../report/compare/index.js";
import type { Command } from "./command.js";
import { ThresholdMissed } from "./fail.js";
import { declareFlags, parseFlags } from "./flags.js";
import { printJson } from "./output.js";
import { printComparison } from "./print-comparison.js";

const ownFlags = {
  fail_above: z.string().optional().describe("exit 4 when an error is larger, e.g. e2el.mean=5%,ttft.p95=10%"),
  seed: z.string().default("1").describe("seed of the bootstrap"),
  json: z.boolean().default(false).describe("print the comparison as JSON"),
};

export const compareCommand: Command = {
  flags: (yargs) =>
    declareFlags(
      yargs
        .positional("sim", { type: "string", describe: "run folder of the simulation" })
        .positional("real", { type: "string", array: true, describe: "run folders of the real repeats" }),
      ownFlags,
    ),
  run: async (args) => {
    const flags = parseFlags(ownFlags, args);
    const thresholds = (flags.fail_above ?? "").split(",").filter(Boolean).map(parseThreshold);
    const sim = await readRun(String(args.sim));
    const reals = await Promise.all((args.real as string[]).map((folder) => readRun(folder)));
    const comparison = compareRuns(sim, reals, { seed: flags.seed });
    if (flags.json) printJson(comparison);
    else printComparison(comparisonRows(comparison), comparison);
    const unmet = checkThresholds(comparison, thresholds);
    if (unmet.length > 0) throw new ThresholdMissed(unmet.map(({ reason }) => reason).join("\n  "));
  },
};
