/** servesim compare SIM REAL...: how wrong a simulated run was; thresholds set the exit code. */
import { z } from "zod";
import {
  checkThresholds,
  compareRuns,
  comparisonRows,
  doubtfulThresholds,
  parseThreshold,
  type Threshold,
} from "../report/compare/index.js";
import { PARSING, type Command } from "./command.js";
import { ThresholdMissed } from "./fail.js";
import { declareFlags, parseFlags } from "./flags.js";
import { printJson, warn } from "./output.js";
import { printComparison } from "./print-comparison.js";
import { readRunSaying } from "./read-run.js";

const ownFlags = {
  fail_above: z
    .string()
    .optional()
    .describe("exit with 4 when an error is larger, e.g. e2el.mean=5%,ttft.p95=10%; also sets that tolerance"),
  tolerance: z
    .string()
    .optional()
    .describe("largest error that counts as agreement, e.g. e2el.mean=5%,ttft.p95=10% (defaults: docs/metrics.md)"),
  seed: z.string().default("1").describe("seed of the bootstrap"),
  json: z.boolean().default(false).describe("print the comparison as JSON"),
};

export const compareCommand: Command = {
  flags: (yargs) =>
    declareFlags(
      yargs
        // Positionals are read as repeated flags: without this only the last real run would be left.
        .parserConfiguration({ ...PARSING, "duplicate-arguments-array": true })
        .positional("sim", { type: "string", describe: "run folder of the simulation" })
        .positional("real", { type: "string", array: true, describe: "run folders of the real repeats" }),
      ownFlags,
    ),
  run: async (args) => {
    const flags = parseFlags(ownFlags, args);
    const parse = (text = ""): Threshold[] => text.split(",").filter(Boolean).map(parseThreshold);
    const thresholds = parse(flags.fail_above);
    const tolerances = [...thresholds, ...parse(flags.tolerance)];
    const sim = await readRunSaying(String(args.sim));
    const reals = await Promise.all((args.real as string[]).map((folder) => readRunSaying(folder)));
    const comparison = compareRuns(sim, reals, { seed: flags.seed, tolerances });
    if (flags.json) printJson(comparison);
    else printComparison(comparisonRows(comparison), comparison);
    for (const line of doubtfulThresholds(comparison, thresholds)) warn(line);
    const unmet = checkThresholds(comparison, thresholds);
    if (unmet.length > 0) throw new ThresholdMissed(unmet.map(({ reason }) => reason).join("\n  "));
  },
};
