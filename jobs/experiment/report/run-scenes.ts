/**
 * The runs of an experiment over time, for the charts of it: of each cell the first real run, and what was predicted of it. What
 * a simulation of steps did is not in its folder, so it is simulated again; a long one is left out.
 */
import { requestCount, type Run } from "../../../formats/index.js";
import { readScheduledSteps } from "../../../formats/files/index.js";
import type { RunScene } from "../../../report/charts/index.js";
import { defaultJitter, recordedTimeline, simulatedTimeline } from "../../../sim/index.js";
import { cellsOf, cellWorkloads, type CellWorkload } from "../cells.js";
import type { ExperimentFolder } from "../folder.js";
import { atPace } from "../pace.js";
import type { CellResult, ExperimentResults } from "../results.js";

/** Longer simulations of steps are not repeated for a picture. */
const MOST_REQUESTS = 20_000;

export interface LoadScenes {
  readonly load: string;
  readonly scenes: readonly RunScene[];
  /** What is left out, in words. */
  readonly notes: readonly string[];
}

/** By load, in the order of the cells. */
export async function runScenes(folder: ExperimentFolder, results: ExperimentResults): Promise<LoadScenes[]> {
  const { cells } = results;
  const workloads = await workloadsOf(results);
  const byLoad = new Map<string, { scenes: RunScene[]; notes: string[] }>();
  for (const cell of cells) {
    const own = byLoad.get(cell.load) ?? { scenes: [], notes: [] };
    byLoad.set(cell.load, own);
    const real = await realScene(folder, cell);
    const sim = simScene(cell, workloads.get(cell.name), results);
    for (const scene of [real, sim]) if (scene !== undefined) own.scenes.push(scene);
    if (sim === undefined) own.notes.push(`${cell.name}: too long to be simulated again step by step for this chart.`);
  }
  return [...byLoad].map(([load, { scenes, notes }]) => ({ load, scenes, notes }));
}

/** Only where a simulation of steps must be repeated. */
async function workloadsOf({
  experiment,
  cells,
  profile,
}: ExperimentResults): Promise<ReadonlyMap<string, CellWorkload>> {
  const wanted = new Set(cells.filter(isToRepeat).map(({ name }) => name));
  if (wanted.size === 0) return new Map();
  const asked = cellsOf(experiment, "experiment.yaml").filter(({ name }) => wanted.has(name));
  const { prompts, seed } = experiment;
  const made = await cellWorkloads(asked, { profile, prompts, seed });
  return new Map(made.map((work) => [work.cell.name, work]));
}

function isToRepeat({ sim }: CellResult): boolean {
  return sim.batches.length === 0 && requestCount(sim) <= MOST_REQUESTS;
}

async function realScene(folder: ExperimentFolder, { name, policy, real }: CellResult): Promise<RunScene | undefined> {
  const [run] = real;
  if (run === undefined) return undefined;
  if (run.batches.length > 0) return { policy, source: "real", timeline: recordedTimeline(run) };
  const steps = await readScheduledSteps(folder.real(name, 1));
  if (steps === undefined) return undefined;
  return { policy, source: "real", timeline: recordedTimeline({ ...run, steps }), kvBlocks: kvBlocksOf(run) };
}

function simScene(cell: CellResult, work: CellWorkload | undefined, results: ExperimentResults): RunScene | undefined {
  const { policy, sim, predictions } = cell;
  const run = predictions?.[0] ?? sim;
  if (run.batches.length > 0) return { policy, source: "sim", timeline: recordedTimeline(run) };
  if (work === undefined) return undefined;
  const { workload, cell: asked } = work;
  const { plan, load, coldStart } = asked;
  const pace = run.info.simulated_at_pace;
  const profile = typeof pace === "number" ? atPace(results.profile, pace) : results.profile;
  const { seed, jitter = defaultJitter({ plan, profile }) } = results.experiment;
  const timeline = simulatedTimeline({ plan, profile, workload, load, seed, coldStart, jitter });
  return { policy, source: "sim", timeline, kvBlocks: kvBlocksOf(run) };
}

/** Of one replica; undefined where the run has none. */
export function kvBlocksOf({ info }: Run): number | undefined {
  const { total } = (info.kv_blocks ?? {}) as { readonly total?: unknown };
  return typeof total === "number" ? total : undefined;
}
