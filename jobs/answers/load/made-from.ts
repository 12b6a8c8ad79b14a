/** Requests made anew for any seed and length, from what was read of a load once. */
import { defined, type Load, type Session, type Workload, type WorkloadRequest } from "../../../formats/index.js";
import {
  moreOften,
  sessionsFromLoad,
  stream,
  withAnswerEnds,
  workloadFromLengths,
  workloadFromRequests,
  workloadFromSessions,
} from "../../../sim/index.js";
import { goneThrough } from "../../inputs/index.js";

/** Without requests and sessions: drawn from the load's distributions. */
export interface MadeFrom {
  readonly requests?: readonly WorkloadRequest[];
  readonly sessions?: readonly Session[] | undefined;
  /** The list of requests may be gone through more than once. */
  readonly repeats?: boolean;
  /** How often each request comes, on average; absent: once. */
  readonly scale?: number;
  /** Of a load with output_len_from: what its output lengths are drawn from. */
  readonly outputs?: readonly number[] | undefined;
}

/** The requests, as `simulate` makes them with that seed. */
export function madeFrom(load: Load, material: MadeFrom, seed: string): Workload {
  return withAnswerEnds(requestsOf(load, material, seed), load, seed, material.outputs);
}

function requestsOf(load: Load, { requests, sessions, repeats, scale = 1 }: MadeFrom, seed: string): Workload {
  if (sessions !== undefined || load.dataset_name === "sessions")
    return workloadFromSessions(load, sessions ?? sessionsFromLoad(load, seed), seed);
  if (requests === undefined) return workloadFromLengths(load, seed);
  const count = load.num_prompts ?? requests.length;
  const workload = workloadFromRequests(load, repeats === true ? goneThrough(requests, count) : requests, seed);
  if (scale === 1) return workload;
  return { ...workload, requests: moreOften(workload.requests, scale, stream(`${seed}/0/scale`)) };
}

/** The load with some keys not given. */
export function without(load: Load, keys: readonly (keyof Load)[]): Load {
  return Object.fromEntries(Object.entries(load).filter(([key]) => !keys.includes(key as keyof Load))) as Load;
}

/** The load with other rates of requests and sessions, and other numbers of clients and sessions, where it has them. */
export function scaledLoad(load: Load, rate: (perS: number) => number, count: (number: number) => number): Load {
  const { request_rate, session_rate, max_concurrency, max_sessions } = load;
  return {
    ...load,
    ...defined({
      request_rate: request_rate && rate(request_rate),
      session_rate: session_rate && rate(session_rate),
      max_concurrency: max_concurrency && count(max_concurrency),
      max_sessions: max_sessions && count(max_sessions),
    }),
  };
}
