/** The charts of a sweep: one where its settings fit into it, otherwise one for each place beside the axis. */
import { sweptLines } from "./swept-lines.js";
import { grouped } from "../grouped.js";
import type { SweepTable } from "../table.js";
import { rowWords, variedColumns } from "./words.js";

/** As many as a chart has colours. */
const MOST_LINES = 9;
const MOST_CHARTS = 8;

/** SVG text by name; empty where nothing numeric varies. */
export async function sweepCharts(table: SweepTable, title: string): Promise<ReadonlyMap<string, string>> {
  const { sweepPicture } = await import("../../../report/charts/index.js");
  const all = sweptLines(table);
  if (all === undefined) return new Map();
  if (all.lines.length <= MOST_LINES) return new Map([["sweep", sweepPicture({ title, ...all })]]);
  const beside = variedColumns(table.columns, table.rows).filter(
    ({ name }) => /^(profile|load|replicas|load\..*)$/.test(name) && name.replace(/^load\./, "") !== all.axis,
  );
  const places = grouped(table.rows, (row) => rowWords(beside, row));
  const charts = [...places].slice(0, MOST_CHARTS).flatMap(([place, rows], at) => {
    const lines = sweptLines({ columns: table.columns, rows });
    if (lines === undefined) return [];
    const name = places.size === 1 ? "sweep" : `sweep_${at + 1}`;
    return [[name, sweepPicture({ title: place === "" ? title : `${title}: ${place}`, ...lines })] as const];
  });
  return new Map(charts);
}
