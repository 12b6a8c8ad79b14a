/**
 * What keeps fewer replicas from being enough: the goal that they miss, and the limit of admissions whose doubling
 * saves most replicas, found on the random numbers of the first replication; where none saves any, the clock that is
 * busiest.
 */
import { busiestClock, type BoundName } from "../../sim/index.js";
import type { Crew } from "./crew.js";
import { inputAt, type Deployment, type Point } from "./deployment.js";
import { missedIn, type DetailedProbe } from "./probe.js";
import type { FewestTask } from "./tasks.js";
import { mostFrequent } from "./goal-verdict.js";
import { doubledLimits } from "./what-binds.js";

export interface SizeBinding {
  /** The goal that is missed most. */
  readonly slo: string | null;
  readonly resource: BoundName | null;
  /** With the limit that helps most doubled. */
  readonly next?: { readonly change: string; readonly value: number };
}

export interface SizeBindsInput {
  readonly deployment: Deployment;
  readonly value: number | null;
  readonly most: number;
  /** By count: of all replications. */
  readonly probes: ReadonlyMap<number, readonly DetailedProbe[]>;
  readonly point: Omit<Point, "x">;
}

export async function sizeBinds(crew: Crew, input: SizeBindsInput): Promise<SizeBinding> {
  const { deployment, value, most, probes, point } = input;
  if (value === 1) return { slo: null, resource: null };
  const fewer = probes.get(value === null ? most : value - 1)!;
  const slo = mostFrequent(missedIn(fewer));
  const busiest = busiestClock(fewer[0]!.busy);
  if (value === null) return { slo, resource: busiest };
  const run = inputAt(deployment, { ...point, draw: null, x: value });
  const doubled = doubledLimits(run, fewer).map(({ limit, change, changes }) => {
    const task: FewestTask = { kind: "fewest", point: { ...point, draw: null }, options: { start: value - 1, most: value }, changes }; // prettier-ignore
    return { limit, change, task };
  });
  const found = await crew.fewest(
    doubled.map(({ task }) => task),
    "looking for what binds",
  );
  let best: (SizeBinding & { readonly next: { readonly value: number } }) | undefined;
  for (const [at, { limit, change }] of doubled.entries()) {
    const count = found[at]!.count ?? value;
    if (count < (best?.next.value ?? value)) best = { slo, resource: limit, next: { change, value: count } };
  }
  return best ?? { slo, resource: busiest };
}
