/**
 * Runs grouped for drawing: cells of (scheduler, load, source), each with its repeats, and the statistics that charts
 * show. A value is usable when it is finite, not negative and below 1e12; others are left out and counted.
 */
import { cross, max, mean, min } from "d3";
import { ConfigError } from "../../../formats/index.js";
import {
  byName,
  inPolicyOrder,
  rangeText,
  shortNames,
  sourceNames,
  sourcesOf,
  xmlSafe,
  type ChartSource,
} from "../drawing/index.js";
import type { ChartRun } from "./chart-row.js";
import { Sample, type Values } from "./sample.js";

/** The requests of one scheduler under one load from one source. */
export interface ChartCell {
  readonly scheduler: string;
  readonly load: string;
  readonly source: ChartSource;
  readonly repeats: readonly Sample[];
  /** All repeats together. */
  readonly pooled: Sample;
}

export interface ChartData {
  readonly schedulers: readonly string[];
  readonly loads: readonly string[];
  readonly sources: readonly ChartSource[];
  readonly cells: readonly ChartCell[];
}

/** A statistic of a cell: its mean over the repeats, their range, and the requests of the smallest repeat. */
export interface CellStat {
  readonly cell: ChartCell;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly repeats: number;
  readonly requests: number;
}

/** Groups runs. Throws ConfigError when they hold no request. */
export function chartData(runs: readonly ChartRun[]): ChartData {
  const filled = runs.filter(({ seq }) => seq.length > 0);
  if (filled.length === 0) {
    throw new ConfigError("nothing to draw: got no finished requests, expected at least one row");
  }
  const grouped = new Map<string, { key: ChartRun; repeats: Map<number, ChartRun[]> }>();
  const [schedulerName, loadName] = [shortNames(), shortNames()];
  for (const given of filled) {
    const run = { ...given, scheduler: schedulerName(xmlSafe(given.scheduler)), load: loadName(xmlSafe(given.load)) };
    const key = JSON.stringify([run.scheduler, run.load, run.source]);
    const group = grouped.get(key) ?? { key: run, repeats: new Map<number, ChartRun[]>() };
    grouped.set(key, group);
    const repeat = group.repeats.get(run.repeat ?? 0) ?? [];
    group.repeats.set(run.repeat ?? 0, repeat);
    repeat.push(run);
  }
  const groups = [...grouped.values()];
  const schedulers = inPolicyOrder(groups.map(({ key }) => key.scheduler));
  const loads = [...new Set(groups.map(({ key }) => key.load))].sort(byName);
  const sources = sourcesOf(groups.map(({ key }) => key));
  const cells = cross(loads, schedulers, sources).flatMap(([load, scheduler, source]): ChartCell[] => {
    const group = grouped.get(JSON.stringify([scheduler, load, source]));
    if (group === undefined) return [];
    const repeats = [...group.repeats].sort(([a], [b]) => a - b).map(([, each]) => new Sample(each));
    const pooled = repeats.length === 1 ? repeats[0]! : new Sample(repeats.flatMap((each) => each.runs));
    return [{ scheduler, load, source, repeats, pooled }];
  });
  return { schedulers, loads, sources, cells };
}

/**
 * A statistic of every cell that has one: `statistic` sees the usable values of each repeat, ascending and not empty,
 * and answers undefined where it is not defined (too few values), which hides the cell.
 */
export function cellStats(
  data: ChartData,
  values: Values,
  statistic: (ascending: Float64Array) => number | undefined,
): CellStat[] {
  return data.cells.flatMap((cell) => {
    const samples = cell.repeats.map((each) => each.ascending(values)).filter((sample) => sample.length > 0);
    const perRepeat = samples.map(statistic).filter((each) => each !== undefined);
    if (perRepeat.length === 0 || perRepeat.length < samples.length) return [];
    return [
      {
        cell,
        mean: mean(perRepeat)!,
        min: min(perRepeat)!,
        max: max(perRepeat)!,
        repeats: perRepeat.length,
        requests: min(samples, (sample) => sample.length)!,
      },
    ];
  });
}

/** How many requests a chart is made from: `n = 522 real (3 repeats) and 174 simulated requests`. */
export function sampleText(data: ChartData): string {
  const parts = data.sources.map((source) => {
    const cells = data.cells.filter((cell) => cell.source === source);
    const requests = cells.reduce((sum, cell) => sum + cell.pooled.count, 0);
    const repeats = max(cells, (cell) => cell.repeats.length)!;
    return `${requests.toLocaleString("en-US")} ${sourceNames[source]}${repeats > 1 ? ` (${repeats} repeats)` : ""}`;
  });
  return `n = ${parts.join(" and ")} request${parts.length === 1 && parts[0]!.startsWith("1 ") ? "" : "s"}`;
}

/** What the reader should know of rows that could not be drawn and of cells that do not exist. */
export function dataNotes(data: ChartData, values: Values): string[] {
  const samples = data.cells.flatMap((cell) => cell.repeats);
  const all = samples.reduce((sum, { count }) => sum + count, 0);
  const leftOut = all - samples.reduce((sum, sample) => sum + sample.ascending(values).length, 0);
  const known = new Set(data.cells.map(cellName));
  const missing = cross(data.loads, data.schedulers, data.sources)
    .map(([load, scheduler, source]) => cellName({ scheduler, load, source }))
    .filter((name) => !known.has(name));
  const named = missing.slice(0, 3).join("; ");
  return [
    ...(leftOut > 0 ? [`${leftOut} of ${all} values were negative or not finite and are left out.`] : []),
    ...(missing.length > 0
      ? [`No requests for ${named}${missing.length > 3 ? `; and ${missing.length - 3} more` : ""}.`]
      : []),
  ];
}

/** Where the repeats of a cell are drawn as one. */
export function pooledNotes(data: ChartData, note = "Repeats are pooled."): string[] {
  return data.cells.some(({ repeats }) => repeats.length > 1) ? [note] : [];
}

/** `naive, run 1, real`. */
export function cellName(cell: Pick<ChartCell, "scheduler" | "load" | "source">): string {
  return `${cell.scheduler}, ${loadName(cell.load)}, ${sourceNames[cell.source]}`;
}

/** A bare number is the original suite's run_num. */
export function loadName(load: string): string {
  return /^\d+$/.test(load) ? `run ${load}` : load;
}

/** Requests of a load: the range over its cells and repeats. */
export function loadRequests(data: ChartData, load: string): readonly [number, number] {
  const sizes = data.cells
    .filter((cell) => cell.load === load)
    .flatMap((cell) => cell.repeats.map(({ count }) => count));
  return [min(sizes)!, max(sizes)!];
}

/** What stands below each load: its requests as a detail where loads differ, else once in the axis label. */
export function loadLabels(data: ChartData): { details: readonly (string | undefined)[]; axisLabel: string } {
  const texts = data.loads.map((load) => `n = ${rangeText(...loadRequests(data, load))}`);
  if (texts.length > 1 && texts.every((text) => text === texts[0])) {
    return { details: texts.map(() => undefined), axisLabel: `load (${texts[0]!} requests in each run)` };
  }
  return { details: texts, axisLabel: "load, n = requests of each run" };
}
