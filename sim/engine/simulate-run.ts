/**
 * One simulated run as its run folder holds it: a policy on a profile under a load. Same inputs, same bytes: nothing in
 * the result depends on the date or the machine that simulates.
 */
import type { Load, Profile, Run, RunInfo, Workload } from "../../formats/index.js";
import { ProfileCost } from "../cost/index.js";
import { summarise } from "../metrics/index.js";
import type { Machine, PolicyPlan } from "../policy/index.js";
import { simulate } from "./simulate.js";

export interface SimulatedRunInput {
  readonly plan: PolicyPlan;
  readonly profile: Profile;
  readonly workload: Workload;
  readonly load: Load;
  readonly seed: string;
  readonly coldStart: boolean;
}

export function simulateRun(input: SimulatedRunInput): Run {
  const { plan, profile, workload, load, seed, coldStart } = input;
  const cost = new ProfileCost(profile, { coldStart });
  const { requests, batches, workItems, busyNs, preemptions } = simulate({
    workload,
    policy: plan.create(machineOf(profile)),
    cost,
  });
  const notes = cost.extrapolations.map((what) => `extrapolated: ${what}`);
  const info: RunInfo = {
    version: 1,
    source: "sim",
    policy: plan.name,
    engine: { name: profile.engine.name, version: profile.engine.version, settings: { ...profile.engine.settings } },
    model: { ...profile.model },
    hardware: { ...profile.machine },
    load: describeLoad(load),
    requests: requests.length,
    seed,
    policy_settings: { ...plan.settings },
    profile: profile.name,
    cold_start: coldStart,
    work_items: workItems,
    busy_ms: busyNs / 1e6,
    preemptions,
    ...(notes.length > 0 ? { notes } : {}),
    summary: { ...summarise({ requests }) },
  };
  return { info, requests, batches };
}

/** What a policy may know of the machine that a profile was measured on. */
export function machineOf(profile: Profile): Machine {
  return {
    totalBytes: profile.memory.total_bytes,
    baseBytes: profile.memory.base_bytes,
    kvBytesPerToken: profile.memory.kv_bytes_per_token,
    positions: profile.model.positions,
  };
}

/** A load as run.json says it: its kind first, then what was asked for. */
export function describeLoad(load: Load): RunInfo["load"] {
  const isClosed = load.request_rate === undefined && load.max_concurrency !== undefined;
  let kind = "all_at_once";
  if (load.workload !== undefined) kind = "workload";
  else if (isClosed) kind = "closed_loop";
  else if (load.request_rate !== undefined) kind = load.arrivals === "constant" ? "constant" : "gamma";
  return { kind, ...load };
}
