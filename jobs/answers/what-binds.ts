/**
 * What limits a deployment at its edge: the limit of admissions, or of clients, whose doubling moves the edge most, found on
 * the random numbers of the first replication; where none does, the clock that is busiest.
 */
import {
  admissionLimits,
  busiestClock,
  ifItWorks,
  withTwice,
  type AdmissionLimit,
  type BoundName,
  type SimulatedRunInput,
} from "../../sim/index.js";
import type { Crew } from "./crew.js";
import { inputAt, type Deployment } from "./deployment.js";
import type { EdgeOptions } from "./find-edge.js";
import type { DetailedProbe } from "./probe.js";
import type { EdgeTask } from "./tasks.js";

export interface Binding {
  /** Of the server, or the load's own limit of clients or sessions under way. */
  readonly resource: BoundName | ClientLimit;
  /** With the limit that helps most doubled: what was changed, and by which factor the edge moves. */
  readonly next?: { readonly change: string; readonly factor: number };
}

/** Share of the scheduling passes that a limit must have stopped to be looked at. */
const STOPPING_SHARE = 0.01;
/** What doubling a limit must gain for it to bind. */
const MIN_GAIN = 0.03;

export interface BindsInput {
  readonly deployment: Deployment;
  /** Runs at about the edge. */
  readonly atEdge: readonly DetailedProbe[];
  /** Of the first replication. */
  readonly edge: number;
  readonly count: number;
  readonly options: Omit<EdgeOptions, "start" | "step">;
}

export async function whatBinds(crew: Crew, input: BindsInput): Promise<Binding> {
  const { deployment, atEdge, edge, count, options } = input;
  const { seed } = deployment;
  const run = inputAt(deployment, { x: edge, seed, draw: null, count: 1 });
  const search = { ...options, start: 1.1 * edge, step: 1.2 };
  const limits: Doubled[] = [...doubledLimits(run, atEdge), ...doubledClients(deployment)];
  const doubled = limits.map(({ limit, change, changes }) => {
    const task: EdgeTask = { kind: "edge", point: { seed, draw: null, count }, options: search, changes };
    return { limit, change, task };
  });
  const found = await crew.edges(
    doubled.map(({ task }) => task),
    "looking for what binds",
  );
  let best: (Binding & { readonly next: { readonly factor: number } }) | undefined;
  for (const [at, { limit, change }] of doubled.entries()) {
    const factor = found[at]!.edge / edge;
    if (factor >= 1 + MIN_GAIN && factor > (best?.next.factor ?? 0))
      best = { resource: limit, next: { change, factor } };
  }
  return best ?? { resource: busiestClock(atEdge[0]!.busy) };
}

interface Doubled {
  readonly limit: AdmissionLimit | ClientLimit;
  readonly change: string;
  /** Of the deployment. */
  readonly changes: Partial<Deployment>;
}

export interface DoubledLimit extends Doubled {
  readonly limit: AdmissionLimit;
}

type ClientLimit = "clients" | "sessions";

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
export function doubledLimits(run: SimulatedRunInput, probes: readonly DetailedProbe[]): DoubledLimit[] {
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
