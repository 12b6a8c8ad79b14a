/** Prints a comparison: simulated, real, error with interval and tolerance, spread of the repeats, verdict. */
import { signedPercent } from "../formats/index.js";
import { tallyText, type Comparison, type ComparisonRow } from "../report/compare/index.js";
import { figure, print, printTable, warn } from "./output.js";

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
      row.errorPercent === null ? "-" : signedPercent(row.errorPercent / 100),
      row.intervalPercent === null ? "" : row.intervalPercent.map((value) => signedPercent(value / 100)).join(" to "),
      `${figure(row.tolerancePercent, 2)} %`,
      row.spread === null ? "" : row.spread.map((value) => figure(value)).join(" to "),
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
