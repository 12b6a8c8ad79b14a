/**
 * A trace sized window by window: the fewest replicas that the requests of each window take when they come alone to an empty
 * deployment. So many in each window is what an autoscaler could do at best that knows the load in advance and starts at once.
 */
import { ConfigError, greatest, type WorkloadRequest } from "../../../formats/index.js";
import { without } from "../load/index.js";
import { inputAt, type Deployment, type Replication } from "../run/index.js";
import type { Crew } from "../search/index.js";

export interface SizedWindow {
  readonly startS: number;
  readonly endS: number;
  readonly requests: number;
  /** Null: even the most is not enough. */
  readonly replicas: number | null;
}

export interface SizedWindows {
  readonly windowS: number;
  readonly windows: readonly SizedWindow[];
  /** Of the answer, all the time. */
  readonly fixedReplicaHours: number;
  /** Of each window's fewest; null where a window has none. */
  readonly idealReplicaHours: number | null;
}

interface WindowsInput {
  readonly draws: readonly Replication[];
  readonly value: number;
  readonly most: number;
  readonly windowS: number | undefined;
}

const HOUR_S = 3600;
const MIN_HOURS = 3;
const PARTS = 12;
/** A week by the minute. */
const MOST_WINDOWS = 10_080;
/** A window's count is enough for all of so many replications. */
const REPLICATIONS = 3;

/** ConfigError, before the search, for windows so short that a trace has tens of thousands of them. */
export function requireFewWindows(deployment: Deployment, count: number, windowS: number | undefined): void {
  if (windowS === undefined || deployment.source.kind !== "trace") return;
  const { requests } = inputAt(deployment, { seed: deployment.seed, draw: null, count, x: 1 }).workload;
  const endS = endSOf(requests);
  if (endS / windowS <= MOST_WINDOWS) return;
  throw new ConfigError(
    `--window ${windowS}: the trace of ${endS.toFixed(0)} s has ${Math.ceil(endS / windowS)} such windows, expected at most ` +
      `${MOST_WINDOWS}: give at least ${Math.ceil(endS / MOST_WINDOWS)}`,
  );
}

function endSOf(requests: readonly WorkloadRequest[]): number {
  return (requests.at(-1)!.arrivalNs ?? 0) / 1e9;
}

/** Undefined for a trace that takes no time. */
export async function sizeWindows(
  crew: Crew,
  deployment: Deployment,
  { draws, value, most, windowS: given }: WindowsInput,
): Promise<SizedWindows | undefined> {
  const { requests } = inputAt(deployment, { ...draws[0]!, x: 1 }).workload;
  const endS = endSOf(requests);
  if (endS === 0) return undefined;
  const windowS = given ?? (endS >= MIN_HOURS * HOUR_S ? HOUR_S : Math.max(1, Math.ceil(endS / PARTS)));
  const parts = partsOf(requests, windowS);
  const some = draws.slice(0, REPLICATIONS);
  const tasks = parts.flatMap((part) => {
    if (part.length === 0) return [];
    const changes = onlyOf(deployment, part);
    return some.map((point) => ({ point: { ...point, count: part.length }, options: { start: value, most }, changes }));
  });
  const counts = (await crew.run("fewest", tasks, "window by window")).map(({ count }) => count);
  const windows = parts.map((part, at): SizedWindow => {
    const own = part.length === 0 ? [] : counts.splice(0, some.length);
    const startS = at * windowS;
    return {
      startS,
      endS: Math.min(endS, startS + windowS),
      requests: part.length,
      replicas: own.includes(null) ? null : greatest([0, ...own.map(Number)]),
    };
  });
  const isKnown = windows.every(({ replicas }) => replicas !== null);
  const hours = windows.map(({ startS, endS: toS, replicas }) => (replicas! * (toS - startS)) / HOUR_S);
  return {
    windowS,
    windows,
    fixedReplicaHours: (value * endS) / HOUR_S,
    idealReplicaHours: isKnown ? hours.reduce((sum, hour) => sum + hour, 0) : null,
  };
}

/** Requests that come at the very end are in the window that ends there. */
function partsOf(requests: readonly WorkloadRequest[], windowS: number): WorkloadRequest[][] {
  const last = Math.ceil(endSOf(requests) / windowS) - 1;
  const parts = Array.from({ length: last + 1 }, (): WorkloadRequest[] => []);
  for (const request of requests) {
    const at = Math.min(last, Math.floor((request.arrivalNs ?? 0) / 1e9 / windowS));
    const arrivalNs = (request.arrivalNs ?? 0) - Math.round(at * windowS * 1e9);
    parts[at]!.push({ ...request, arrivalNs });
  }
  return parts;
}

const changesOfATrace = [
  "time_scale",
  "trace_rate",
  "slice_start_s",
  "slice_end_s",
  "unbin",
  "num_prompts",
  "priorities",
] as const;

/** The deployment with a list of requests as its trace, which nothing scales or cuts any more. */
function onlyOf({ load }: Deployment, requests: readonly WorkloadRequest[]): Partial<Deployment> {
  return { load: without(load, changesOfATrace), source: { kind: "trace", requests, repeats: false, notes: [] } };
}
