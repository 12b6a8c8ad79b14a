/**
 * The results by column for charts, a load by its label; simulated at the pace before each real run, where there is
 * one.
 */
import { defined, rowsWhere, type Run } from "../../../formats/index.js";
import { columnsIn } from "../../../sim/index.js";
import type { ChartRun } from "../../../report/charts/index.js";
import type { CellResult } from "../results.js";

export function chartRuns(cells: readonly CellResult[]): ChartRun[] {
  return cells.flatMap((cell) => [
    ...cell.real.map((run, index) => chartRun(run, cell, index + 1)),
    ...(cell.predictions?.map((run, index) => chartRun(run, cell, index + 1)) ?? [chartRun(cell.sim, cell)]),
  ]);
}

/** Answered requests of one run; `repeat` distinguishes runs of the same load. */
export function chartRun(run: Run, cell: Pick<CellResult, "policy" | "load">, repeat?: number): ChartRun {
  const { rows, ok, arrivalNs, firstTokenNs, lastTokenNs, outputTokens } = columnsIn(run);
  const latencyNs = (row: number): number => lastTokenNs[row]! - arrivalNs[row]!;
  const answered = rowsWhere(rows, (row) => ok[row] !== 0 && latencyNs(row) > 0 && !Number.isNaN(firstTokenNs[row]!));
  const column = (valueOf: (row: number) => number): Float64Array => Float64Array.from(answered, valueOf);
  return {
    scheduler: cell.policy,
    load: cell.load,
    source: run.info.source,
    ...defined({ repeat }),
    seq: column((row) => row + 1),
    latencyS: column((row) => latencyNs(row) / 1e6 / 1e3),
    ttftS: column((row) => (firstTokenNs[row]! - arrivalNs[row]!) / 1e6 / 1e3),
    tokensPerS: column((row) => (outputTokens[row]! * 1000) / (latencyNs(row) / 1e6)),
    arrivalS: column((row) => arrivalNs[row]! / 1e9),
    tpotS: column((row) => {
      const gaps = outputTokens[row]! - 1;
      return gaps > 0 ? (lastTokenNs[row]! - firstTokenNs[row]!) / gaps / 1e9 : NaN;
    }),
  };
}
