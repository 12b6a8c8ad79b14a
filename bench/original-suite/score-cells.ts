/** Recorded against simulated, cell by cell, and the errors that the targets speak of (relative, 0-1). */
import { signedPercent, type Profile } from "../../formats/index.js";
import type { PromptSource } from "../../sim/index.js";
import { simulatedFigures, type CellFigures, type RecordedFigures } from "./cell-figures.js";
import { markdownTable } from "./markdown-table.js";
import { simulateCell, type Cell } from "./suite.js";

export const TARGET = { mean: 0.03, quantile: 0.05 };

export interface CellScore {
  readonly name: string;
  readonly recorded: CellFigures;
  readonly simulated: CellFigures;
  /** simulated / recorded - 1 */
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
}

export function scoreCells(
  cells: readonly Cell[],
  recordedCells: readonly RecordedFigures[],
  profile: Profile,
  prompts: PromptSource,
): CellScore[] {
  return cells.flatMap((cell) => {
    const { policy } = cell.policy;
    const recorded = recordedCells.find((r) => r.policy === policy && r.requests === cell.load.num_prompts);
    if (recorded === undefined) return [];
    const simulated = simulatedFigures(policy, simulateCell(cell, profile, prompts));
    return [
      {
        name: `${policy} run ${recorded.run}`,
        recorded,
        simulated,
        mean: simulated.mean_latency_s / recorded.mean_latency_s - 1,
        p50: simulated.p50_latency_s / recorded.p50_latency_s - 1,
        p95: simulated.p95_latency_s / recorded.p95_latency_s - 1,
      },
    ];
  });
}

/** Largest errors in absolute value. */
export function worst(scores: readonly CellScore[]): { readonly mean: number; readonly quantile: number } {
  return {
    mean: Math.max(...scores.map(({ mean }) => Math.abs(mean))),
    quantile: Math.max(...scores.flatMap(({ p50, p95 }) => [Math.abs(p50), Math.abs(p95)])),
  };
}

/** The table: seconds recorded, seconds simulated and the error, for mean, P50 and P95. */
export function scoreTable(scores: readonly CellScore[]): string {
  const header = ["cell", ...["mean", "P50", "P95"].flatMap((name) => [`${name} recorded, s`, "simulated", "error"])];
  const rows = scores.map(({ name, recorded, simulated, mean, p50, p95 }) => [
    name,
    ...triple(recorded.mean_latency_s, simulated.mean_latency_s, mean),
    ...triple(recorded.p50_latency_s, simulated.p50_latency_s, p50),
    ...triple(recorded.p95_latency_s, simulated.p95_latency_s, p95),
  ]);
  return markdownTable(header, rows);
}

function triple(recordedS: number, simulatedS: number, error: number): string[] {
  return [recordedS.toFixed(4), simulatedS.toFixed(4), signedPercent(error)];
}
