/**
 * How fast sessions can go and how long they last, from one run without pauses in which as many sessions are under way as the
 * server has slots: where a search begins, and how many sessions a run needs so that most of it is steady.
 */
import { ConfigError, goalsText, greatest, least, type Workload } from "../../../formats/index.js";
import { mean, requestsToShow, simulateOutcome, slotsOfServer, steadyTurns } from "../../../sim/index.js";
import { inputAt, type Deployment } from "./deployment.js";
import { requireShown } from "./run-length.js";
import { isWholeNumber, without } from "../load/index.js";
import { requireSessionGoals } from "./session-runs.js";

export interface SessionPace {
  /** Sessions per second of one full server, without pauses. */
  readonly fullPerS: number;
  /** Mean length of a session on a full server, pauses included, s. */
  readonly meanS: number;
  /** The same of the few that last longest. */
  readonly longS: number;
  readonly turns: number;
  readonly slots: number;
}

/** Sessions beyond the slots, so that some always wait. */
const SPARE_SHARE = 0.25;
/** Sessions of the run, as a multiple of those under way. */
const GENERATIONS = 5;
const LEAST = 200;
const LONG = 0.95;
/** For how long sessions begin, in lengths of the longest: the first is start-up. */
const HORIZON = 3;
/** The same of the shortest run that is accepted. */
const SHORTEST = 2;

/** ConfigError where no session is served, or the goals cannot be asked of sessions. */
export function sessionPace(deployment: Deployment): SessionPace {
  requireSessionGoals(deployment, deployment.goals);
  const { seed } = deployment;
  const one = { ...deployment, replicas: 1, router: "round-robin", vary: "max_sessions" } as const;
  const at = (count: number, x: number) => inputAt(one, { x, seed, draw: null, count });
  const slots = slotsOfServer(at(1, 1));
  const underWay = Math.ceil((1 + SPARE_SHARE) * slots);
  // Neither a rate nor times of their own: each begins when another is over.
  const full = { ...one, load: without(deployment.load, ["session_rate"]) };
  const count = Math.max(LEAST, GENERATIONS * underWay);
  const input = inputAt(full, { x: underWay, seed, draw: null, count });
  const workload = withoutPauses(input.workload);
  const { table } = simulateOutcome({ ...input, workload });
  const { fromNs, toNs, begun } = steadyTurns(table, workload);
  if (!table.ok.includes(1)) throw new ConfigError("no turn of any session is answered");
  const lengths = lengthsS(input.workload, (row) =>
    Math.max(0, table.lastTokenNs[row]! - table.scheduledNs[row]! || 0),
  );
  const seconds = (toNs - fromNs) / 1e9;
  return {
    fullPerS: begun > 0 && seconds > 0 ? begun / seconds : count / (table.lastTokenNs.reduce(later, 0) / 1e9),
    meanS: mean(lengths),
    longS: lengths.sort()[Math.floor(LONG * (lengths.length - 1))]!,
    turns: table.rows / count,
    slots,
  };
}

/** Sessions of a run of the load as it is, with `turns` or more of them: all of those that begin at times of their own. */
export function sessionLength(deployment: Deployment, pace: SessionPace, turns: number): number {
  const { load, source } = deployment;
  const { num_sessions: given } = load;
  if (source.kind === "sessions" && source.isTimed) {
    const sessions = source.sessions!.slice(0, given);
    const count = sessions.reduce((sum, one) => sum + one.turns.length, 0);
    requireShown(count, deployment.goals, false);
    return given ?? sessions.length;
  }
  const count = given ?? Math.max(Math.ceil(turns / pace.turns), sessionsAt(deployment, pace, 1));
  requireSessions(deployment, pace, { x: 1, count });
  return count;
}

/** About how many full servers the sessions of the load take. */
export function serversForSessions({ load, source }: Deployment, { fullPerS, meanS }: SessionPace): number {
  const { session_rate: rate = Infinity, max_sessions: most = Infinity } = load;
  const givenPerS = Math.min(rate, most / meanS);
  return (givenPerS === Infinity ? ownRatePerS(source) : givenPerS) / fullPerS;
}

