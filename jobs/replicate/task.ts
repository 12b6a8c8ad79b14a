/** One replication, or the capacity of the load: its input, its answer, and the work itself, in whichever thread. */
import type { Profile, Run, Workload } from "../../formats/index.js";
import {
  capacityOf,
  costDrawCount,
  planPolicy,
  shuffled,
  simulateRun,
  stream,
  withCostDraw,
  type Capacity,
  type NoCapacity,
  type PolicyPlan,
  type SimulatedRunInput,
} from "../../sim/index.js";

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

/** The first has the seed as given and the profile as it is, later ones `seed/k` and a draw each. */
export function replicationTasks(
  { seed, profile }: { readonly seed: string; readonly profile: Profile },
  count: number,
): ReplicationTask[] {
  // In a seeded order, so that none comes twice before each has come once.
  const all = Array.from({ length: costDrawCount(profile) }, (_, draw) => draw);
  const draws = shuffled(all, stream(`${seed}/calibration-draws`));
  return Array.from({ length: count }, (_, index) => ({
    index,
    seed: index === 0 ? seed : `${seed}/${index}`,
    draw: index === 0 || draws.length === 0 ? null : draws[(index - 1) % draws.length]!,
  }));
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
  const common = sharedOf(base);
  const { plan } = common;
  const { profile, steady } = drawnOf(draw, base, common);
  const run = simulateRun({ ...input, plan, profile, seed, runSeed: seed, workload: workload ?? input.workload });
  return { run, result: resultOf(run, index, isSteadyWanted ? steady() : null) };
}

export function resultOf({ info }: Run, index: number, steady: SummaryValues | null): ReplicationResult {
  const { summary, preemptions, notes } = info;
  return { index, summary: summary!, steady, preemptions: Number(preemptions), notes: notes ?? [] };
}

/** What replications of one base have in common in one thread. */
interface Shared {
  readonly plan: PolicyPlan;
  /** By the draw; draws come again where there are fewer of them than replications. */
  readonly drawn: Map<number | null, Drawn>;
}

interface Drawn {
  readonly profile: Profile;
  readonly steady: () => SummaryValues;
}

const shared = new WeakMap<ReplicationBase, Shared>();

/** Made when the first replication needs it. */
function sharedOf(base: ReplicationBase): Shared {
  const known = shared.get(base);
  if (known !== undefined) return known;
  const { name, settings } = base.policy;
  const made = {
    plan: planPolicy(name, settings, { source: `settings of ${name}` }),
    drawn: new Map<number | null, Drawn>(),
  };
  shared.set(base, made);
  return made;
}

function drawnOf(draw: number | null, { input }: ReplicationBase, { plan, drawn }: Shared): Drawn {
  const known = drawn.get(draw);
  if (known !== undefined) return known;
  const profile = draw === null ? input.profile : withCostDraw(input.profile, draw);
  let summary: SummaryValues | undefined;
  const steady = (): SummaryValues =>
    (summary ??= simulateRun({ ...input, plan, profile, jitter: false }).info.summary!);
  const made = { profile, steady };
  drawn.set(draw, made);
  return made;
}
