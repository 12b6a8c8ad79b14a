/**
 * One simulated run as its run folder holds it: a policy on a profile under a load. Same inputs, same bytes: nothing in
 * the result depends on the date or the machine that simulates.
 */
import {
  check,
  ConfigError,
  InvariantError,
  type Extrapolation,
  trustWarning,
  type Load,
  type Profile,
  tableRun,
  type Run,
  type RunInfo,
  type Workload,
} from "../../formats/index.js";
import {
  ASSUMED_RUN_SPREAD,
  extrapolationNotes,
  extrapolationOf,
  ProfileCost,
  replicaStream,
  stepCostOf,
} from "../cost/index.js";
import { summarise, type Summary } from "../metrics/index.js";
import {
  assumedOf,
  planPolicy,
  serverSettings,
  type BatchPlan,
  type Machine,
  type PolicyPlan,
  type StepPlan,
} from "../policy/index.js";
import { EngineBatches } from "./engine-batches.js";
import type { RouterName } from "./router.js";
import { simulate, simulateBatches } from "./simulate.js";
import { simulateSteps, type EngineName } from "./simulate-steps.js";
import { tableOf } from "./step-records.js";

export interface SimulatedRunInput {
  readonly plan: PolicyPlan;
  readonly profile: Profile;
  readonly workload: Workload;
  readonly load: Load;
  readonly seed: string;
  readonly coldStart: boolean;
  /** Of policies that run steps; default fast. */
  readonly engine?: EngineName | undefined;
  /** Copies of the server behind a router; default 1. */
  readonly replicas?: number | undefined;
  readonly router?: RouterName | undefined;
  /**
   * Whether times vary as the profile has measured, drawn with the seed; off: every time is its mean. Default: on for a
   * vLLM engine whose profile has jitter, since its means and tails come from it, and off for static batches.
   */
  readonly jitter?: boolean | undefined;
  /** Seed of what a whole run shares, the pace of its host; default: `seed`. Another one is another day of the same server. */
  readonly runSeed?: string | undefined;
  /** The pace of the host by time, over the profile's, where it is known, of a recorded run; absent: drawn with the seed. */
  readonly paceAt?: ((atNs: number) => number) | undefined;
}

export function simulateRun(input: SimulatedRunInput): Run {
  const { plan, replicas = 1 } = input;
  if (plan.work === "step") return stepRun(input, plan);
  if (replicas > 1) {
    throw new ConfigError(`${replicas} replicas of ${plan.name} are not modelled, expected 1, or the policy vllm`);
  }
  return batchRun(input, plan);
}

function batchRun(input: SimulatedRunInput, plan: BatchPlan): Run {
  const { profile, workload } = input;
  if (profile.cost.kind === "vllm_engine") return engineBatchRun(input, plan);
  const jitterStream = isJittered(input) ? replicaStream(input.seed, 0) : undefined;
  const cost = new ProfileCost(profile, { coldStart: input.coldStart, jitterStream });
  const { table, batches, busyNs } = simulate({ workload, policy: plan.create(machineOf(profile)), cost });
  const told = isJittered(input) ? { jitter: "on" } : {};
  const facts = { work_items: batches.length, busy_ms: busyNs / 1e6, preemptions: 0, ...told };
  const summary = summarise(table);
  return tableRun(runInfo(input, { facts, summary, extrapolation: extrapolationOf([cost]) }), table, batches);
}

/** A policy of whole batches as the client of a vLLM server, which has the settings of the profile's. */
function engineBatchRun(input: SimulatedRunInput, plan: BatchPlan): Run {
  const { profile, workload, coldStart, seed, engine = "fast" } = input;
  const machine = machineOf(profile);
  const server = serverPlan(profile);
  const limits = server.limits(machine);
  const settings = server.resolve(machine);
  const jitter = isJittered(input);
  const jitterStream = jitter ? replicaStream(seed, 0) : undefined;
  const cost = stepCostOf(profile, {
    coldStart,
    captureSizes: captureSizes(settings, server, profile),
    ...limits,
    jitterStream,
    runStream: replicaStream(input.runSeed ?? seed, 0),
  });
  const hardware = new EngineBatches({ requests: workload.requests, limits, cost, engine });
  const { table, batches } = simulateBatches({ workload, policy: plan.create(machine), hardware });
  const { loop, log, kvBlocks, kvHighWater } = hardware;
  log.checkWhole();
  const facts = {
    server_settings: { ...settings, num_gpu_blocks: limits.numGpuBlocks },
    work_items: batches.length,
    busy_ms: loop.busyNs / 1e6,
    host_busy_ms: loop.hostBusyNs / 1e6,
    front_end_busy_ms: loop.frontEndBusyNs / 1e6,
    admission_stops: loop.admissionStops,
    preemptions: loop.preemptions,
    engine_steps: { scheduled: loop.steps - loop.jumpedSteps, jumped: loop.jumpedSteps },
    kv_blocks: { total: kvBlocks, high_water: [kvHighWater] },
    ...(hasJitter(profile) ? { jitter: jitter ? "on" : "off" } : {}),
  };
  const summary = summarise(table, { itl: log.gaps });
  const extrapolation = extrapolationOf([cost]);
  const info = runInfo(input, { facts, summary, extrapolation, vllmVersion: settings.vllm_version });
  return tableRun(info, table, batches);
}

/** The server's own scheduling, with the settings that the profile was measured with. */
function serverPlan({ name }: Profile): StepPlan {
  const plan = planPolicy("vllm", {}, { source: name });
  if (plan.work !== "step") throw new InvariantError("the policy vllm runs whole batches, expected steps");
  return plan;
}

