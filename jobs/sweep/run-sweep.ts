/**
 * Plans a sweep and simulates what is not there yet of its cells, or of one shard of them, in worker threads. A finished cell is on
 * disk before its thread takes another, so nothing is lost or done twice whenever the process ends.
 */
import { availableParallelism } from "node:os";
import type { Slo, Sweep } from "../../formats/index.js";
import type { Reporter } from "../inputs/index.js";
import { spread } from "../threads/index.js";
import { cellLane } from "./cell-lane.js";
import { planSweep, type SweepPlan } from "./cells.js";
import type { SweepFolder } from "./folder.js";
import { partWriter, readRows } from "./parts.js";
import { planOnDisk, writePlan, type PlannedCell } from "./plan-file.js";
import { refinements } from "./refine.js";
import { readStates } from "./status.js";
import { cellsOfShard, type Shard } from "./shard.js";
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
  readonly planned: readonly PlannedCell[];
}

/** Checks the sweep, finds the cells that cannot be simulated, and writes the plan. `source`: the sweep's file. */
export async function makePlan(sweep: Sweep, source: string, options: PlanSweepOptions): Promise<MadePlan> {
  const { folder, force } = options;
  const plan = planSweep(sweep, source);
  const possible = withReasons(plan);
  const kept = force ? undefined : await planOnDisk(folder.plan, possible);
  if (kept === undefined) await writePlan(folder.plan, possible);
  return { ...plan, planned: kept ?? possible };
}

/** Policies are tried on each profile once, whatever the load. */
function withReasons(plan: SweepPlan): PlannedCell[] {
  const base = baseOf(plan);
  const reasons = new Map<string, string | undefined>();
  return plan.cells.map((cell) => {
    const { policy, settings, profile, replicas } = cell;
    const key = JSON.stringify([policy, settings, profile, replicas]);
    if (!reasons.has(key)) reasons.set(key, whyImpossible(base, cell));
    const impossible = reasons.get(key);
    return impossible === undefined ? cell : { ...cell, impossible };
  });
}

/** What the lanes of a plan's cells start from. */
export function baseOf({ sweep, router, profiles }: SweepPlan): SweepBase {
  const { replications, jitter, prompts } = sweep;
  return { profiles, router, routerBeta: sweep.router_beta, replications, jitter, prompts };
}

/** Returns how many cells were simulated now. */
export async function runSweep(plan: MadePlan, options: RunSweepOptions): Promise<number> {
  const { folder, refine } = options;
  let planned = plan.planned;
  let simulated = await simulateMissing(plan, planned, options);
  while (refine !== undefined) {
    const added = refinements(planned, await readRows(folder.parts, (row) => row), refine).map(({ beside, load }) => {
      const cell = { ...beside, load };
      return { ...cell, id: plan.identify(cell) };
    });
    const known = new Set(planned.map(({ id }) => id));
    const fresh = added.filter(({ id }) => !known.has(id));
    if (fresh.length === 0) break;
    planned = [...planned, ...fresh];
    await writePlan(folder.plan, planned);
    simulated += await simulateMissing(plan, planned, options);
  }
  return simulated;
}

async function simulateMissing(
  plan: SweepPlan,
  planned: readonly PlannedCell[],
  { folder, shard, workers, retryFailed = false, signal, reporter }: RunSweepOptions,
): Promise<number> {
  const states = await readStates(folder);
  const isMissing = ({ id, impossible }: PlannedCell): boolean => {
    const state = states.get(id);
    return impossible === undefined && (state === undefined || (retryFailed && state !== null));
  };
  const tasks = (shard === undefined ? planned : cellsOfShard(planned, shard)).filter(isMissing);
  if (tasks.length === 0) return 0;
  const part = partWriter(folder.parts);
  const threads = Math.min(tasks.length, workers ?? availableParallelism());
  const lanes = Array.from({ length: threads }, () =>
    cellLane(baseOf(plan), threads > 1, (row) => {
      part.add(row);
    }),
  );
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
