/** Prints what an experiment found: predicted, happened, how wrong, a line per cell and headline statistic. */
import type { ExperimentResults } from "../experiment/index.js";
import { figure, print, printTable, signedPercent, warn } from "./output.js";

const headlines = [
  ["e2el", "mean", "mean latency, ms"],
  ["e2el", "p95", "P95 latency, ms"],
  ["ttft", "mean", "mean TTFT, ms"],
] as const;

export function printOutcome({ cells }: ExperimentResults): void {
  if (cells.every(({ comparison }) => comparison === undefined)) printPredictions(cells);
  else printComparisons(cells);
  printNotes(cells);
}

/** What the simulations say of themselves; what all of them say, once. */
function printNotes(cells: ExperimentResults["cells"]): void {
  const tellers = new Map<string, string[]>();
  for (const { name, sim } of cells) {
    for (const text of sim.info.notes ?? []) tellers.set(text, [...(tellers.get(text) ?? []), name]);
  }
  for (const [text, names] of tellers) {
    const isOfAll = names.length === cells.length && names.length > 1;
    for (const name of isOfAll ? ["every cell"] : names) warn(`${name}: ${text}`);
  }
}

const PACE =
  "pace: time of a reference batch beside the real runs over its time in the calibration; above 1 the machine was slower";

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
        return hidden?.includes(key) ? "(n too small)" : figure(summary[key] as number | null | undefined);
      }),
    ]),
  );
}

function printComparisons(cells: ExperimentResults["cells"]): void {
  const rows = cells.flatMap(({ name, sim, comparison, pace }) =>
    headlines.flatMap(([metric, stat, title]) => {
      if (comparison === undefined) {
        const value = sim.info.summary?.[`${stat}_${metric}_ms`];
        return stat === "mean" && typeof value === "number"
          ? [[name, title, figure(value), "not run", "", "", "", ""]]
          : [];
      }
      const entry = comparison.metrics.find((candidate) => candidate.metric === metric && candidate.stat === stat);
      if (!entry?.shown) return [];
      const error = entry.error_fraction === null ? null : entry.error_fraction * 100;
      const spread = entry.spread?.map((value) => figure(value)).join(" to ") ?? "one run";
      const values = [figure(entry.sim), figure(entry.real), signedPercent(error), spread, entry.verdict ?? ""];
      return [[name, title, ...values, pace?.toFixed(2) ?? ""]];
    }),
  );
  const isPaced = cells.some(({ pace }) => pace !== undefined);
  const told = (row: readonly string[]): string[] => (isPaced ? [...row] : row.slice(0, -1));
  printTable(told(["cell", "what", "simulated", "real", "error", "real repeats", "noise", "pace"]), rows.map(told));
  if (isPaced) print(PACE);
}
