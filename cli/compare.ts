/** servesim compare SIM REAL...: how wrong a simulated run was; thresholds set the exit code. */
import { resolve } from "node:path";
import { z } from "zod";
import { ConfigError, type Run } from "../formats/index.js";
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
import { declareFlags, parseFlags, type Flags } from "./flags.js";
import { printJson, warn } from "./output.js";
import { comparedTimelines, writeComparedTrace } from "./compared-trace.js";
import { loadFlags } from "./load-flags.js";
import { printComparison } from "./print-comparison.js";
import { readRunSaying } from "./read-run.js";
import { requireTracePlaces, traceFlags } from "./run-trace.js";

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
  ...traceFlags,
  profile: z
    .string()
    .optional()
    .describe("--trace: profile of the simulated run, where it is not the shipped one that its folder names"),
  prompts: loadFlags.prompts.describe("--trace: prompts file of the simulated run, where it was given one"),
  force: z.boolean().default(false).describe("overwrite an existing trace"),
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
    const parse = (text?: string): Threshold[] => text?.split(",").map(parseThreshold) ?? [];
    const thresholds = parse(flags.fail_above);
    const tolerances = [...thresholds, ...parse(flags.tolerance)];
    requireTraced(flags);
    const sim = await readRunSaying(String(args.sim));
    const folders = args.real as string[];
    const reals = await Promise.all(folders.map((folder) => readRunSaying(folder)));
    const traced = {
      ...{
        sim: { folder: String(args.sim), run: sim },
        reals: reals.map((run, at) => ({ folder: folders[at]!, run })),
      },
      ...{ profile: flags.profile, prompts: flags.prompts },
    };
    const timelines = flags.trace === undefined ? [] : await comparedTimelines(traced);
    const comparison = compareRuns(sim, reals, { seed: flags.seed, tolerances });
    if (flags.json) printJson(comparison);
    else printComparison(comparisonRows(comparison), comparison);
    if (flags.trace !== undefined) await writeComparedTrace(flags.trace, timelines, traced);
    for (const line of mistakenRuns(traced)) warn(line);
    for (const line of doubtfulThresholds(comparison, thresholds)) warn(line);
    const unmet = checkThresholds(comparison, thresholds);
    if (unmet.length > 0) throw new ThresholdMissed(unmet.map(({ reason }) => reason).join("\n  "));
  },
};

interface Compared {
  readonly sim: { readonly folder: string; readonly run: Run };
  readonly reals: readonly { readonly folder: string; readonly run: Run }[];
}

/** What verdicts cannot mean here: they take the first run for a simulation, and the others for different real runs of it. */
function mistakenRuns({ sim, reals }: Compared): string[] {
  const paths = reals.map(({ folder }) => resolve(folder));
  const isSecond = paths.map((path, at) => paths.indexOf(path) < at && paths.lastIndexOf(path) === at);
  return [
    ...(sim.run.info.source === "sim"
      ? []
      : [`${sim.folder} is a real run in the place of the simulation, which verdicts take it for`]),
    ...reals
      .filter(({ run }) => run.info.source === "sim")
      .map(({ folder }) => `${folder} is a simulation in the place of a real run, which verdicts take it for; servesim whatif compares two settings`), // prettier-ignore
    ...reals
      .filter((_, at) => isSecond[at])
      .map(({ folder }) => `${folder} is given more than once, and verdicts take it for as many repeats`),
  ];
}

/** ConfigError where a trace would not find its place, or a flag is of no use. */
function requireTraced(flags: Flags<typeof ownFlags>): void {
  requireTracePlaces(flags);
  if (flags.trace !== undefined) return;
  const given = (["profile", "prompts"] as const).find((key) => flags[key] !== undefined);
  if (given !== undefined) throw new ConfigError(`--${given} ${flags[given]!}: is only for --trace, leave it out`);
}
