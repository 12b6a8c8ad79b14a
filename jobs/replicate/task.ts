/** One replication, or the capacity of the load: its input, its answer, and the work itself, in whichever thread. */
import type { Run, Workload } from "../../formats/index.js";
import { capacityOf, simulateRun, type Capacity, type NoCapacity, type SimulatedRunInput } from "../../sim/index.js";
import { sharedOf } from "./shared.js";

/** What all replications share, in a form that crosses threads: a plan holds functions, its name and settings do not. */
export interface ReplicationBase {
  readonly policy: { readonly name: string; readonly settings: Readonly<Record<string, unknown>> };
  readonly input: Omit<SimulatedRunInput, "plan">;
  /** Whether each draw of the calibration is simulated at mean times, too, which shows what the draw alone does. */
  readonly isSteadyWanted: boolean;
}

export interface ReplicationTask {
  readonly index: number;
  /** Of the draws of times and of the run's pace. */
  readonly seed: string;
  /** Of the profile's costs; null: the estimates themselves. */
  readonly draw: number | null;
  /** Absent: the workload of all. */
  readonly workload?: Workload | undefined;
}

/** What a lane is asked for, and what it answers. */
export type LaneTask = ReplicationTask | "capacity";
export type LaneResult = { readonly replication: ReplicationResult } | { readonly capacity: Capacity | NoCapacity };

export type SummaryValues = Readonly<Record<string, unknown>>;

export interface ReplicationResult {
  readonly index: number;
  readonly summary: SummaryValues;
  /** Of the same draw of the calibration at mean times and the shared workload; null: not wanted. */
  readonly steady: SummaryValues | null;
  readonly preemptions: number;
  readonly notes: readonly string[];
}

export function baseOf({ plan, ...input }: SimulatedRunInput, isSteadyWanted: boolean): ReplicationBase {
  return { policy: { name: plan.name, settings: plan.settings }, input, isSteadyWanted };
}

export function runTask(base: ReplicationBase, task: LaneTask): LaneResult {
  if (task !== "capacity") return { replication: runReplication(base, task).result };
  return { capacity: capacityOf({ ...base.input, plan: sharedOf(base).plan }) };
}

export function runReplication(
  base: ReplicationBase,
  { index, seed, draw, workload }: ReplicationTask,
): { readonly run: Run; readonly result: ReplicationResult } {
  const { input, isSteadyWanted } = base;
  const { plan, drawn } = sharedOf(base);
  const { profile, steady } = drawn(draw);
  const run = simulateRun({ ...input, plan, profile, seed, runSeed: seed, workload: workload ?? input.workload });
  return { run, result: resultOf(run, index, isSteadyWanted ? steady() : null) };
}

export function resultOf({ info }: Run, index: number, steady: SummaryValues | null): ReplicationResult {
  const { summary, preemptions, notes } = info;
  return { index, summary: summary!, steady, preemptions: Number(preemptions), notes: notes ?? [] };
}
