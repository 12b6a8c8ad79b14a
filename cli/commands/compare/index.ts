/** servesim compare SIM REAL...: how wrong a simulated run was; thresholds set the exit code. */
import { resolve } from "node:path";
import { z } from "zod";
import { ConfigError, signedPercent, type Run } from "../../../formats/index.js";
import {
  checkThresholds,
  compareRuns,
  comparisonRows,
  doubtfulThresholds,
  parseThreshold,
  tallyText,
  type Comparison,
  type ComparisonRow,
  type Threshold,
} from "../../../report/compare/index.js";
import { REPEATABLE, type Command } from "../../command.js";
import { declareFlags, loadFlags, parseFlags, text, toggle, type Flags } from "../../flags/index.js";
import { errorText, figure, print, printJson, printTable, rangeText, warn } from "../../printing/index.js";
import { ThresholdMissed } from "../../process/index.js";
import { pictureFlags, readRunSaying, requirePicturePlaces } from "../../runs/index.js";
import { comparedTimelines, writeComparedTrace } from "./trace.js";

const ownFlags = {
  fail_above: text.describe(
    "exit with 4 when an error is larger, e.g. e2el.mean=5%,ttft.p95=10%; also sets that tolerance",
  ),
  tolerance: text.describe(
    "largest error that counts as agreement, e.g. e2el.mean=5%,ttft.p95=10% (defaults: docs/metrics.md)",
  ),
  seed: z.string().default("1").describe("seed of the bootstrap"),
  trace: pictureFlags.trace,
  profile: text.describe(
    "--trace: profile of the simulated run, where it is not the shipped one that its folder names",
  ),
  prompts: loadFlags.prompts.describe("--trace: prompts file of the simulated run, where it was given one"),
  force: toggle.describe("overwrite an existing trace"),
  json: toggle.describe("print the comparison as JSON"),
};

export const command: Command = {
  flags: (yargs) =>
    declareFlags(
      yargs
        // Positionals are read as repeated flags: without this only the last real run would be left.
        .parserConfiguration(REPEATABLE)
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
  requirePicturePlaces(flags);
  if (flags.trace !== undefined) return;
  const given = (["profile", "prompts"] as const).find((key) => flags[key] !== undefined);
  if (given !== undefined) throw new ConfigError(`--${given} ${flags[given]!}: is only for --trace, leave it out`);
}

const ONE_RUN =
  "one real run: how much a second would differ is known only if the simulation says so; otherwise the interval covers only the " +
  "choice of requests, and no statistic agrees";

export function printComparison(rows: readonly ComparisonRow[], comparison: Comparison): void {
  printTable(
    [
      "metric",
      "unit",
      "n",
      "simulated",
      "real",
      "error",
      `${100 * comparison.level} % interval`,
      "tolerance",
      "real repeats",
      "verdict",
    ],
    rows.map((row) => [
      `${row.metric} ${row.stat}`,
      row.unit,
      String(row.n),
      figure(row.sim),
      figure(row.real),
      errorText(row.errorPercent === null ? null : row.errorPercent / 100),
      rangeText(row.intervalPercent, (value) => signedPercent(value / 100)),
      `${figure(row.tolerancePercent, 2)} %`,
      rangeText(row.spread),
      row.verdictText,
    ]),
  );
  print(`verdicts: ${tallyText(comparison.verdicts)}`);
  if (comparison.real.length === 1) print(ONE_RUN);
  const parts = (["queue", "prefill", "decode"] as const).flatMap((name) => {
    const part = comparison.e2el_split[name];
    return part === null ? [] : [`${name} ${figure(part.error_ms)} ms`];
  });
  if (parts.length > 0) print(`mean latency, simulated less real: ${parts.join(", ")}`);
  const { join } = comparison;
  if (join.not_ok > 0) warn(`${join.not_ok} requests have no answer on one side and are left out`);
  if (join.only_in_sim.count > 0) warn(`${join.only_in_sim.count} requests are in the simulation only`);
  if (join.only_in_real.count > 0) warn(`${join.only_in_real.count} requests are in the real run only`);
}
