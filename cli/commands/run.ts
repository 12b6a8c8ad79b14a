/** servesim run EXPERIMENT.yaml: calibrate, simulate, run for real, compare, report; a second run does what is missing. */
import { join } from "node:path";
import { readExperiment, whileLocked } from "../../formats/files/index.js";
import { signedPercent, type Run } from "../../formats/index.js";
import { publish, runExperiment, type CellResult, type ExperimentResults } from "../../jobs/experiment/index.js";
import { sharedNotes } from "../../jobs/inputs/index.js";
import { LEVEL, tallyOf, tallyText, verdictText, type StatisticComparison } from "../../report/compare/index.js";
import type { RunCapacity } from "../../sim/index.js";
import type { Command } from "../command.js";
import { declareFlags, folderName, parseFlags, serverAccess, serverFlags, toggle, type Flags } from "../flags/index.js";
import {
  errorText,
  figure,
  growsThroughout,
  print,
  printJson,
  printTable,
  rangeText,
  TOO_FEW,
  warn,
} from "../printing/index.js";
import { reporter, stoppable } from "../process/index.js";

const ownFlags = {
  results: folderName.default("results").describe("folder for experiments"),
  force: toggle.describe("calibrate and run everything again"),
  ...serverFlags,
  json: toggle.describe("print the comparison of every cell as JSON"),
};

export const command: Command = {
  flags: (yargs) =>
    declareFlags(yargs.positional("experiment", { type: "string", describe: "experiment file, YAML" }), ownFlags),
  run: async (args) => {
    const flags = parseFlags(ownFlags, args);
    const { results, force, json } = flags;
    const access = serverAccess(flags);
    const path = String(args.experiment);
    const { name } = readExperiment(path);
    // No other process works in the experiment's folder meanwhile.
    await whileLocked(join(results, name), () => runLocked(path, { results, force, json, access }));
  },
};

interface LockedRun extends Pick<Flags<typeof ownFlags>, "results" | "force" | "json"> {
  readonly access: ReturnType<typeof serverAccess>;
}

async function runLocked(path: string, { json, ...options }: LockedRun): Promise<void> {
  const kept = `finished work is kept under ${options.results}; continue with the same command`;
  const folder = await stoppable(kept, (signal, blocking) =>
    runExperiment(path, { ...options, signal, blocking, reporter }),
  );
  const published = await publish(folder);
  if (json) {
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
    return;
  }
  printOutcome(published);
  print(`report: ${folder.report}`);
}

const headlines = [
  ["e2el", "mean", "mean latency, ms"],
  ["e2el", "p95", "P95 latency, ms"],
  ["ttft", "mean", "mean TTFT, ms"],
] as const;

export function printOutcome({ cells }: ExperimentResults): void {
  if (cells.every(({ comparison }) => comparison === undefined)) printPredictions(cells);
  else printComparisons(cells);
  for (const text of sharedNotes(cells.map(({ name, sim }) => ({ name, notes: sim.info.notes ?? [] })))) warn(text);
}

const PACE =
  "pace: time of a reference batch just before and just after the real runs over its time in the calibration; above 1 the machine " +
  "was slower. Each run is simulated at the pace before it; the pace after it explains a miss";

const predictions = [
  ["mean_ttft_ms", "mean TTFT, ms"],
  ["mean_e2el_ms", "mean latency, ms"],
  ["p95_e2el_ms", "P95 latency, ms"],
  ["output_throughput", "output tokens/s"],
] as const;

/** Where nothing was run for real, a line per cell. */
function printPredictions(cells: ExperimentResults["cells"]): void {
  printTable(
    ["cell, simulated", ...predictions.map(([, title]) => title)],
    cells.map(({ name, sim }) => [
      name,
      ...predictions.map(([key]) => {
        const summary = sim.info.summary ?? {};
        const hidden = summary.hidden_percentiles as readonly string[] | undefined;
        if (growsThroughout(capacityOf(sim), key.split("_")[1]!)) return "grows with the run";
        return hidden?.includes(key) ? TOO_FEW : figure(summary[key] as number | null | undefined);
      }),
    ]),
  );
}

/** Above capacity a latency says how long the run was. */
function titleOf(sim: Run, title: string): string {
  return capacityOf(sim)?.verdict === "above" ? `${title} (grows with the run)` : title;
}

function capacityOf({ info }: Run): RunCapacity | null | undefined {
  return info.capacity as RunCapacity | null | undefined;
}

function printComparisons(cells: ExperimentResults["cells"]): void {
  const rows = cells.flatMap((cell) => headlines.flatMap((headline) => rowOf(cell, headline)));
  const isPaced = cells.some(({ pace }) => pace !== undefined);
  const shown = (row: readonly string[]): string[] => (isPaced ? [...row] : row.slice(0, -1));
  const interval = `${100 * LEVEL} % interval`;
  const columns = ["cell", "what", "simulated", "real", "error", interval, "tolerance", "verdict", "pace"];
  printTable(shown(columns), rows.map(shown));
  const judged = (of: "comparison" | "asCalibrated"): StatisticComparison[] =>
    cells.flatMap((cell) =>
      headlines.flatMap(([metric, stat]) =>
        entryOf(cell.comparison, metric, stat) === undefined ? [] : (entryOf(cell[of], metric, stat) ?? []),
      ),
    );
  print(tallyText(tallyOf(judged("comparison"))));
  const asCalibrated = judged("asCalibrated");
  if (asCalibrated.length > 0) print(`at the pace of the calibration: ${tallyText(tallyOf(asCalibrated))}`);
  if (isPaced) print(PACE);
}

/** A headline of a cell; nothing where there are too few requests for it. */
function rowOf(cell: CellResult, [metric, stat, title]: (typeof headlines)[number]): string[][] {
  const { name, sim, comparison, pace } = cell;
  if (comparison === undefined) {
    const value = sim.info.summary?.[`${stat}_${metric}_ms`];
    return stat === "mean" && typeof value === "number"
      ? [[name, titleOf(sim, title), figure(value), "not run", "", "", "", "", ""]]
      : [];
  }
  const entry = entryOf(comparison, metric, stat);
  if (entry === undefined) return [];
  const { error_fraction: error, interval_fraction: interval, verdict, noise, more_repeats: moreRepeats } = entry;
  return [
    [
      name,
      titleOf(sim, title),
      figure(entry.sim),
      figure(entry.real),
      errorText(error),
      rangeText(interval, signedPercent),
      `${figure(100 * entry.tolerance_fraction, 2)} %`,
      verdict === null || noise === null ? "" : verdictText({ verdict, noise, moreRepeats }),
      pace === undefined ? "" : `${pace.before.toFixed(2)}, ${pace.after.toFixed(2)}`,
    ],
  ];
}

function entryOf(comparison: CellResult["comparison"], metric: string, stat: string): StatisticComparison | undefined {
  return comparison?.metrics.find((one) => one.metric === metric && one.stat === stat && one.shown);
}
