/**
 * The results by column for charts, a load by its label; simulated at the pace before each real run, where there is
 * one.
 */
import { defined, type Run } from "../../formats/index.js";
import { columnsIn } from "../../sim/index.js";
import type { ChartRun } from "../../report/charts/index.js";
import type { CellResult } from "./results.js";

export function chartRuns(cells: readonly CellResult[]): ChartRun[] {
  return cells.flatMap((cell) => [
    ...cell.real.map((run, index) => chartRun(run, cell, index + 1)),
    ...(cell.predictions?.map((run, index) => chartRun(run, cell, index + 1)) ?? [chartRun(cell.sim, cell)]),
  ]);
}

/** Answered requests of one run; `repeat` distinguishes runs of the same load. */
export function chartRun(run: Run, cell: Pick<CellResult, "policy" | "load">, repeat?: number): ChartRun {
  const { rows, ok, arrivalNs, firstTokenNs, lastTokenNs, outputTokens } = columnsIn(run);
  const seq = new Float64Array(rows);
  const [latencyS, ttftS, tokensPerS] = [new Float64Array(rows), new Float64Array(rows), new Float64Array(rows)];
  const [arrivalS, tpotS] = [new Float64Array(rows), new Float64Array(rows)];
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const latencyMs = (lastTokenNs[row]! - arrivalNs[row]!) / 1e6;
    const firstMs = (firstTokenNs[row]! - arrivalNs[row]!) / 1e6;
    if (ok[row] === 0 || !(latencyMs > 0) || Number.isNaN(firstMs)) continue;
    seq[count] = row + 1;
    latencyS[count] = latencyMs / 1e3;
    ttftS[count] = firstMs / 1e3;
    tokensPerS[count] = (outputTokens[row]! * 1000) / latencyMs;
    arrivalS[count] = arrivalNs[row]! / 1e9;
    const gaps = outputTokens[row]! - 1;
    tpotS[count] = gaps > 0 ? (lastTokenNs[row]! - firstTokenNs[row]!) / gaps / 1e9 : NaN;
    count++;
  }
  return {
    scheduler: cell.policy,
    load: cell.load,
    source: run.info.source,
    ...defined({ repeat }),
    seq: seq.subarray(0, count),
    latencyS: latencyS.subarray(0, count),
    ttftS: ttftS.subarray(0, count),
    tokensPerS: tokensPerS.subarray(0, count),
    arrivalS: arrivalS.subarray(0, count),
    tpotS: tpotS.subarray(0, count),
  };
}
