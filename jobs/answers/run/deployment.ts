/** What a question is asked about: what is served, where its load comes from, what is varied, and the goals. */
import { ConfigError, defined, type AutoscalePlan, type Goals } from "../../../formats/index.js";
import type { SimulatedRunInput } from "../../../sim/index.js";
import { servedInput, type Served } from "../../inputs/index.js";
import { loadAt, scaledLoad, workloadAt, type LoadSource, type Vary } from "../load/index.js";

export interface Deployment extends Served {
  readonly source: LoadSource;
  readonly vary: Vary;
  readonly goals: Goals;
  /** Sets the number of replicas during a run; absent: the number is fixed. */
  readonly autoscale?: AutoscalePlan | undefined;
  /** Runs of sessions count from the first turn to the last, as in `whatif`; default: only their steady part. */
  readonly countsAll?: boolean;
}

/** One run of a deployment at some value of the varied number. */
export interface Replication {
  /** Of arrivals, lengths, times and the pace of the host. */
  readonly seed: string;
  /** Of the profile's costs; null: the estimates themselves. */
  readonly draw: number | null;
  /** Requests, or sessions of a load of sessions. */
  readonly count: number;
  /** Every time at its mean. */
  readonly isSteady?: boolean;
}

export interface Point extends Replication {
  /** The varied number. */
  readonly x: number;
}

export function inputAt(deployment: Deployment, { x, seed, draw, count, isSteady }: Point): SimulatedRunInput {
  const { source, vary, autoscale } = deployment;
  const load = loadAt(deployment.load, source, vary, { x, count });
  return {
    ...servedInput(deployment, { load, workload: workloadAt(load, source, seed), seed, draw }),
    ...(isSteady === true ? { jitter: false } : {}),
    replicas: replicasAt(deployment, x),
    ...defined({ autoscale }),
  };
}

export function replicasAt({ vary, replicas }: Deployment, x: number): number {
  return vary === "replicas" ? x : replicas;
}

/** Whether its load goes on at one rate, so that a start-up can be cut off and the server must keep up. */
export function isSteadyLoad({ source, vary, load }: Deployment): boolean {
  if (source.kind === "sessions") return vary === "session_rate" || load.session_rate !== undefined;
  if (source.kind === "trace" || vary === "max_concurrency") return false;
  return vary === "request_rate" || (load.request_rate !== undefined && load.max_concurrency === undefined);
}

export function isOfSessions({ source }: Pick<Deployment, "source">): boolean {
  return source.kind === "sessions";
}

/** What a run's length is counted in, and the flag that sets it. */
export function counted(deployment: Pick<Deployment, "source">): { readonly name: string; readonly flag: string } {
  return isOfSessions(deployment)
    ? { name: "sessions", flag: "--num-sessions" }
    : { name: "requests", flag: "--num-prompts" };
}

const units = {
  request_rate: "requests/s",
  max_concurrency: "clients",
  session_rate: "sessions/s",
  max_sessions: "sessions",
  replicas: "replicas",
} as const satisfies Readonly<Record<Vary, string>>;

export function unitOf(vary: Vary): string {
  return units[vary];
}

/**
 * The deployment with its load multiplied: more requests at each time of day of a trace, otherwise a higher rate, or more
 * clients or sessions. ConfigError for sessions that begin at times of their own.
 */
export function scaledBy(deployment: Deployment, factor: number): Deployment {
  if (factor === 1) return deployment;
  const { source, load } = deployment;
  if (source.kind === "trace") return { ...deployment, source: { ...source, scale: factor } };
  if (source.kind === "sessions" && source.isTimed) {
    throw new ConfigError(
      `--scale ${factor}: the sessions of the trace begin at their recorded times; give --session-rate or --max-sessions, and scale that`,
    );
  }
  const { ramp_up_start_rps, ramp_up_end_rps } = load;
  const rate = (perS: number): number => factor * perS;
  const ramp = {
    ramp_up_start_rps: ramp_up_start_rps && rate(ramp_up_start_rps),
    ramp_up_end_rps: ramp_up_end_rps && rate(ramp_up_end_rps),
  };
  const scaled = scaledLoad(load, rate, (count) => Math.max(1, Math.round(factor * count)));
  return { ...deployment, load: { ...scaled, ...defined(ramp) } };
}
