/** A simulated run in words and figures, as run.json has it: input, result, and what to know about it. */
import {
  trustWarning,
  type BatchRecord,
  type Extrapolation,
  type Load,
  type RequestTable,
  type RunInfo,
} from "../../formats/index.js";
import { ASSUMED_RUN_SPREAD, extrapolationNotes } from "../cost/index.js";
import type { GapSegments, GiveUpSummary, Summary } from "../metrics/index.js";
import { assumedOf, assumedOfBalancing, type DataParallel } from "../policy/index.js";
import { goesByPrefix } from "../router/index.js";
import { classesOf, isImpatient } from "../workload/index.js";
import type { EngineTotals } from "./log/index.js";
import type { Fleet } from "./fleet/index.js";
import { hasJitter, isJittered } from "./is-jittered.js";
import type { SimulatedRunInput } from "./run-input.js";

/** The result of a simulation. */
export interface RunOutcome {
  readonly table: RequestTable;
  readonly batches: readonly BatchRecord[];
  readonly facts: Readonly<Record<string, unknown>>;
  /** Every gap between two output tokens of one request, of engines that run steps. */
  readonly gaps?: GapSegments;
  readonly extrapolation: Extrapolation;
  /** Of an autoscaler. */
  readonly fleet?: Fleet | undefined;
  /** Where clients may give up or try again. */
  readonly giveUps?: GiveUpSummary | undefined;
  /** Version of the vLLM server that was simulated, where one was. */
  readonly vllmVersion?: string | undefined;
}

/** Of a data parallel server, GPU and host were busy for as long as those of its ranks on the mean. */
export function engineFacts(totals: EngineTotals, parallel?: DataParallel): Readonly<Record<string, unknown>> {
  const { steps, jumpedSteps, runSteps, busyNs, hostBusyNs, frontEndBusyNs } = totals;
  const ranks = parallel?.ranks ?? 1;
  return {
    busy_ms: busyNs / ranks / 1e6,
    host_busy_ms: hostBusyNs / ranks / 1e6,
    front_end_busy_ms: frontEndBusyNs / 1e6,
    admission_stops: totals.admissionStops,
    preemptions: totals.preemptions,
    engine_steps: { scheduled: steps - jumpedSteps, jumped: jumpedSteps, in_runs: runSteps },
    kv_blocks: { total: totals.kvBlocks, high_water: totals.kvHighWater },
    ...(parallel === undefined ? {} : { data_parallel: { ranks, lockstep: parallel.isLockstep } }),
  };
}

/** Whether times vary, of an engine whose profile says how. */
export function jitterFact(input: SimulatedRunInput): { readonly jitter?: "on" | "off" } {
  const varies = hasJitter(input.profile) || (input.plan.work === "step" && input.profile.steps !== undefined);
  return varies ? { jitter: isJittered(input) ? "on" : "off" } : {};
}

export function runInfo(input: SimulatedRunInput, outcome: RunOutcome, summary: Summary): RunInfo {
  const { plan, profile, load, seed, coldStart } = input;
  const { facts, extrapolation } = outcome;
  const notes = notesOf(input, outcome, summary);
  return {
    version: 1,
    source: "sim",
    policy: plan.name,
    engine: { name: profile.engine.name, version: profile.engine.version, settings: { ...profile.engine.settings } },
    model: { ...profile.model },
    hardware: { ...profile.machine },
    load: describeLoad(load),
    requests: outcome.table.rows,
    seed,
    policy_settings: { ...plan.settings },
    profile: profile.name,
    cold_start: coldStart,
    ...facts,
    extrapolation,
    ...(notes.length > 0 ? { notes } : {}),
    summary: { ...summary },
  };
}

