/**
 * Adds cells where the answer changes: between the highest rate at which a server keeps up, or its goals are met, and
 * the next.
 */
import { ConfigError, sloText, type Load, type Slo } from "../../formats/index.js";
import { grouped } from "./grouped.js";
import type { PlannedCell } from "./plan-file.js";
import type { SweepRow } from "./row.js";

/** Rates closer together than this are not refined further. */
const CLOSE_ENOUGH = 1.03;

/** The load of a new cell, and a cell that it differs from in its rate alone. */
export interface Refinement {
  readonly beside: PlannedCell;
  readonly load: Load;
}

type RowOf = (cell: PlannedCell) => SweepRow | undefined;

/** Loads to add; none: the edges are known. */
export function refinements(cells: Iterable<PlannedCell>, rowOf: RowOf, slos: readonly Slo[]): Refinement[] {
  const rated = [...cells].filter((cell) => cell.impossible === undefined && cell.load.request_rate !== undefined);
  const series = grouped(rated, (cell) =>
    JSON.stringify({ ...cell, id: undefined, load: { ...cell.load, request_rate: undefined } }),
  );
  return [...series.values()].flatMap((along) => edgeOf(along.sort(byRate), rowOf, slos));
}

function byRate(a: PlannedCell, b: PlannedCell): number {
  return a.load.request_rate! - b.load.request_rate!;
}

function edgeOf(cells: readonly PlannedCell[], rowOf: RowOf, slos: readonly Slo[]): Refinement[] {
  const works = cells.map((cell) => isGood(rowOf(cell), slos));
  const at = works.findIndex((good, index) => good === true && works[index + 1] === false);
  if (at === -1) return [];
  const [below, above] = [cells[at]!, cells[at + 1]!];
  const [low, high] = [below.load.request_rate!, above.load.request_rate!];
  if (high / low <= CLOSE_ENOUGH) return [];
  const rate = Number(Math.sqrt(low * high).toPrecision(4));
  return [{ beside: below, load: { ...below.load, request_rate: rate } }];
}

/** Undefined: not known. */
function isGood(row: SweepRow | undefined, slos: readonly Slo[]): boolean | undefined {
  if (row === undefined || "failed" in row) return undefined;
  const { utilisation } = row.capacity;
  if (utilisation !== null && utilisation > 1) return false;
  return slos.every((slo) => statistic(row, slo) <= slo.limitMs);
}

function statistic(row: Exclude<SweepRow, { failed: string }>, slo: Slo): number {
  const { metric, quantile } = slo;
  const key = `${quantile === undefined ? "mean" : `p${100 * quantile}`}_${metric}_ms`;
  const value = row.statistics[key];
  if (value !== undefined) return value ?? Infinity;
  throw new ConfigError(
    `--slo: ${sloText(slo)}: a sweep has the mean, p50, p90, p95 and p99 of each latency, not ${key}; choose one of them`,
  );
}
