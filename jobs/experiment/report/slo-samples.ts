/** Requests of each cell for the page's limits of latency: all of a short run, an even sample of a long one. */
import type { Run } from "../../../formats/index.js";
import { columnsIn, mean } from "../../../sim/index.js";
import type { SloSample } from "../../../report/html/index.js";
import { simsOf } from "./cell-figures.js";
import type { CellResult } from "../results.js";

/** Requests of one cell and source, and of all of them together; a request takes about 20 bytes of the page. */
const MOST_OF_ONE = 2000;
const MOST_OF_ALL = 30_000;

/** Simulated and real apart, runs of a cell pooled. `colourOf`: a policy's colour. */
export function sloSamples(cells: readonly CellResult[], colourOf: (policy: string) => string): SloSample[] {
  const groups = cells.flatMap((cell) => [
    ...(cell.real.length === 0 ? [] : [{ cell, source: "real" as const, runs: cell.real }]),
    { cell, source: "sim" as const, runs: simsOf(cell) },
  ]);
  const most = Math.max(50, Math.min(MOST_OF_ONE, Math.floor(MOST_OF_ALL / groups.length)));
  return groups.map(({ cell, source, runs }) => ({
    cell: cell.name,
    source,
    colour: colourOf(cell.policy),
    requestsPerS: mean(runs.map(sentPerS)),
    ...sampled(runs, most),
  }));
}

/** Requests of the run over its duration, from the first arrival to the last token. */
function sentPerS(run: Run): number {
  const { rows, arrivalNs, lastTokenNs } = columnsIn(run);
  let [first, last] = [Infinity, -Infinity];
  for (let row = 0; row < rows; row++) {
    first = Math.min(first, arrivalNs[row]!);
    if (lastTokenNs[row]! > last) last = lastTokenNs[row]!;
  }
  return last > first ? (rows * 1e9) / (last - first) : 0;
}

/** Every k-th answered request of all runs, in their order. */
function sampled(runs: readonly Run[], most: number): Omit<SloSample, "cell" | "source" | "colour" | "requestsPerS"> {
  const columns = runs.map(columnsIn);
  const requests = columns.reduce((sum, { rows }) => sum + rows, 0);
  const answered = columns.reduce((sum, { ok }) => sum + ok.reduce((count, one) => count + one, 0), 0);
  const [ttftMs, tpotMs, e2elMs]: [number[], number[], number[]] = [[], [], []];
  const step = Math.max(1, answered / most);
  let seen = 0;
  let next = 0;
  for (const { rows, ok, arrivalNs, firstTokenNs, lastTokenNs, outputTokens } of columns) {
    for (let row = 0; row < rows; row++) {
      if (ok[row] === 0 || seen++ < Math.floor(next)) continue;
      next += step;
      const arrival = arrivalNs[row]!;
      const first = firstTokenNs[row]!;
      const last = lastTokenNs[row]!;
      const tokens = outputTokens[row]!;
      ttftMs.push((first - arrival) / 1e6);
      // An answer of one token has no time per token, and meets any limit of it.
      tpotMs.push(tokens > 1 ? (last - first) / 1e6 / (tokens - 1) : 0);
      e2elMs.push((last - arrival) / 1e6);
    }
  }
  return { requests, failed: requests - answered, ttftMs, tpotMs, e2elMs };
}