function notesOf(
  input: SimulatedRunInput,
  { facts, extrapolation, vllmVersion }: RunOutcome,
  summary: Summary,
): string[] {
  const { profile, workload } = input;
  const assumed = vllmVersion === undefined ? undefined : assumedOf(vllmVersion);
  const distrust = trustWarning(profile);
  return [
    ...(distrust === undefined ? [] : [distrust]),
    ...(workload.notes ?? []),
    ...(assumed === undefined ? [] : [`version: ${assumed}`]),
    ...parallelNotes(facts, vllmVersion),
    ...verdicts(summary),
    ...extrapolationNotes(extrapolation),
    ...assumedSpread(input),
    ...emptyCaches(input, facts),
    ...everyStep(input),
    ...unusedPriorities(input, facts),
    ...(profile.server_notes ?? []).map((note) => `profile: ${note}`),
  ];
}

/** How a data parallel server was simulated. */
function parallelNotes({ data_parallel: parallel }: RunOutcome["facts"], vllmVersion = ""): string[] {
  if (parallel === undefined) return [];
  const { ranks, lockstep } = parallel as { readonly ranks: number; readonly lockstep: boolean };
  const assumed = assumedOfBalancing(vllmVersion);
  return [
    `data parallel: ${ranks} engines behind one front end, ${lockstep ? "in lockstep" : "each at its own pace"}; every step was taken one by one, by either engine`,
    ...(assumed === undefined ? [] : [`version: ${assumed}`]),
  ];
}

/** Priorities of classes that the policy does not look at. */
function unusedPriorities({ load, plan }: SimulatedRunInput, facts: RunOutcome["facts"]): string[] {
  const priorities = new Set(classesOf(load).map(({ priority = 0 }) => priority));
  const settings = facts.policy_settings as { readonly scheduling_policy?: string } | undefined;
  if (priorities.size < 2 || settings?.scheduling_policy === "priority") return [];
  const remedy = plan.name === "vllm" ? "; scheduling_policy priority turns them on" : "";
  return [`the classes' priorities change nothing, ${plan.name} serves in order of arrival${remedy}`];
}

/** What clients that may give up make slower. */
function everyStep({ plan, workload, engine = "fast" }: SimulatedRunInput): string[] {
  if (plan.work !== "step" || engine === "step" || !isImpatient(workload)) return [];
  return ["clients may give up or try again: every step is simulated, as with --engine step"];
}

/** A router that looks for caches which are off. */
function emptyCaches(
  { router = "round-robin", replicas = 1 }: SimulatedRunInput,
  facts: RunOutcome["facts"],
): string[] {
  const settings = facts.policy_settings as { readonly enable_prefix_caching?: boolean } | undefined;
  if (replicas === 1 || !goesByPrefix(router) || settings?.enable_prefix_caching !== false) return [];
  return [
    `router ${router}: the replicas' prefix caches are off, so it gains nothing; enable_prefix_caching turns them on`,
  ];
}

/** A profile from few runs does not show how much the next one may differ. */
function assumedSpread(input: SimulatedRunInput): string[] {
  const { cost } = input.profile;
  if (!isJittered(input) || cost.kind !== "vllm_engine" || cost.jitter?.run_spread !== null) return [];
  return [
    `how much the host's pace differs from run to run is not known of this profile: ${100 * ASSUMED_RUN_SPREAD} % is assumed`,
  ];
}

function verdicts({ overloaded, queue_growth_per_s }: Summary): string[] {
  if (!overloaded) return [];
  const growth = queue_growth_per_s === null ? "" : `, by ${queue_growth_per_s.toPrecision(3)} requests/s`;
  return [`overload: requests come faster than they are served${growth}; latencies depend on how long the run is`];
}

/** A load as run.json says it: its kind first, then what was asked for. */
export function describeLoad(load: Load): RunInfo["load"] {
  const isClosed = load.request_rate === undefined && load.max_concurrency !== undefined;
  let kind = "all_at_once";
  if (load.max_sessions !== undefined || load.session_rate !== undefined) kind = "sessions";
  else if (load.workload !== undefined && load.self_timed !== false) kind = "workload";
  else if (load.ramp_up_strategy !== undefined) kind = "ramp_up";
  else if (isClosed) kind = "closed_loop";
  else if (load.request_rate !== undefined) kind = load.arrivals === "constant" ? "constant" : "gamma";
  return { kind, ...load };
}
