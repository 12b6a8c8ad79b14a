/**
 * Plans a sweep and simulates what is not there yet of its cells, or of one shard of them, in worker threads. A finished cell is on
 * disk before its thread takes another, so nothing is lost or done twice whenever the process ends.
 */
import { availableParallelism } from "node:os";
import type { Slo, Sweep } from "../../formats/index.js";
import type { Reporter } from "../inputs/index.js";
import { spread, type Lane } from "../threads/index.js";
import { cellLane } from "./cell-lane.js";
import { planSweep, type SweepCell, type SweepPlan } from "./cells.js";
import type { SweepFolder } from "./folder.js";
import { partWriter } from "./parts.js";
import { addedOnDisk, writePlan } from "./plan-file.js";
import { PlannedCells } from "./planned-cells.js";
import { refinements } from "./refine.js";
import { RowPlaces } from "./row-places.js";
import { readStates } from "./status.js";
import type { SweepRow } from "./row.js";
import type { Shard } from "./shard.js";
import { whyImpossible, type SweepBase } from "./simulate-cell.js";

export interface PlanSweepOptions {
  readonly folder: SweepFolder;
  /** Replaces a plan of other cells. Rows of cells that are in both stay. */
  readonly force: boolean;
}

export interface RunSweepOptions extends PlanSweepOptions {
  /** Absent: all cells. */
  readonly shard?: Shard | undefined;
  /** Threads; absent: one for each core. What comes out does not depend on it. */
  readonly workers?: number | undefined;
  /** Simulates cells that failed once more. */
  readonly retryFailed?: boolean | undefined;
  /** Adds cells where the server stops keeping up or these goals stop being met; absent: none. */
  readonly refine?: readonly Slo[] | undefined;
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
}

export interface MadePlan extends SweepPlan {
  /** Those of the sweep, and those that refinement added before. */
  readonly planned: PlannedCells;
}

/** Checks the sweep, finds the cells that cannot be simulated, and writes the plan. `source`: the sweep's file. */
export async function makePlan(sweep: Sweep, source: string, options: PlanSweepOptions): Promise<MadePlan> {
  const { folder, force } = options;
  const plan = planSweep(sweep, source);
  const own = new PlannedCells(plan.cells, reasons(plan));
  const added = force ? undefined : await addedOnDisk(folder.plan, plan.cells);
  if (added === undefined) await writePlan(folder.plan, own);
  return { ...plan, planned: added === undefined ? own : own.with(added) };
}

/** Policies are tried on each profile once, whatever the load. */
function reasons(plan: SweepPlan): (cell: SweepCell) => string | undefined {
  const base = baseOf(plan);
  const known = new Map<string, string | undefined>();
  return (cell) => {
    const { policy, settings, profile, replicas } = cell;
    const key = JSON.stringify([policy, settings, profile, replicas]);
    if (!known.has(key)) known.set(key, whyImpossible(base, cell));
    return known.get(key);
  };
}

/** What the lanes of a plan's cells start from. */
export function baseOf({ sweep, router, profiles }: SweepPlan): SweepBase {
  const { replications, jitter, prompts } = sweep;
  return { profiles, router, routerBeta: sweep.router_beta, replications, jitter, prompts };
}

/** Returns how many cells were simulated now. */
export async function runSweep(plan: MadePlan, options: RunSweepOptions): Promise<number> {
  const { folder, refine } = options;
  let { planned } = plan;
  let simulated = await simulateMissing(plan, planned, options);
  while (refine !== undefined) {
    const fresh = await newCells(plan, planned, folder, refine);
    if (fresh.length === 0) break;
    planned = planned.with(fresh);
    await writePlan(folder.plan, planned);
    simulated += await simulateMissing(plan, planned, options);
  }
  return simulated;
}

/** The cells that a refinement adds to those that are planned. */
async function newCells(
  { identify }: SweepPlan,
  planned: PlannedCells,
  folder: SweepFolder,
  slos: readonly Slo[],
): Promise<SweepCell[]> {
  const places = await RowPlaces.of(folder, planned);
  try {
    const rowOf = ({ id }: SweepCell): SweepRow | undefined => {
      const place = planned.placeOf(id)!;
      return places.has(place) ? places.rowAt(place) : undefined;
    };
    return refinements(planned, rowOf, slos)
      .map(({ beside, load }) => ({ ...beside, load, id: identify({ ...beside, load }) }))
      .filter(({ id }) => planned.placeOf(id) === undefined);
  } finally {
    places.close();
  }
}

async function simulateMissing(
  plan: SweepPlan,
  planned: PlannedCells,
  { folder, shard, workers, retryFailed = false, signal, reporter }: RunSweepOptions,
): Promise<number> {
  const states = await readStates(folder, planned);
  const { index, count } = shard ?? { index: 0, count: 1 };
  const tasks: number[] = [];
  for (let place = index; place < planned.length; place += count) {
    const state = states.at(place);
    const isMissing = state === undefined || (retryFailed && state !== null);
    if (isMissing && planned.at(place).impossible === undefined) tasks.push(place);
  }
  if (tasks.length === 0) return 0;
  const part = partWriter(folder.parts);
  const threads = Math.min(tasks.length, workers ?? availableParallelism());
  const lanes = Array.from({ length: threads }, (): Lane<number, void> => {
    const lane = cellLane(baseOf(plan), threads > 1, (row) => {
      part.add(row);
    });
    return { run: (place) => lane.run(planned.at(place)), close: () => lane.close() };
  });
  const progress = reporter.progress("simulating, cells");
  try {
    await spread(lanes, tasks, {
      signal,
      onDone: (done) => {
        progress.update(done, tasks.length);
      },
    });
    return tasks.length;
  } finally {
    progress.stop();
    await Promise.all(lanes.map((lane) => lane.close()));
    part.close();
  }
}
