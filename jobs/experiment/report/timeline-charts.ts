/** Charts of an experiment's runs over time, a set for each load, and of how its runs differ from one to the next. */
import type { Run } from "../../../formats/index.js";
import type { BatchScene, SeedRow } from "../../../report/charts/index.js";
import { columnsIn, summarise } from "../../../sim/index.js";
import type { ExperimentFolder } from "../folder.js";
import type { CellResult, ExperimentResults } from "../results.js";
import { runScenes } from "./run-scenes.js";

/** The first loads of an experiment are drawn over time; a page of dozens would say no more. */
const MOST_LOADS = 4;

/** SVG by name: `time_series-LOAD` and others, and `seeds`. */
export async function timelineCharts(
  folder: ExperimentFolder,
  results: ExperimentResults,
): Promise<Map<string, string>> {
  const { runPictures, seedsPicture } = await import("../../../report/charts/index.js");
  const { cells, profile, experiment } = results;
  const charts = new Map<string, string>();
  const seeds = seedsPicture({ title: experiment.name, rows: cells.flatMap(seedRows) });
  if (seeds !== undefined) charts.set("seeds", seeds);
  const loads = new Set([...new Set(cells.map(({ load }) => load))].slice(0, MOST_LOADS));
  const drawn = { ...results, cells: cells.filter(({ load }) => loads.has(load)) };
  for (const { load, scenes } of await runScenes(folder, drawn)) {
    const batches = drawn.cells
      .filter((cell) => cell.load === load)
      .flatMap(({ real, predictions, sim }) =>
        batchScenes([real[0], predictions?.[0] ?? sim], profile.memory.total_bytes),
      );
    for (const [name, svg] of runPictures({ title: load, scenes, batches })) charts.set(`${name}-${load}`, svg);
  }
  return charts;
}

/** Of the runs whose policy watches memory. */
export function batchScenes(runs: readonly (Run | undefined)[], memoryBytes: number | undefined): BatchScene[] {
  return runs.flatMap((run): BatchScene[] => {
    const threshold = run?.info.policy_settings?.memory_threshold;
    if (run === undefined || typeof threshold !== "number") return [];
    const { policy, source } = run.info;
    return [{ policy, source, batches: run.batches, threshold, memoryBytes }];
  });
}

/** Single runs of a cell: the simulation's replications, and the real repeats. */
function seedRows({ policy, load, sim, predictions, real }: CellResult): SeedRow[] {
  const simulated = replicationsOf(predictions?.[0] ?? sim);
  const keys = Object.keys(simulated);
  if (keys.length === 0) return [];
  const summaries = real.map((run) => summarise(columnsIn(run)) as unknown as Readonly<Record<string, unknown>>);
  const measured = keys.map((key) => {
    const values = summaries.map((summary) => summary[key]).filter((value) => typeof value === "number");
    return [key, values] as const;
  });
  return [
    { policy, load, source: "sim", values: simulated },
    ...(real.length === 0 ? [] : [{ policy, load, source: "real" as const, values: Object.fromEntries(measured) }]),
  ];
}

/** By statistic; empty of a run that was simulated once, or by an earlier version. */
export function replicationsOf({ info }: Run): Readonly<Record<string, readonly number[]>> {
  return (info.by_replication ?? {}) as Readonly<Record<string, readonly number[]>>;
}
