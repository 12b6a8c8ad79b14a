/**
 * The one input of every chart: the finished requests of a run by column, with its scheduler, load and source. Times in
 * seconds, as in the CSV of the original suite, so that any CSV with that suite's columns can be drawn.
 */
import { defined, type OriginalRow } from "../../../formats/index.js";
import type { ChartSource } from "../drawing/index.js";

/** `load` is the run_num or a load label; `repeat` distinguishes real runs of the same load. */
interface ChartPlace {
  readonly scheduler: string;
  readonly load: string;
  readonly source: ChartSource;
  readonly repeat?: number;
}

/** Finished requests of one run: all columns are as long as there are requests. */
export interface ChartRun extends ChartPlace {
  /** Place in the load. */
  readonly seq: Float64Array;
  readonly latencyS: Float64Array;
  readonly ttftS: Float64Array;
  readonly tokensPerS: Float64Array;
  /** Since the run's start. */
  readonly arrivalS?: Float64Array;
  /** Per request; NaN: an answer of one token has none. */
  readonly tpotS?: Float64Array;
  /** Inter-token latencies, of all requests together: a sample of another length. */
  readonly itlS?: Float64Array;
}

/** One finished request. */
export interface ChartRow extends ChartPlace {
  readonly seq: number;
  readonly latencyS: number;
  readonly ttftS: number;
  readonly tokensPerS: number;
}

/** Single requests as runs: those of one place together, in their order. */
export function chartRunsOf(rows: readonly ChartRow[]): ChartRun[] {
  const grouped = new Map<string, ChartRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.scheduler, row.load, row.source, row.repeat]);
    const group = grouped.get(key);
    if (group === undefined) grouped.set(key, [row]);
    else group.push(row);
  }
  return [...grouped.values()].map((group) => ({
    ...group[0]!,
    seq: Float64Array.from(group, ({ seq }) => seq),
    latencyS: Float64Array.from(group, ({ latencyS }) => latencyS),
    ttftS: Float64Array.from(group, ({ ttftS }) => ttftS),
    tokensPerS: Float64Array.from(group, ({ tokensPerS }) => tokensPerS),
  }));
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
        ...defined({ repeat }),
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
