/** Loads of one replica each: of as many as an answer says are enough, and of one fewer. */
import { requestsToShow } from "../../sim/index.js";
import { inputAt, isOfSessions, scaledLoad, type Deployment, type LoadSource } from "../answers/index.js";
import { givenCount, PER_CLIENT, requireEnough, sessionCounts, type Lengths, type LoadToSend } from "./loads.js";

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
  const load = scaledLoad(
    deployment.load,
    (rate) => rate / replicas,
    (count) => Math.ceil(count / replicas),
  );
  const whole: Deployment = { ...deployment, load, replicas: 1, router: "round-robin", routerBeta: undefined };
  const { one, count } = isOfSessions(deployment)
    ? shareOfSessions(whole, replicas, asked.lengths)
    : shareOfRequests(whole, { of: deployment, replicas, ...asked });
  const { requests, sessions } = inputAt(one, { x: 1, seed: one.seed, draw: null, count }).workload;
  requireEnough(requests.length, one);
  const what = replicas === 1 ? "the whole load on one replica" : `the load of one of ${replicas} replicas`;
  return {
    what,
    folder: `replicas-${replicas}`,
    x: replicas,
    side: "before",
    deployment: one,
    point: { x: 1, count: sessions === undefined ? requests.length : count },
  };
}

/** What one replica is sent: its deployment, and how many requests or sessions of it. */
interface OneReplica {
  readonly one: Deployment;
  readonly count: number;
}

/** Every n-th session; of those at times of their own the ones that begin in the first seconds, until their turns show the goals. */
function shareOfSessions(whole: Deployment, replicas: number, lengths: Lengths): OneReplica {
  const { source, goals } = whole;
  if (source.kind !== "sessions" || source.sessions === undefined)
    return { one: whole, count: sessionCounts(whole, lengths)(1) };
  const dealt = source.sessions.filter((_, at) => at % replicas === 0);
  const one = { ...whole, source: { ...source, sessions: dealt } };
  if (!source.isTimed) return { one, count: sessionCounts(one, lengths)(1) };
  const given = givenCount(one, lengths);
  if (given !== undefined) return { one, count: Math.min(given, dealt.length) };
  const needed = requestsToShow(goals);
  const untilNs = (dealt[0]?.startNs ?? 0) + lengths.seconds * 1e9;
  let turns = 0;
  const after = dealt.findIndex(({ startNs = 0, turns: own }) => {
    const isEnough = startNs > untilNs && turns >= needed;
    turns += own.length;
    return isEnough;
  });
  return { one, count: after < 0 ? dealt.length : after };
}

interface Share extends Asked {
  /** All replicas together. */
  readonly of: Deployment;
  readonly replicas: number;
}

/** Every n-th request of an open load or, of a trace, of its busiest stretch; of clients, as many requests as they take. */
function shareOfRequests(whole: Deployment, { of: { load: all }, replicas, value, lengths }: Share): OneReplica {
  const { load, source, goals } = whole;
  const { request_rate: rate, max_concurrency: clients = 0, ramp_up_strategy: ramp } = load;
  const given = givenCount(whole, lengths);
  const needed = requestsToShow(goals);
  const shareOf = (count: number, from: LoadSource): OneReplica => ({
    one: { ...whole, load: { ...load, num_prompts: count }, source: from },
    count,
  });
  if (source.kind === "trace" || ramp !== undefined) {
    const least = (given ?? needed) * value;
    const stretch = given === undefined ? { seconds: lengths.seconds, least } : { least };
    return shareOf(least, { kind: "share", of: { source, load: all }, cut: { replicas, stretch } });
  }
  if (rate === undefined) return shareOf(given ?? Math.max(needed, PER_CLIENT * clients), source);
  const count = given ?? Math.max(needed, Math.ceil(lengths.seconds * rate));
  const longer = { ...all, num_prompts: count * replicas };
  return shareOf(count, { kind: "share", of: { source, load: longer }, cut: { replicas } });
}
