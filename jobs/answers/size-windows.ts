/**
 * A trace sized window by window: the fewest replicas that the requests of each window take when they come alone to an empty
 * deployment. So many in each window is what an autoscaler could do at best that knows the load in advance and starts at once.
 */
import { ConfigError, greatest, type WorkloadRequest } from "../../formats/index.js";
import type { Crew } from "./crew.js";
import { inputAt, type Deployment, type Point } from "./deployment.js";
import { without } from "./load-source.js";
import type { FewestTask } from "./tasks.js";

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
  readonly draws: readonly Omit<Point, "x">[];
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
  const endS = (requests.at(-1)!.arrivalNs ?? 0) / 1e9;
  if (endS / windowS <= MOST_WINDOWS) return;
  throw new ConfigError(
    `--window ${windowS}: the trace of ${endS.toFixed(0)} s has ${Math.ceil(endS / windowS)} such windows, expected at most ` +
      `${MOST_WINDOWS}: give at least ${Math.ceil(endS / MOST_WINDOWS)}`,
  );
}

/** Undefined for a trace that takes no time. */
export async function sizeWindows(
  crew: Crew,
  deployment: Deployment,
  input: WindowsInput,
): Promise<SizedWindows | undefined> {
  const { draws, value } = input;
  const { requests } = inputAt(deployment, { ...draws[0]!, x: 1 }).workload;
  const endS = (requests.at(-1)!.arrivalNs ?? 0) / 1e9;
  if (endS === 0) return undefined;
  const windowS = input.windowS ?? (endS >= MIN_HOURS * HOUR_S ? HOUR_S : Math.max(1, Math.ceil(endS / PARTS)));
  const parts = partsOf(requests, windowS);
  const tasks = parts.map((part) => (part.length === 0 ? [] : tasksOf(deployment, part, input)));
  const found = await crew.fewest(tasks.flat(), "window by window");
  const windows = parts.map((part, at): SizedWindow => {
    const counts = found.splice(0, tasks[at]!.length).map(({ count }) => count);
    const replicas = counts.includes(null) ? null : greatest([0, ...counts.map(Number)]);
    const startS = at * windowS;
    return { startS, endS: Math.min(endS, startS + windowS), requests: part.length, replicas };
  });
  const hours = windows.map(({ startS, endS: toS, replicas }) => (replicas === null ? null : (replicas * (toS - startS)) / HOUR_S)); // prettier-ignore
  return {
    windowS,
    windows,
    fixedReplicaHours: (value * endS) / HOUR_S,
    idealReplicaHours: hours.includes(null) ? null : hours.reduce<number>((sum, hour) => sum + hour!, 0),
  };
}

function tasksOf(
  deployment: Deployment,
  part: readonly WorkloadRequest[],
  { draws, value, most }: WindowsInput,
): FewestTask[] {
  const changes = onlyOf(deployment, part);
  return draws.slice(0, REPLICATIONS).map((point) => ({
    kind: "fewest",
    point: { ...point, count: part.length },
    options: { start: value, most },
    changes,
  }));
}

/** Requests that come at the very end are in the window that ends there. */
function partsOf(requests: readonly WorkloadRequest[], windowS: number): WorkloadRequest[][] {
  const last = Math.ceil((requests.at(-1)!.arrivalNs ?? 0) / 1e9 / windowS) - 1;
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
