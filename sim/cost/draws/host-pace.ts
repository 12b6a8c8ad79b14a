/**
 * The pace of a host: one factor that all its times and those of the front end share, because both run on its cores. It
 * drifts within a run (a path in time, from the profile's jitter) and differs from run to run (a factor drawn once).
 */
import type { EngineJitter, Profile, VllmEngineCost } from "../../../formats/index.js";
import { runPaceScore } from "./run-pace.js";
import { factorsByScore } from "./factor-tables.js";
import { HostPath } from "./host-path.js";

/**
 * Standard deviation of the logarithm of a run's pace where a profile does not know it, from fewer than five runs of one
 * load. Source: mean pace of the recorded runs of an 8B model on two hosts; docs/calibration-vllm.md, "From run to run".
 */
export const ASSUMED_RUN_SPREAD = 0.08;

/** The factor of a whole run, of the stream `${run}/run`. */
export function runFactor({ run_spread }: EngineJitter, run: string): number {
  return Math.exp((run_spread ?? ASSUMED_RUN_SPREAD) * runPaceScore(run));
}

/** The pace of a host by time, of mean 1, drawn from the streams `${name}/...`. */
export function hostPace(pace: NonNullable<EngineJitter["pace"]>, name: string): HostPath {
  const sum = pace.states.reduce((total, { share }) => total + share, 0);
  const states = pace.states.map(({ share, memory_ns }) => ({ share: share / sum, memory_ns }));
  return new HostPath(states, name, factorsByScore(pace, 1));
}

/**
 * The costs of an engine whose host takes `pace` times as long: all but the copy from the GPU, the pause that vLLM sets and,
 * unless the model runs on the host's own cores, the GPU's.
 */
export function atPace(cost: VllmEngineCost, pace: number): VllmEngineCost {
  if (pace === 1) return cost;
  const { gpu, host, front_end: frontEnd, jitter } = cost;
  const stall = jitter?.output_stall;
  return {
    ...cost,
    ...(gpu.on_host === true ? { gpu: scaled(gpu, pace) as typeof gpu } : {}),
    host: {
      ...(scaled(host, pace) as typeof host),
      copy_ns: host.copy_ns,
      empty_step_sleep_ns: host.empty_step_sleep_ns,
    },
    ...(frontEnd === undefined ? {} : { front_end: frontEndAtPace(frontEnd, pace) }),
    ...(stall === undefined
      ? {}
      : { jitter: { ...jitter!, output_stall: { ...stall, mean_ns: pace * stall.mean_ns } } }),
  };
}

/** A front end on a host that takes `pace` times as long. */
export function frontEndAtPace<FrontEnd extends NonNullable<VllmEngineCost["front_end"]>>(
  of: FrontEnd,
  pace: number,
): FrontEnd {
  return scaled(of, pace) as FrontEnd;
}

/**
 * What the calls of a run leave open of its pace, as the standard deviation of its logarithm. At their own pace the mean times
 * per output token of eleven recorded runs of an 8B model are met to 1.6 % (standard deviation), which is as much as 3 % of
 * pace change.
 */
export const READ_PACE_SPREAD = 0.03;

/** A profile of the same host in a run of that pace, known to `spread` (standard deviation of its logarithm). */
export function atRunPace(profile: Profile, pace: number, spread = 0): Profile {
  const { cost } = profile;
  if (cost.kind !== "vllm_engine") return profile;
  const jitter = cost.jitter === undefined ? {} : { jitter: { ...cost.jitter, run_spread: spread } };
  return { ...profile, cost: { ...cost, host: { ...cost.host, pace }, ...jitter } };
}

/** Every time of a part of the costs by `pace`; memories, leads and counts stay. */
function scaled(part: object, pace: number): object {
  return Object.fromEntries(
    Object.entries(part).map(([name, value]: [string, unknown]) => {
      if (name === "launch_recency") return [name, value];
      if (typeof value === "number" && name.endsWith("_ns")) return [name, value * pace];
      const isPart = typeof value === "object" && value !== null && !Array.isArray(value);
      return [name, isPart ? scaled(value, pace) : value];
    }),
  );
}
