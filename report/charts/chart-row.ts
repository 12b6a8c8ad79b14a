/**
 * The one input of every chart: a request with its scheduler, load and source. Times in seconds, as in the CSV of the
 * original suite, so that any CSV with that suite's columns can be drawn.
 */
import type { OriginalRow } from "../../formats/index.js";

export type ChartSource = "real" | "sim";

/** One finished request. `load` is the run_num or a load label; `repeat` tells real runs of the same load apart. */
export interface ChartRow {
  readonly scheduler: string;
  readonly load: string;
  readonly seq: number;
  readonly source: ChartSource;
  readonly repeat?: number;
  readonly latencyS: number;
  readonly ttftS: number;
  readonly tokensPerS: number;
}

/**
 * Rows of the original suite's CSV as chart rows: finished requests only, `naive_scheduler` shown as `naive`, a row
 * without `source` counts as real. A numeric column `repeat` is taken when it is there.
 */
export function chartRowsFromOriginal(rows: readonly OriginalRow[]): ChartRow[] {
  return rows
    .filter((row) => row.status === "ok")
    .map((row) => {
      const repeat = repeatOf(row.repeat);
      return {
        scheduler: schedulerName(row.scheduler_type),
        load: String(row.run_num),
        seq: row.seq,
        source: row.source === "sim" ? "sim" : "real",
        ...(repeat === undefined ? {} : { repeat }),
        latencyS: row.latency,
        ttftS: row.ttft,
        tokensPerS: row.tokens_per_sec,
      };
    });
}

/** `naive_scheduler` -> `naive`; other names stay. */
function schedulerName(schedulerType: string): string {
  return schedulerType.replace(/(?<=.)_scheduler$/, "");
}

function repeatOf(value: unknown): number | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const repeat = String(value).trim() === "" ? Number.NaN : Number(value);
  return Number.isInteger(repeat) ? repeat : undefined;
}
