/** The results as chart rows, a load by its label; simulated at the pace before each real run, where there is one. */
import { eachRequest, type Run } from "../../formats/index.js";
import { e2elMs, throughputTokensPerS, ttftMs } from "../../sim/index.js";
import type { ChartRow } from "../../report/charts/index.js";
import type { CellResult } from "./results.js";

export function chartRows(cells: readonly CellResult[]): ChartRow[] {
  return cells.flatMap((cell) => [
    ...cell.real.flatMap((run, index) => runChartRows(run, cell, index + 1)),
    ...(cell.predictions?.flatMap((run, index) => runChartRows(run, cell, index + 1)) ?? runChartRows(cell.sim, cell)),
  ]);
}

/** Answered requests of one run; `repeat` tells runs of the same load apart. */
export function runChartRows(run: Run, cell: Pick<CellResult, "policy" | "load">, repeat?: number): ChartRow[] {
  const rows: ChartRow[] = [];
  let seq = 0;
  for (const request of eachRequest(run)) {
    seq++;
    const [latencyMs, firstMs, tokensPerS] = [e2elMs(request), ttftMs(request), throughputTokensPerS(request)];
    if (request.status !== "ok" || latencyMs === null || firstMs === null || tokensPerS === null) continue;
    rows.push({
      scheduler: cell.policy,
      load: cell.load,
      seq,
      source: run.info.source,
      ...(repeat === undefined ? {} : { repeat }),
      latencyS: latencyMs / 1e3,
      ttftS: firstMs / 1e3,
      tokensPerS,
    });
  }
  return rows;
}
