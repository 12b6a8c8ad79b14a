/** Prints a run's figures by class of request. */
import { parseClasses, sharePercent, type RunInfo } from "../formats/index.js";
import type { Summary } from "../sim/index.js";
import { countFigure, printTable } from "./output.js";
import { intervalsOf, predicted } from "./print-intervals.js";

const columns = ["mean_ttft_ms", "p99_ttft_ms", "mean_tpot_ms", "mean_e2el_ms", "p99_e2el_ms"] as const;

export function printClasses(info: RunInfo, summary: Summary): void {
  const { classes } = info.load as { readonly classes?: string };
  const found = classes === undefined ? [] : parseClasses(classes);
  if (typeof found === "string" || found.length === 0) return;
  const intervals = intervalsOf(info);
  const cell = (key: `${string}@${string}`): string =>
    summary.hidden_percentiles.includes(key) ? "(n too small)" : predicted(summary[key], intervals[key], "\n");
  printTable(
    ["class", "answered", "failed", "ttft mean, ms", "p99", "tpot mean", "e2el mean", "p99", "within limits"],
    found.map(({ name }) => {
      const attainment = summary[`attainment@${name}`];
      return [
        name,
        countFigure(summary[`completed@${name}`]),
        countFigure(summary[`failed@${name}`]),
        ...columns.map((key) => cell(`${key}@${name}`)),
        attainment === undefined || attainment === null ? "-" : sharePercent(attainment),
      ];
    }),
  );
}
