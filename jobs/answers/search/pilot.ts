/** A first look with short runs: where the edge is, about, and how far it is worth to look. */
import { ConfigError, greatest, type RequestRecord } from "../../../formats/index.js";
import {
  isQueueRejection,
  saturatedRate,
  simulateOutcome,
  slotsOfServer,
  withoutPatience,
} from "../../../sim/index.js";
import { isWholeNumber } from "../load/index.js";
import {
  inputAt,
  isOfSessions,
  probe,
  requireSessions,
  sessionPace,
  sessionsAt,
  type Deployment,
  type Probe,
  type SessionPace,
} from "../run/index.js";
import { findEdge } from "./find-edge.js";

export interface Pilot {
  /** Where the edge is, about. */
  readonly start: number;
  readonly least: number;
  readonly most: number;
  /** Requests or sessions per second of the full server; absent in closed loops. */
  readonly fullPerS?: number;
  /** Of sessions: how many the runs to come take. */
  readonly count?: number;
  /** The lowest load looked at, where even that misses the goals. */
  readonly lowMiss?: Probe;
}

/** Of what the full server serves, the rates looked at from above. */
const SHARES = [1, 0.92, 0.84, 0.75, 0.65, 0.5, 0.35, 0.2, 0.1, 0.03];
/** How far from the full server an edge may be. */
const LEAST_SHARE = 1e-4;
const MOST_SHARE = 2;
/** Of clients, as often as the server has slots. */
const MOST_CLIENTS = 4;
const MAX_COUNT = 2_000;

/**
 * `count`: of the runs to come; of sessions, the least that show the goals. ConfigError where no request, or not every one, can
 * be served at all.
 */
export function pilot(deployment: Deployment, count: number): Pilot {
  const { seed, vary } = deployment;
  const pace = isOfSessions(deployment) ? sessionPace(deployment) : undefined;
  const countAt = (x: number): number =>
    pace === undefined ? Math.min(MAX_COUNT, count) : sessionCount(deployment, pace, { x, count });
  const at = (x: number): Probe => probe(deployment, { x, seed, draw: null, count: countAt(x) });
  rejectUnservable(deployment, pace === undefined ? countAt(1) : Math.ceil(MAX_COUNT / pace.turns));
  const { scanned, ...bounds } = scanOf(deployment, pace);
  let best: Probe | undefined;
  for (const x of scanned) {
    const found = at(x);
    if (best === undefined || found.worst.ratio < best.worst.ratio) best = found;
    if (found.worst.ratio <= 1) break;
  }
  const low = best!.x === scanned.at(-1) ? best! : at(scanned.at(-1)!);
  let start = best!.x;
  if (best!.worst.ratio <= 1) {
    start = findEdge(at, { start, step: 1.1, tolerance: 0.03, isWhole: isWholeNumber(vary), ...bounds }).at;
  }
  const found = { start, ...bounds, ...(low.worst.ratio > 1 ? { lowMiss: low } : {}) };
  if (pace === undefined) return found;
  const enough = countAt(MORE * start);
  requireSessions(deployment, pace, { x: start, count: enough });
  return { ...found, count: enough };
}

/** Replications have their edges up to so much above that of the pilot. */
const MORE = 1.2;

/** As many as are asked for; otherwise enough for a run that is steady for most of it. */
function sessionCount(deployment: Deployment, pace: SessionPace, { x, count }: { x: number; count: number }): number {
  return deployment.load.num_sessions ?? Math.max(Math.ceil(count / pace.turns), sessionsAt(deployment, pace, x));
}

interface Scan {
  readonly scanned: readonly number[];
  readonly least: number;
  readonly most: number;
  readonly fullPerS?: number;
}

function scanOf(deployment: Deployment, pace: SessionPace | undefined): Scan {
  const { seed, source, vary, replicas } = deployment;
  if (pace !== undefined) {
    const fullPerS = replicas * pace.fullPerS;
    if (vary === "session_rate") return ratesUpTo(fullPerS, MOST_SHARE);
    return numbersUpTo(MOST_CLIENTS * Math.ceil(Math.max(replicas * pace.slots, fullPerS * pace.meanS)));
  }
  const inputOf = (count: number) => inputAt(deployment, { x: 1, seed, draw: null, count });
  if (vary !== "request_rate") return numbersUpTo(MOST_CLIENTS * replicas * slotsOfServer(inputOf(1)));
  const full = saturatedRate(inputOf(MAX_COUNT));
  if ("reason" in full) throw new ConfigError(full.reason);
  // A trace ends, and with it the queue: beyond capacity its goals say how long it is.
  return ratesUpTo(full.requestsPerS, source.kind === "trace" ? 1 : MOST_SHARE);
}

function ratesUpTo(fullPerS: number, mostShare: number): Scan {
  const scanned = SHARES.map((share) => share * fullPerS);
  return { scanned, least: LEAST_SHARE * fullPerS, most: mostShare * fullPerS, fullPerS };
}

function numbersUpTo(most: number): Scan {
  const scanned: number[] = [];
  for (let x = most; x > 1; x = Math.floor(x / 2)) scanned.push(x);
  return { scanned: [...scanned, 1], least: 1, most };
}

/**
 * A request that could never be served would break every limit, and no load would help. Clients that give up, and full queues, are
 * of this load.
 */
export function rejectUnservable(deployment: Deployment, count: number): void {
  const input = inputAt(deployment, { x: 1, seed: deployment.seed, draw: null, count });
  const { table } = simulateOutcome({ ...input, workload: withoutPatience(input.workload) });
  let first: RequestRecord | undefined;
  let rejected = 0;
  for (let row = 0; row < table.rows; row++) {
    if (table.ok[row] === 1) continue;
    const record = table.record(row);
    if (isQueueRejection(record.error)) continue;
    first ??= record;
    rejected++;
  }
  if (first === undefined) return;
  const { requests, sessions } = input.workload;
  const longest = greatest(requests.map(({ promptTokens, outputTokens }) => promptTokens + outputTokens));
  throw new ConfigError(
    `${rejected} of ${table.rows} requests cannot be served at any load: request ${first.requestId}: ${first.error ?? "it was rejected"}; ` +
      "leave such requests out, or change the setting that rejects them" +
      (sessions === undefined ? ` (the longest request has ${longest} tokens)` : ""),
  );
}
