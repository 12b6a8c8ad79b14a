/**
 * What limits a deployment: the limit of admissions, or of clients, whose doubling moves the edge most or saves most replicas,
 * found on the random numbers of the first replication; where none does, the clock that is busiest.
 */
import { greatest } from "../../../formats/index.js";
import {
  admissionLimits,
  busiestClock,
  ifItWorks,
  withTwice,
  type AdmissionLimit,
  type BoundName,
  type SimulatedRunInput,
} from "../../../sim/index.js";
import { inputAt, type Deployment, type DetailedProbe, type Replication } from "../run/index.js";
import type { Crew } from "./crew.js";
import type { EdgeOptions } from "./find-edge.js";

type ClientLimit = "clients" | "sessions";

export interface EdgeBinding {
  /** Of the server, or the load's own limit of clients or sessions under way. */
  readonly resource: BoundName | ClientLimit;
  /** With the limit that helps most doubled: what was changed, and by which factor the edge moves. */
  readonly next?: { readonly change: string; readonly factor: number };
}

export interface SizeBinding {
  readonly resource: BoundName | null;
  /** With the limit that helps most doubled: what was changed, and how many replicas are then enough. */
  readonly next?: { readonly change: string; readonly value: number };
}

/** Share of the scheduling passes that a limit must have stopped to be looked at. */
const STOPPING_SHARE = 0.01;
/** What doubling a limit must gain for it to bind. */
const MIN_GAIN = 0.03;
const WHAT = "looking for what binds";

export interface EdgeBindsInput {
  /** Runs at about the edge. */
  readonly atEdge: readonly DetailedProbe[];
  /** Of the first replication. */
  readonly edge: number;
  readonly count: number;
  readonly options: Omit<EdgeOptions, "start" | "step">;
}

/** Of a load whose rate, or number of clients, is sought. */
export async function limitOfEdge(
  crew: Crew,
  deployment: Deployment,
  { atEdge, edge, count, options: bounds }: EdgeBindsInput,
): Promise<EdgeBinding> {
  const { seed } = deployment;
  const run = inputAt(deployment, { x: edge, seed, draw: null, count: 1 });
  const options = { ...bounds, start: 1.1 * edge, step: 1.2 };
  const doubled: Doubled[] = [...doubledLimits(run, atEdge), ...doubledClients(deployment)];
  const tasks = doubled.map(({ changes }) => ({ point: { seed, draw: null, count }, options, changes }));
  const factors = (await crew.run("edge", tasks, WHAT)).map((found) => found.edge / edge);
  const best = firstGreatest(factors, 1 + MIN_GAIN);
  if (best === undefined) return { resource: busiestClock(atEdge[0]!.busy) };
  const { limit, change } = doubled[best]!;
  return { resource: limit, next: { change, factor: factors[best]! } };
}

/** Of a load that `value` replicas are enough for: what keeps fewer, whose runs are given, from being enough. */
export async function limitOfSize(
  crew: Crew,
  deployment: Deployment,
  { value, fewer, first }: { value: number; fewer: readonly DetailedProbe[]; first: Replication },
): Promise<SizeBinding> {
  const point = { ...first, draw: null };
  const doubled = doubledLimits(inputAt(deployment, { ...point, x: value }), fewer);
  const tasks = doubled.map(({ changes }) => ({ point, options: { start: value - 1, most: value }, changes }));
  const counts = (await crew.run("fewest", tasks, WHAT)).map(({ count }) => count ?? value);
  const saved = counts.map((count) => value - count);
  const best = firstGreatest(saved, 1);
  if (best === undefined) return { resource: busiestClock(fewer[0]!.busy) };
  const { limit, change } = doubled[best]!;
  return { resource: limit, next: { change, value: counts[best]! } };
}

/** Where the greatest value is; undefined: all are below `least`. */
function firstGreatest(values: readonly number[], least: number): number | undefined {
  const most = greatest(values);
  return most >= least ? values.indexOf(most) : undefined;
}

interface Doubled<Limit extends BoundName | ClientLimit = BoundName | ClientLimit> {
  readonly limit: Limit;
  readonly change: string;
  /** Of the deployment. */
  readonly changes: Partial<Deployment>;
}

/** Twice the clients of a load whose rate is sought: while each waits for its answer, or thinks, no request comes. */
function doubledClients({ vary, load }: Deployment): Doubled[] {
  const { max_concurrency: clients, max_sessions: sessions } = load;
  if (vary === "request_rate" && clients !== undefined) {
    const changes = { load: { ...load, max_concurrency: 2 * clients } };
    return [{ limit: "clients", change: `max_concurrency ${2 * clients}`, changes }];
  }
  if (vary === "session_rate" && sessions !== undefined) {
    const changes = { load: { ...load, max_sessions: 2 * sessions } };
    return [{ limit: "sessions", change: `max_sessions ${2 * sessions}`, changes }];
  }
  return [];
}

/** Each limit that stopped admissions in the runs, doubled where that can be simulated. */
function doubledLimits(run: SimulatedRunInput, probes: readonly DetailedProbe[]): Doubled<AdmissionLimit>[] {
  return limitsOf(probes).flatMap((limit) => {
    const twice = ifItWorks(() => withTwice(run, limit));
    if (twice === undefined) return [];
    const { plan, profile } = twice.input;
    const changes = { policy: { name: plan.name, settings: plan.settings }, profile };
    return [{ limit, change: changeText(twice.changed), changes }];
  });
}

/** Those that stopped admissions in some run; of batches both the size and memory may hold requests back. */
function limitsOf(probes: readonly DetailedProbe[]): AdmissionLimit[] {
  return admissionLimits
    .filter((name) => probes.some(({ stops }) => stops === null || stops[name] >= STOPPING_SHARE))
    .filter((name) => probes[0]!.stops !== null || name !== "token_budget");
}

function changeText(changed: Readonly<Record<string, number>>): string {
  const settings = Object.entries(changed).map(([name, value]) => `${name} ${value}`);
  return settings.length === 0 ? "twice the memory" : settings.join(", ");
}
