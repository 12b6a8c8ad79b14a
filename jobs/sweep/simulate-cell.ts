/** Simulates one cell of a sweep. The row it returns depends on the cell alone, not on when or where it is made. */
import { ConfigError, type Profile } from "../../formats/index.js";
import {
  defaultJitter,
  planPolicy,
  requireFits,
  simulateOutcome,
  withCapacity,
  type PolicyPlan,
  type RouterName,
  type SimulatedRunInput,
} from "../../sim/index.js";
import { ratedLoad, workloadOf } from "../inputs/index.js";
import { causesOf, replicate } from "../replicate/index.js";
import type { SweepCell } from "./cells.js";
import { rowOf, type SweepRow } from "./row.js";

/** What all cells share, in a form that crosses threads. */
export interface SweepBase {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly router: RouterName;
  readonly routerBeta: number | undefined;
  readonly replications: number | undefined;
  readonly jitter: boolean | undefined;
  readonly prompts: string | undefined;
}

/** A cell that cannot be simulated has a row that says why; bugs end the sweep. */
export async function simulateCell(base: SweepBase, cell: SweepCell): Promise<SweepRow> {
  try {
    const input = await inputOf(base, cell);
    // One of several profiles may not say how its times vary, and is then simulated once.
    const { seed, run: pace, calibration } = causesOf(input, false);
    const replications = seed || pace || calibration ? base.replications : undefined;
    const { run, capacity } = await replicate(input, { replications, capacity: true, workers: 1 });
    return rowOf(cell.id, withCapacity(run, capacity!));
  } catch (error) {
    if (error instanceof ConfigError) return { cell: cell.id, failed: error.message };
    throw error;
  }
}

/** Why the cell's policy cannot be simulated on its profile, whatever the load; undefined where it can. */
export function whyImpossible(base: SweepBase, cell: SweepCell): string | undefined {
  const requests = [{ id: "0", arrivalNs: 0, promptTokens: 1, outputTokens: 1 }];
  const workload = { requests, maxConcurrency: Infinity, thinkNs: 0 };
  try {
    simulateOutcome({ ...setUp(base, cell), workload });
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

function setUp({ router, routerBeta, ...base }: SweepBase, cell: SweepCell): Omit<SimulatedRunInput, "workload"> {
  const profile = base.profiles.get(cell.profile)!;
  const plan = planOf(cell);
  const jitter = base.jitter ?? defaultJitter({ plan, profile });
  const { load, seed, replicas } = cell;
  return { plan, profile, load, seed, coldStart: load.cold_start ?? false, jitter, replicas, router, routerBeta };
}

async function inputOf(base: SweepBase, cell: SweepCell): Promise<SimulatedRunInput> {
  const { prompts } = base;
  const made = setUp(base, cell);
  const { plan, profile, seed } = made;
  const load = await ratedLoad(cell.load, plan, { profile, prompts, seed });
  const workload = await workloadOf(load, prompts, seed);
  if (plan.work === "batch") requireFits(workload, profile.model.positions, profile.model.name);
  return { ...made, load, workload };
}

function planOf({ policy, settings, label }: SweepCell): PolicyPlan {
  return planPolicy(policy, settings, { source: `policy ${label}` });
}
