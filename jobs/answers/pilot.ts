/** A first look with short runs: where the edge is, about, and how far it is worth to look. */
import { ConfigError } from "../../formats/index.js";
import { saturatedRate, simulateOutcome, slotsOfServer } from "../../sim/index.js";
import { inputAt, type Deployment } from "./deployment.js";
import { findEdge } from "./find-edge.js";
import { probe, type Probe } from "./probe.js";

export interface Pilot {
  /** Where the edge is, about. */
  readonly start: number;
  readonly least: number;
  readonly most: number;
  /** Requests per second of the full server; absent in closed loops. */
  readonly fullPerS?: number;
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

/** `count`: of the runs to come. ConfigError where no request, or not every one, can be served at all. */
export function pilot(deployment: Deployment, count: number): Pilot {
  const short = Math.min(MAX_COUNT, count);
  const at = (x: number): Probe => probe(deployment, { x, seed: deployment.seed, draw: null, count: short });
  rejectUnservable(deployment, short);
  const { scanned, ...bounds } = deployment.vary === "request_rate" ? rates(deployment) : clients(deployment);
  let best: Probe | undefined;
  for (const x of scanned) {
    const found = at(x);
    if (best === undefined || found.worst.ratio < best.worst.ratio) best = found;
    if (found.worst.ratio <= 1) break;
  }
  const low = best!.x === scanned.at(-1) ? best! : at(scanned.at(-1)!);
  const lowMiss = low.worst.ratio > 1 ? { lowMiss: low } : {};
  if (best!.worst.ratio > 1) return { start: best!.x, ...bounds, ...lowMiss };
  const isWhole = deployment.vary === "max_concurrency";
  const { at: edge } = findEdge((x) => ({ ratio: at(x).worst.ratio }), {
    start: best!.x,
    step: 1.1,
    tolerance: 0.03,
    isWhole,
    ...bounds,
  });
  return { start: edge, ...bounds, ...lowMiss };
}

interface Scan {
  readonly scanned: readonly number[];
  readonly least: number;
  readonly most: number;
  readonly fullPerS?: number;
}

function rates(deployment: Deployment): Scan {
  const { seed, source } = deployment;
  const full = saturatedRate(inputAt(deployment, { x: 1, seed, draw: null, count: MAX_COUNT }));
  if ("reason" in full) throw new ConfigError(full.reason);
  const { requestsPerS: fullPerS } = full;
  return {
    scanned: SHARES.map((share) => share * fullPerS),
    least: LEAST_SHARE * fullPerS,
    // A trace ends, and with it the queue: beyond capacity its goals say how long it is.
    most: (source.kind === "trace" ? 1 : MOST_SHARE) * fullPerS,
    fullPerS,
  };
}

function clients(deployment: Deployment): Scan {
  const { seed, replicas } = deployment;
  const slots = replicas * slotsOfServer(inputAt(deployment, { x: 1, seed, draw: null, count: 1 }));
  const most = MOST_CLIENTS * slots;
  const scanned: number[] = [];
  for (let x = most; x > 1; x = Math.floor(x / 2)) scanned.push(x);
  return { scanned: [...scanned, 1], least: 1, most };
}

/** A request that could never be served would break every limit, and no load would help. */
export function rejectUnservable(deployment: Deployment, count: number): void {
  const { table } = simulateOutcome(inputAt(deployment, { x: 1, seed: deployment.seed, draw: null, count }));
  let first = -1;
  let rejected = 0;
  for (let row = 0; row < table.rows; row++) {
    if (table.ok[row] === 1) continue;
    if (first < 0) first = row;
    rejected++;
  }
  if (rejected === 0) return;
  const { requestId, error = "it was rejected" } = table.record(first);
  throw new ConfigError(
    `${rejected} of ${table.rows} requests cannot be served at any load: request ${requestId}: ${error}; ` +
      "leave such requests out, or change the setting that rejects them",
  );
}
