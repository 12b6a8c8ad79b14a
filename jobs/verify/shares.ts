/** Loads of one replica each: of as many as an answer says are enough, and of one fewer. */
import type { Load } from "../../formats/index.js";
import { requestsToShow } from "../../sim/index.js";
import { inputAt, type Deployment, type LoadSource } from "../answers/index.js";
import { PER_CLIENT, requireEnough, type Lengths, type LoadToSend } from "./loads.js";

/** ConfigError for loads that are too short for the goals. */
export function sharesOf(deployment: Deployment, value: number, lengths: Lengths): LoadToSend[] {
  const counts = value === 1 ? [1] : [value, value - 1];
  return counts.map((replicas) => ofOneReplica(deployment, replicas, { value, lengths }));
}

interface Asked {
  readonly value: number;
  readonly lengths: Lengths;
}

function ofOneReplica(deployment: Deployment, replicas: number, asked: Asked): LoadToSend {
  const load = shareOfLoad(deployment.load, replicas);
  const { source, count } = sourceOf(deployment, { load, replicas, ...asked });
  const one: Deployment = {
    ...deployment,
    ...{ load: { ...load, num_prompts: count }, source },
    ...{ replicas: 1, router: "round-robin", routerBeta: undefined },
  };
  const { length } = inputAt(one, { x: 1, seed: one.seed, draw: null, count }).workload.requests;
  requireEnough(length, one);
  const what = replicas === 1 ? "the whole load on one replica" : `the load of one of ${replicas} replicas`;
  return {
    what,
    folder: `replicas-${replicas}`,
    x: replicas,
    side: "before",
    deployment: one,
    point: { x: 1, count: length },
  };
}

/** Its part of the rate and of the clients. */
function shareOfLoad({ request_rate: rate, max_concurrency: clients, ...load }: Load, replicas: number): Load {
  return {
    ...load,
    ...(rate === undefined ? {} : { request_rate: rate / replicas }),
    ...(clients === undefined ? {} : { max_concurrency: Math.ceil(clients / replicas) }),
  };
}

interface Share extends Asked {
  /** Of one replica. */
  readonly load: Load;
  readonly replicas: number;
}

/** What its requests come from, and how many of them there are, about. */
function sourceOf(
  { load: whole, source, goals }: Deployment,
  { load, replicas, value, lengths: { seconds, count: given } }: Share,
): { readonly source: LoadSource; readonly count: number } {
  const { request_rate: rate, max_concurrency: clients = 0, ramp_up_strategy: ramp } = load;
  const needed = requestsToShow(goals);
  if (source.kind === "trace" || ramp !== undefined) {
    const least = (given ?? needed) * value;
    const stretch = given === undefined ? { seconds, least } : { least };
    return { source: { kind: "share", of: { source, load: whole }, cut: { replicas, stretch } }, count: least };
  }
  if (rate === undefined) return { source, count: given ?? Math.max(needed, PER_CLIENT * clients) };
  const count = given ?? Math.max(needed, Math.ceil(seconds * rate));
  const all = { ...whole, num_prompts: count * replicas };
  return { source: { kind: "share", of: { source, load: all }, cut: { replicas } }, count };
}
