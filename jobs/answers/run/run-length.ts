/** How long runs are, and whether they are long enough to tell whether the goals hold. */
import { ConfigError, goalsText, type Goals } from "../../../formats/index.js";
import { mean, requestsToShow } from "../../../sim/index.js";
import type { Deployment } from "./deployment.js";
import type { DetailedProbe } from "./probe.js";

/** Requests of a run whose load does not say how many: at least so many, and enough to show the goals well. */
export function countToShow(goals: Goals, least: number): number {
  return Math.max(least, TIMES_TO_SHOW * requestsToShow(goals));
}

const TIMES_TO_SHOW = 4;

/** ConfigError for a load that does not say when its requests come; `remedy`: what to give. */
export function requireTimes({ load, source }: Deployment, remedy: string): void {
  const { request_rate: rate, max_concurrency: clients, ramp_up_strategy: ramp } = load;
  if (source.kind === "trace" || (rate ?? clients ?? ramp) !== undefined) return;
  throw new ConfigError(`the load says neither how often requests come nor how many clients there are: give ${remedy}`);
}

/** ConfigError for runs too short to show a goal. `isStated`: the user says how long they are. */
export function requireShown(count: number, goals: Goals, isStated: boolean): void {
  const needed = requestsToShow(goals);
  if (count >= needed) return;
  throw new ConfigError(
    `${isStated ? "--num-prompts:" : "the load has"} ${count} requests, too few to show ${goalsText(goals)}: it takes at least ` +
      `${needed} (docs/metrics.md, Percentiles)`,
  );
}

/** Least length of a load of one rate, in latencies: the system fills for one of them, and must be seen after that. */
const LATENCIES = 5;

/**
 * ConfigError for a load of one rate that ends while its first requests still fill the system: then nobody can tell a server that
 * fills from one that falls behind. `probes` miss nothing else.
 */
export function requireSettled(
  probes: readonly DetailedProbe[],
  { count, ratePerS, flag }: { readonly count: number; readonly ratePerS: number; readonly flag: string },
): void {
  const latencyMs = mean(probes.map(({ statistics }) => statistics.mean_e2el_ms ?? 0));
  const needed = Math.ceil((LATENCIES * ratePerS * latencyMs) / 1e3);
  if (count >= needed) return;
  const seconds = (value: number): string => `${Number(value.toPrecision(3))} s`;
  throw new ConfigError(
    `${flag}: ${count} requests come within ${seconds(count / ratePerS)} and are answered in ${seconds(latencyMs / 1e3)}, too short a load ` +
      `to tell whether the servers keep up: give at least ${needed}`,
  );
}

/** A note where all runs together show too little of a goal; `growing`: the flag that makes them longer, where they could be. */
export function independenceNote(
  atValue: readonly DetailedProbe[],
  { goals, count, growing }: { readonly goals: Goals; readonly count: number; readonly growing: string | undefined },
): string | undefined {
  const needed = requestsToShow(goals);
  const independent = atValue.reduce((sum, probe) => sum + probe.independent, 0);
  if (independent >= needed) return undefined;
  const remedy = growing === undefined ? "" : `: ${growing} ${Math.ceil((count * needed) / independent)} would do`;
  return (
    `at the answer all runs together are worth ${Math.floor(independent)} independent requests, and ` +
    `${goalsText(goals)} takes ${needed}${remedy}`
  );
}
