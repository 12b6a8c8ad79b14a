/** Prints a comparison: simulated, real, error with interval, spread of the repeats, verdict. */
import type { Comparison, ComparisonRow } from "../report/compare/index.js";
import { figure, print, printTable, signedPercent, warn } from "./output.js";

export function printComparison(rows: readonly ComparisonRow[], comparison: Comparison): void {
  printTable(
    ["metric", "unit", "n", "simulated", "real", "error", "95 % interval", "real repeats", "noise"],
    rows.map((row) => [
      `${row.metric} ${row.stat}`,
      row.unit,
      String(row.n),
      figure(row.sim),
      figure(row.real),
      signedPercent(row.errorPercent),
      row.ciPercent === null ? "" : row.ciPercent.map(signedPercent).join(" to "),
      row.spread === null ? "" : row.spread.map((value) => figure(value)).join(" to "),
      row.verdict ?? "",
    ]),
  );
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