function stepRun(input: SimulatedRunInput, plan: StepPlan): Run {
  const { profile, workload, coldStart, seed, engine = "fast", replicas = 1, router = "round-robin" } = input;
  const { runSeed = seed } = input;
  const jitter = isJittered(input);
  const machine = machineOf(profile);
  const limits = plan.limits(machine);
  const settings = plan.resolve(machine);
  const costOptions = { coldStart, captureSizes: captureSizes(settings, plan, profile), ...limits };
  const result = simulateSteps({
    workload,
    limits,
    cost: (replica) =>
      stepCostOf(profile, {
        ...costOptions,
        jitterStream: jitter ? replicaStream(seed, replica) : undefined,
        runStream: replicaStream(runSeed, replica),
        paceAt: input.paceAt,
      }),
    engine,
    replicas,
    router,
    seed,
  });
  const { log, steps, jumpedSteps, busyNs, preemptions, kvHighWater, kvBlocks, extrapolation } = result;
  const facts = {
    policy_settings: { ...settings, num_gpu_blocks: limits.numGpuBlocks },
    work_items: steps,
    busy_ms: busyNs / 1e6,
    host_busy_ms: result.hostBusyNs / 1e6,
    front_end_busy_ms: result.frontEndBusyNs / 1e6,
    admission_stops: result.admissionStops,
    preemptions,
    engine_steps: {
      scheduled: steps - jumpedSteps,
      jumped: jumpedSteps,
      ...(jitter ? { in_runs: result.runSteps } : {}),
    },
    kv_blocks: { total: kvBlocks, high_water: kvHighWater },
    ...(replicas > 1 ? { replicas, router } : {}),
    ...(hasJitter(profile) ? { jitter: jitter ? "on" : "off" } : {}),
  };
  const summary = summarise(log, { itl: log.gaps });
  const info = runInfo(input, { facts, summary, extrapolation, vllmVersion: settings.vllm_version });
  return tableRun(info, tableOf(log), []);
}

/** Whether times are drawn rather than taken at their means. */
export function isJittered({ jitter, profile }: Pick<SimulatedRunInput, "jitter" | "profile">): boolean {
  if (profile.cost.kind === "static_batch") return jitter === true;
  return jitter !== false && hasJitter(profile);
}

function hasJitter({ cost }: Profile): boolean {
  return cost.kind === "vllm_engine" && cost.jitter !== undefined;
}

/** Sizes of CUDA graphs, where the settings say; undefined: vLLM's rule. Only a profile of an engine prices them. */
function captureSizes(
  settings: ReturnType<StepPlan["resolve"]>,
  plan: StepPlan,
  { cost, name }: Profile,
): readonly number[] | undefined {
  for (const key of ["enforce_eager", "cudagraph_capture_sizes"]) {
    if (cost.kind === "static_batch" && plan.settings[key] !== undefined) {
      throw new ConfigError(
        `${key}: profile "${name}" prices whole batches and knows no CUDA graphs, leave it out, or simulate on a ` +
          "profile of a vLLM engine",
      );
    }
  }
  return settings.enforce_eager ? [] : settings.cudagraph_capture_sizes;
}

interface Outcome {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly summary: Summary;
  readonly extrapolation: Extrapolation;
  /** Version of the vLLM server that was simulated, where one was. */
  readonly vllmVersion?: string;
}

function runInfo(input: SimulatedRunInput, outcome: Outcome): RunInfo {
  const { plan, profile, workload, load, seed, coldStart } = input;
  const { facts, summary, extrapolation, vllmVersion } = outcome;
  const assumed = vllmVersion === undefined ? undefined : assumedOf(vllmVersion);
  const distrust = trustWarning(profile);
  const notes = [
    ...(distrust === undefined ? [] : [distrust]),
    ...(workload.notes ?? []),
    ...(assumed === undefined ? [] : [`version: ${assumed}`]),
    ...verdicts(summary),
    ...extrapolationNotes(extrapolation),
    ...assumedSpread(input),
    ...(profile.server_notes ?? []).map((note) => `profile: ${note}`),
  ];
  return {
    version: 1,
    source: "sim",
    policy: plan.name,
    engine: { name: profile.engine.name, version: profile.engine.version, settings: { ...profile.engine.settings } },
    model: { ...profile.model },
    hardware: { ...profile.machine },
    load: describeLoad(load),
    requests: workload.requests.length,
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

/** A profile from few runs does not know how far the next one is from them. */
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

/** What a policy may know of the machine that a profile was measured on. */
export function machineOf(profile: Profile): Machine {
  const { engine, memory, model } = profile;
  return {
    totalBytes: memory.total_bytes,
    baseBytes: memory.base_bytes,
    kvBytesPerToken: memory.kv_bytes_per_token,
    positions: model.positions,
    ...(engine.name === "vllm"
      ? {
          server: check(serverSettings, engine.settings, { source: profile.name }),
          serverVersion: engine.version,
        }
      : {}),
  };
}

/** A load as run.json says it: its kind first, then what was asked for. */
export function describeLoad(load: Load): RunInfo["load"] {
  const isClosed = load.request_rate === undefined && load.max_concurrency !== undefined;
  let kind = "all_at_once";
  if (load.workload !== undefined && load.self_timed !== false) kind = "workload";
  else if (load.ramp_up_strategy !== undefined) kind = "ramp_up";
  else if (isClosed) kind = "closed_loop";
  else if (load.request_rate !== undefined) kind = load.arrivals === "constant" ? "constant" : "gamma";
  return { kind, ...load };
}
