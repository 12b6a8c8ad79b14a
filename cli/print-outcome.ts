/**
 * Prints what an experiment found: predicted, happened, how wrong, with a verdict, a line per cell and headline
 * statistic.
 */
import { sharedNotes } from "../jobs/inputs/index.js";
import type { CellResult, ExperimentResults } from "../jobs/experiment/index.js";
import { signedPercent, type Run } from "../formats/index.js";
import { LEVEL, tallyOf, tallyText, verdictText, type StatisticComparison } from "../report/compare/index.js";
import type { RunCapacity } from "../sim/index.js";
import { growsThroughout } from "./print-capacity.js";
import { figure, print, printTable, warn } from "./output.js";

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
        const capacity = sim.info.capacity as RunCapacity | null | undefined;
        if (growsThroughout(capacity, key.split("_")[1]!)) return "grows with the run";
        return hidden?.includes(key) ? "(n too small)" : figure(summary[key] as number | null | undefined);
      }),
    ]),
  );
}

/** Above capacity a latency says how long the run was. */
function titleOf(sim: Run, title: string): string {
  const capacity = sim.info.capacity as RunCapacity | null | undefined;
  return capacity?.verdict === "above" ? `${title} (grows with the run)` : title;
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
      error === null ? "-" : signedPercent(error),
      interval === null ? "" : interval.map(signedPercent).join(" to "),
      `${figure(100 * entry.tolerance_fraction, 2)} %`,
      verdict === null || noise === null ? "" : verdictText({ verdict, noise, moreRepeats }),
      pace === undefined ? "" : `${pace.before.toFixed(2)}, ${pace.after.toFixed(2)}`,
    ],
  ];
}

function entryOf(comparison: CellResult["comparison"], metric: string, stat: string): StatisticComparison | undefined {
  return comparison?.metrics.find((one) => one.metric === metric && one.stat === stat && one.shown);
}
