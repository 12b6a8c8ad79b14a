/** One replication: its input, its answer, and the work itself, in whichever thread. */
import type { Profile, Run, Workload } from "../../formats/index.js";
import { planPolicy, simulateRun, withCostDraw, type PolicyPlan, type SimulatedRunInput } from "../../sim/index.js";

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

export function runReplication(
  base: ReplicationBase,
  { index, seed, draw, workload }: ReplicationTask,
): { readonly run: Run; readonly result: ReplicationResult } {
  const { input, isSteadyWanted } = base;
  const { plan, drawn } = sharedOf(base);
  const { profile, steady } = drawn(draw);
  const run = simulateRun({ ...input, plan, profile, seed, runSeed: seed, workload: workload ?? input.workload });
  const { summary, preemptions, notes } = run.info;
  return {
    run,
    result: {
      index,
      summary: summary!,
      steady: isSteadyWanted ? steady() : null,
      preemptions: Number(preemptions),
      notes: notes ?? [],
    },
  };
}

/** What replications of one base have in common, in one thread. */
interface Shared {
  readonly plan: PolicyPlan;
  /** Draws come again where there are fewer of them than replications. */
  readonly drawn: (draw: number | null) => Drawn;
}

interface Drawn {
  readonly profile: Profile;
  readonly steady: () => SummaryValues;
}

const shared = new WeakMap<ReplicationBase, Shared>();

function sharedOf(base: ReplicationBase): Shared {
  const known = shared.get(base);
  if (known !== undefined) return known;
  const { policy } = base;
  const plan = planPolicy(policy.name, policy.settings, { source: `settings of ${policy.name}` });
  const all = new Map<number | null, Drawn>();
  const drawn = (draw: number | null): Drawn => {
    const found = all.get(draw) ?? drawnOf(draw, base, plan);
    all.set(draw, found);
    return found;
  };
  const made = { plan, drawn };
  shared.set(base, made);
  return made;
}

function drawnOf(draw: number | null, { input }: ReplicationBase, plan: PolicyPlan): Drawn {
  const profile = draw === null ? input.profile : withCostDraw(input.profile, draw);
  let summary: SummaryValues | undefined;
  return {
    profile,
    steady: () => (summary ??= simulateRun({ ...input, plan, profile, jitter: false }).info.summary!),
  };
}
