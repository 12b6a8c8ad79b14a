/** Loads to be sent for real, and what they are to show. */
import { ConfigError, goalsText, type Answer, type Load, type Workload } from "../../formats/index.js";
import { requestsToShow } from "../../sim/index.js";
import {
  isLimit,
  isOfSessions,
  isWholeNumber,
  mostRequests,
  requireSessions,
  sessionPace,
  sessionsToShow,
  type Deployment,
} from "../answers/index.js";

/** Of an answer about two settings: the server with the settings as they were, or the other one. */
export const sides = ["before", "after"] as const;
export type Side = (typeof sides)[number];

export interface LoadToSend {
  /** In words: "at 12.3 requests/s", "before the change". */
  readonly what: string;
  /** Name of the folder of its real run. */
  readonly folder: string;
  /** Of what the answer varies; null: it varies nothing. */
  readonly x: number | null;
  readonly side: Side;
  readonly deployment: Deployment;
  readonly point: { readonly x: number; readonly count: number };
}

/** What is to be sent, and how the answer is judged by it. */
export interface VerifyPlan {
  readonly loads: readonly LoadToSend[];
  /** Where loads have goals of their own: what some load must have been expected to do before the answer is right. */
  readonly needs?: readonly ("safe" | "no")[];
  /** The statistic that the answer is about, by its key; of two sides, their difference in it. */
  readonly headline?: string;
  /** Of two sides: what the answer says of their difference in each statistic. */
  readonly promised?: ReadonlyMap<string, "better" | "worse" | "same" | "unclear">;
  /** Of two sides: the one that may confirm the answer by itself, where the other cannot be measured. */
  readonly alone?: Side;
  readonly notes: readonly string[];
}

export interface Lengths {
  /** How many loads there are around an edge. */
  readonly loads: number;
  /** How long an open load is sent, about. */
  readonly seconds: number;
  /** Requests of each, in place of that; of sessions, sessions. */
  readonly count?: number | undefined;
  readonly sessions?: number | undefined;
}

/** How many are asked for. ConfigError for requests of a load of sessions, or the reverse. */
export function givenCount({ source }: Pick<Deployment, "source">, { count, sessions }: Lengths): number | undefined {
  if (isOfSessions({ source })) {
    if (count === undefined) return sessions;
    throw new ConfigError(`--num-prompts ${count}: the answer's load is one of sessions, give --num-sessions`);
  }
  if (sessions === undefined) return count;
  throw new ConfigError(`--num-sessions ${sessions}: the answer's load has no sessions, give --num-prompts`);
}

/** Of the interval's ends: surely within the goals, and surely beyond. */
const BELOW = 0.8;
const ABOVE = 1.2;
export const MIN_LOADS = 3;
export const MAX_LOADS = 5;
/** A client of a closed loop answers for some ten requests. */
export const PER_CLIENT = 10;

/** Loads below, at and above an edge, in rising order. ConfigError for runs that are too short for the goals. */
export function loadsAround(
  { value, interval, unit }: Pick<Answer, "value" | "interval" | "unit">,
  deployment: Deployment,
  lengths: Lengths,
  side: Side = "before",
): LoadToSend[] {
  const { low, high } = interval ?? { low: value!, high: value! };
  const all = [BELOW * low, ABOVE * high, value!, low, high].slice(0, lengths.loads).sort((a, b) => a - b);
  const isWhole = isWholeNumber(deployment.vary);
  const places = [...new Set(all.map((x) => (isWhole ? Math.max(1, Math.round(x)) : Number(x.toPrecision(4)))))];
  const countAt = isOfSessions(deployment) ? sessionCounts(deployment, lengths) : requestCounts(deployment, lengths);
  return places.map((x) => {
    const count = countAt(x);
    return { what: `at ${x} ${unit}`, folder: `${deployment.vary}-${x}`, x, side, deployment, point: { x, count } };
  });
}

function requestCounts(deployment: Deployment, lengths: Lengths): (x: number) => number {
  const given = givenCount(deployment, lengths);
  const perX = isWholeNumber(deployment.vary) ? PER_CLIENT : lengths.seconds;
  return (x) => {
    const wanted = given ?? Math.max(requestsToShow(deployment.goals), Math.ceil(perX * x));
    const count = Math.min(wanted, mostRequests(deployment.source));
    requireEnough(count, deployment);
    return count;
  };
}

/** Sessions of a run at `x` that has a steady part which shows the goals. ConfigError where fewer are asked for. */
export function sessionCounts(deployment: Deployment, lengths: Lengths): (x: number) => number {
  const given = givenCount(deployment, lengths);
  const pace = sessionPace(deployment);
  return (x) => {
    if (given === undefined) return sessionsToShow(deployment, pace, x, lengths.seconds);
    requireSessions(deployment, pace, { x, count: given });
    return given;
  };
}

/** ConfigError for fewer requests than it takes to show the goals. */
export function requireEnough(count: number, { goals }: Pick<Deployment, "goals">): void {
  const needed = requestsToShow(goals);
  if (count >= needed) return;
  const shown = goalsText({ ...goals, slos: goals.slos.filter(isLimit) }) || goals.slos.map(({ name }) => name).join();
  throw new ConfigError(`${count} requests are too few to show ${shown}: it takes at least ${needed} (--num-prompts)`);
}

/** How many of a load's requests are sent: those of its first seconds, or some per client; all of a burst. */
export function countOf(load: Load, { requests }: Workload, lengths: Lengths, needed: number): number {
  const { seconds, count: given } = lengths;
  const isOpen = (requests.at(-1)?.arrivalNs ?? 0) > 0;
  let lasting = requests.length;
  if (isOpen) lasting = requests.filter(({ arrivalNs = 0 }) => arrivalNs <= seconds * 1e9).length;
  else if (load.max_concurrency !== undefined) lasting = PER_CLIENT * load.max_concurrency;
  return given ?? Math.min(requests.length, Math.max(needed, lasting, 1));
}
