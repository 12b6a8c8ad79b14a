/** A run's figures by class of request: keys of its summary, each with the class's name after an @. */
import { rowsWhere, selectColumns, type RequestClass, type RequestTable } from "../../formats/index.js";
import { countGood } from "./goodput.js";
import { summarise } from "./summary.js";

/** `completed@interactive`, `p99_ttft_ms@batch`; `attainment@interactive`: share of the class's requests that met all its limits. */
export type ClassFigures = Readonly<Record<`${string}@${string}`, number | null>>;

const kept = [
  ...["completed", "failed", "request_throughput", "output_throughput"],
  ...["ttft", "tpot", "e2el", "queue"].flatMap((metric) =>
    ["mean", "p50", "p99"].map((name) => `${name}_${metric}_ms`),
  ),
] as const;

export interface ClassSummary {
  readonly figures: ClassFigures;
  /** Keys whose number comes from too few requests to be shown to people. */
  readonly hidden: readonly string[];
}

/** `table` says the classes of its requests. */
export function summariseClasses(table: RequestTable, classes: readonly RequestClass[]): ClassSummary {
  const figures: Record<`${string}@${string}`, number | null> = {};
  const hidden: string[] = [];
  for (const { name, ttft: ttftMs, tpot: tpotMs, e2el: e2elMs } of classes) {
    const part = selectColumns(
      table,
      rowsWhere(table.rows, (row) => table.classOf?.(row) === name),
    );
    const summary = summarise(part) as Readonly<Record<string, unknown>>;
    for (const key of kept) figures[`${key}@${name}`] = (summary[key] as number | null | undefined) ?? null;
    for (const key of summary.hidden_percentiles as string[]) if (kept.includes(key)) hidden.push(`${key}@${name}`);
    if ((ttftMs ?? tpotMs ?? e2elMs) === undefined) continue;
    const good = countGood(part, { ttftMs, tpotMs, e2elMs });
    figures[`attainment@${name}`] = part.rows === 0 ? null : good / part.rows;
  }
  return { figures, hidden };
}