function ownRatePerS(source: Deployment["source"]): number {
  const startsNs = source.kind === "sessions" ? (source.sessions ?? []).map(({ startNs = 0 }) => startNs) : [];
  const spanS = (greatest(startsNs) - least(startsNs)) / 1e9;
  return spanS > 0 ? startsNs.length / spanS : startsNs.length;
}

/** ConfigError for fewer sessions than have a steady part, or than show the goals in it. */
export function requireSessions(
  deployment: Deployment,
  pace: SessionPace,
  { x, count }: { x: number; count: number },
): void {
  const { goals } = deployment;
  const { needed, startUp, wanted } = leastSessions(deployment, pace, x);
  if (count < needed) {
    throw new ConfigError(
      `--num-sessions ${count}: a session lasts ${figure(pace.meanS)} s, a long one ${figure(pace.longS)} s, and all have begun ` +
        `before the load is steady; it takes at least ${needed}`,
    );
  }
  const counted = Math.floor((count - startUp) * pace.turns);
  if (counted >= wanted) return;
  throw new ConfigError(
    `--num-sessions ${count}: about ${counted} turns count, too few to show ${goalsText(goals)}, which takes ${wanted}; give at ` +
      `least ${Math.ceil(startUp + wanted / pace.turns)} (docs/metrics.md, Percentiles)`,
  );
}

/** The shortest run at `x` that has a steady part which shows the goals; `seconds`: and how long sessions begin in it at least. */
export function sessionsToShow(deployment: Deployment, pace: SessionPace, x: number, seconds: number): number {
  const { needed, startUp, wanted, perS } = leastSessions(deployment, pace, x);
  return Math.max(needed, Math.ceil(startUp + wanted / pace.turns), Math.ceil(perS * seconds));
}

/** needed: so that some begin after the start-up; wanted: turns that count. */
function leastSessions(deployment: Deployment, pace: SessionPace, x: number) {
  return {
    needed: sessionsAt(deployment, pace, x, SHORTEST),
    startUp: sessionsAt(deployment, pace, x, 1),
    wanted: requestsToShow(deployment.goals),
    perS: beginPerS(deployment, pace, x).perS,
  };
}

/**
 * Sessions that begin while a session of the longest kind lasts, `lengths` times over: by default as many as make most of a
 * run steady. `x`: what is varied; of `replicas` any number, since the load then has a rate of its own.
 */
export function sessionsAt(deployment: Deployment, pace: SessionPace, x: number, lengths = HORIZON): number {
  const { perS, atOnce } = beginPerS(deployment, pace, x);
  return Math.ceil(perS * lengths * pace.longS + atOnce);
}

/** Sessions that begin at the start, and per second after it. */
function beginPerS({ vary, load }: Deployment, { meanS }: SessionPace, x: number): { perS: number; atOnce: number } {
  const atATime = isWholeNumber(vary) ? x : vary === "session_rate" ? undefined : load.max_sessions;
  const ratePerS = vary === "session_rate" ? x : load.session_rate;
  const perS = Math.min(ratePerS ?? Infinity, (atATime ?? Infinity) / meanS);
  return { perS, atOnce: ratePerS === undefined ? (atATime ?? 0) : 0 };
}

function withoutPauses(workload: Workload): Workload {
  const requests = workload.requests.map((request) => ({ ...request, turn: { ...request.turn!, pauseNs: 0 } }));
  return { ...workload, requests };
}

/** From the begin of each session to its last answer, by the longest chain of turns. */
function lengthsS({ requests, sessions }: Workload, serviceNs: (row: number) => number): Float64Array {
  const endNs = new Float64Array(requests.length);
  const lengths = new Float64Array(sessions!.count);
  for (const [row, { turn }] of requests.entries()) {
    const { after, pauseNs, session } = turn!;
    endNs[row] = (after === undefined ? 0 : endNs[after]! + pauseNs) + serviceNs(row);
    lengths[session] = Math.max(lengths[session]!, endNs[row] / 1e9);
  }
  return lengths;
}

function later(a: number, b: number): number {
  return Math.max(a, b || 0);
}

function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}
