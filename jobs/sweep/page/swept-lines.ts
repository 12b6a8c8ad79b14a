/** A sweep's table as lines to draw: statistics over the axis that was swept, one line for each setting of everything else. */
import { grouped } from "../grouped.js";
import type { SweepTable, TableValue } from "../table.js";
import { isGiven, rowWords, variedColumns } from "./words.js";

export interface SweptLines {
  /** The column across: the rate where it was swept, otherwise the number with the most values. */
  readonly axis: string;
  /** Columns drawn, those that have values. */
  readonly statistics: readonly string[];
  readonly lines: readonly {
    /** What sets it apart from the others, such as "vllm, max_num_seqs 64". */
    readonly name: string;
    /** In the order of `x`; a cell each, so that seeds are points above each other. */
    readonly points: readonly {
      readonly x: number;
      /** By statistic: its value and its interval, null where the cell has none. */
      readonly values: readonly {
        readonly value: number | null;
        readonly low: number | null;
        readonly high: number | null;
      }[];
    }[];
  }[];
}

/** In order of choice. */
const DRAWN = ["mean_ttft_ms", "p99_ttft_ms", "mean_tpot_ms", "p99_tpot_ms", "mean_e2el_ms", "p99_e2el_ms"] as const;
const MOST_DRAWN = 4;
const RATE = "load.request_rate";

/** Whether a column is needed for the lines. */
export function isSwept(column: string): boolean {
  return (
    column === "error" ||
    isGiven(column) ||
    DRAWN.includes(column.replace(/_(low|high)$/, "") as (typeof DRAWN)[number])
  );
}

/** Undefined: there is nothing numeric with two values to draw along. Failed cells are left out. */
export function sweptLines({ columns, rows }: SweepTable): SweptLines | undefined {
  const failed = columns.indexOf("error");
  const cells = rows.filter((row) => row[failed] === null);
  const varied = variedColumns(columns, cells);
  const numeric = varied.filter(({ values }) => [...values].every((value) => typeof value === "number"));
  const axis = numeric.find(({ name }) => name === RATE) ?? numeric.sort((a, b) => b.values.size - a.values.size)[0];
  const statistics = DRAWN.filter((name) => {
    const at = columns.indexOf(name);
    return at !== -1 && cells.some((row) => typeof row[at] === "number");
  }).slice(0, MOST_DRAWN);
  if (axis === undefined || statistics.length === 0) return undefined;
  const others = varied.filter(({ name }) => name !== axis.name);
  const byName = grouped(cells, (row) => rowWords(others, row));
  const label = columns.indexOf("label");
  const lines = [...byName].map(([name, of]) => ({
    name: name === "" ? String(of[0]![label]) : name,
    points: of.map((row) => pointOf(row, columns, axis.at, statistics)).sort((a, b) => a.x - b.x),
  }));
  return { axis: axis.name.replace(/^(load|policy)\./, ""), statistics, lines };
}

function pointOf(
  row: readonly TableValue[],
  columns: readonly string[],
  axisAt: number,
  statistics: readonly string[],
): SweptLines["lines"][number]["points"][number] {
  const figure = (column: string): number | null => {
    const value = row[columns.indexOf(column)];
    return typeof value === "number" ? value : null;
  };
  const values = statistics.map((name) => {
    const value = figure(name);
    if (value === null) return { value, low: null, high: null };
    return { value, low: figure(`${name}_low`), high: figure(`${name}_high`) };
  });
  return { x: row[axisAt] as number, values };
}
