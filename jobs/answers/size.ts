/**
 * The fewest replicas that serve a load within latency goals. Each replication (seed, pace of the hosts, costs that the
 * calibration allows) finds its own count on the same random numbers; the answer is enough in 9 of 10.
 */
import { ConfigError, defined, greatest, type AnswerEvidence, type AutoscalePlan } from "../../formats/index.js";
import {
  busiestClock,
  capacityOf,
  mean,
  nearestRank,
  requestsToShow,
  slotsOfServer,
  type RouterName,
} from "../../sim/index.js";
import { causesOf, missingCauses, replicationTasks } from "../replicate/index.js";
import { asUsual } from "../threads/index.js";
import { findAutoscaled, type Autoscaled } from "./autoscaled.js";
import { withCrew, type Crew, type CrewOptions } from "./crew.js";
import { counted, inputAt, isOfSessions, type Deployment, type Point } from "./deployment.js";
import { evidenceOf } from "./evidence.js";
import { headRoomOf, type HeadRoom } from "./head-room.js";
import { mostRequests, sourceNotes } from "./load-source.js";
import { rejectUnservable } from "./pilot.js";
import { independenceNote, requireSettled, requireShown } from "./goal-verdict.js";
import type { DetailedProbe } from "./probe.js";
import { serversForSessions, sessionLength, sessionPace } from "./session-pace.js";
import { sessionNotes } from "./session-runs.js";
import { sizeBinds, type SizeBinding } from "./size-binds.js";
import { requireFewWindows, sizeWindows, type SizedWindows } from "./size-windows.js";
import type { FewestTask } from "./tasks.js";

export interface SizeOptions extends CrewOptions {
  /** Default 12. */
  readonly replications?: number | undefined;
  /** The most that are tried; default: eight times the count that a full server's rate suggests. */
  readonly maxReplicas?: number | undefined;
  /** Also sizes the load with these, in place of the deployment's. */
  readonly otherRouters?: readonly RouterName[];
  /**
   * Length of the windows that a trace is also sized in; default: an hour, or a twelfth of a trace of less than three.
   */
  readonly windowS?: number | undefined;
  /** Also simulates the load under an autoscaler, which starts with what the first window takes. */
  readonly autoscale?: AutoscalePlan | undefined;
  /** Also looks for how much the load may grow with the replicas found. */
  readonly headRoom?: boolean;
  /** Also looks at counts around the answer. */
  readonly curve?: boolean;
}

/** The fewest of one router; null: even the most that was tried is not enough. */
export interface SizeFound {
  readonly router: RouterName;
  readonly value: number | null;
  /** Null: no count is known at that end. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface Size extends SizeFound {
  readonly most: number;
  /** By replication. */
  readonly counts: readonly (number | null)[];
  /** Runs of all replications at the value, or at the most. */
  readonly atValue: readonly DetailedProbe[];
  readonly evidence: readonly AnswerEvidence[];
  readonly binding: SizeBinding;
  readonly others: readonly SizeFound[];
  readonly windows?: SizedWindows;
  readonly headRoom?: HeadRoom;
  readonly autoscaled?: Autoscaled;
  readonly count: number;
  readonly notes: readonly string[];
}

export const DEFAULT_REPLICATIONS = 12;
/** Share of the replications that the answer is enough for, and those that its interval leaves out on either side. */
export const ENOUGH = 0.9;
const OUTSIDE = 0.05;
const SCOUTS = 2;
/** Of a full server, what one is first taken to serve within the goals. */
const FIRST_SHARE = 0.9;
const MOST_TIMES = 8;
const MOST_REPLICAS = 1000;
/** A short burst may be served by fewer replicas than its rate would take for long, but not by a tenth. */
const FAR = 10;
/**
 * Requests of a run, where the load does not say: at least, as a multiple of what a percentile takes, seconds of load,
 * and at most.
 */
const MIN_COUNT = 5_000;
const TIMES_TO_SHOW = 4;
const MIN_S = 300;
/** Twice the replicas that leave so much of a missed goal's ratio change nothing. */
const NO_HELP = 0.9;
const MAX_COUNT = 100_000;

export async function findSize(deployment: Deployment, options: SizeOptions = {}): Promise<Size> {
  const { replications = DEFAULT_REPLICATIONS, blocking = asUsual } = options;
  const least = lengthOf(deployment);
  return withCrew(deployment, options, async (crew) => {
    const { count, start, most } = await blocking(() => {
      const pace = isOfSessions(deployment) ? sessionPace(deployment) : undefined;
      const length = pace === undefined ? least : sessionLength(deployment, pace, least);
      rejectUnservable(deployment, length);
      const servers = pace === undefined ? serversFor(deployment, length) : serversForSessions(deployment, pace);
      requireFewServers(servers);
      requireFewWindows(deployment, length, options.windowS);
      return { count: length, ...firstGuess(servers, options.maxReplicas) };
    });
    const draws = replicationTasks(deployment, replications).map(({ seed, draw }) => ({ seed, draw, count }));
    const { counts, looked } = await fewestOf(crew, deployment.router, { draws, start, most });
    const found = { router: deployment.router, ...rangeOf(counts) };
    const shown = shownCounts(found.value ?? most, options.curve === true).filter((replicas) => replicas <= most);
    const probes = await allAt(crew, { counts: shown, draws, looked });
    const atValue = probes.get(found.value ?? most)!;
    const binding = await sizeBinds(crew, { deployment, value: found.value, most, probes, point: draws[0]! });
    if (binding.slo === "sustained") requireLong(deployment, atValue, count);
    const others: SizeFound[] = [];
    for (const router of options.otherRouters ?? []) {
      const other = await fewestOf(crew, router, { draws, start: found.value ?? most, most });
      others.push({ router, ...rangeOf(other.counts) });
    }
    const more = await moreOf(crew, deployment, { draws, value: found.value, most, probe: atValue[0]!, options });
    const evidence = shown.map((replicas) => evidenceAt(replicas, probes.get(replicas)!));
    const idle = found.value === null ? await moreIsNoHelp(crew, { most, draws, atMost: atValue }) : [];
    const notes = [...notesOf(deployment, { draws, counts, most, atValue, count }), ...idle];
    return {
      ...found,
      most,
      counts,
      atValue,
      evidence,
      binding,
      others,
      ...more,
      count,
      notes,
    };
  });
}

/** What else was asked of the number of replicas: a trace by windows, an autoscaler, head-room. */
async function moreOf(
  crew: Crew,
  deployment: Deployment,
  { draws, value, most, probe, options }: MoreInput,
): Promise<Pick<Size, "windows" | "autoscaled" | "headRoom">> {
  const windows =
    value === null || deployment.source.kind !== "trace"
      ? undefined
      : await sizeWindows(crew, deployment, { draws, value, most, windowS: options.windowS });
  const autoscaled =
    options.autoscale === undefined
      ? undefined
      : await findAutoscaled(crew, begun(options.autoscale, windows, { value: value ?? most, most }), draws);
  const headRoom =
    value === null || options.headRoom !== true
      ? undefined
      : await headRoomOf(crew, deployment, { draws, value, probe });
  return defined({ windows, autoscaled, headRoom });
}

interface MoreInput {
  readonly draws: Parameters<typeof findAutoscaled>[2];
  readonly value: number | null;
  readonly most: number;
  readonly probe: DetailedProbe;
  readonly options: SizeOptions;
}

/**
 * The plan with a number of replicas to begin with, and at most as many as were tried: what the first window takes,
 * where that is known.
 */
function begun(
  plan: AutoscalePlan,
  sized: SizedWindows | undefined,
  { value, most }: { readonly value: number; readonly most: number },
): AutoscalePlan {
  const wanted = sized?.windows[0]?.replicas ?? value;
  const max = plan.max === Infinity ? Math.max(plan.min, plan.initial ?? 1, most) : plan.max;
  return { ...plan, max, initial: plan.initial ?? Math.min(max, Math.max(plan.min, wanted)) };
}

/** Requests of a run; of sessions those that it has at least. ConfigError for a load without a rate, and for a length that cannot show a goal. */
function lengthOf(deployment: Deployment): number {
  const { load, goals, source } = deployment;
  const { request_rate: rate, max_concurrency: clients, ramp_up_strategy: ramp } = load;
  const needed = requestsToShow(goals);
  if (isOfSessions(deployment)) return Math.max(MIN_COUNT, TIMES_TO_SHOW * needed);
  if (source.kind !== "trace" && rate === undefined && clients === undefined && ramp === undefined) {
    throw new ConfigError(
      "the load says neither how often requests come nor how many clients there are: give --request-rate, " +
        "--max-concurrency or a trace with times (--workload)",
    );
  }
  const long = Math.max(MIN_COUNT, TIMES_TO_SHOW * needed, Math.ceil(MIN_S * (rate ?? 0)));
  const count = Math.min(load.num_prompts ?? Math.min(MAX_COUNT, long), mostRequests(source));
  requireShown(count, goals, load.num_prompts !== undefined);
  return count;
}

/** ConfigError for a load too short to tell whether the servers keep up, where that is what fewer of them do not do. */
function requireLong(deployment: Deployment, atValue: readonly DetailedProbe[], count: number): void {
  const { request_rate: ratePerS } = deployment.load;
  if (ratePerS === undefined || isOfSessions(deployment)) return;
  requireSettled(atValue, { count, ratePerS, flag: counted(deployment).flag });
}

/** A note where the most that were tried miss the goal by as much as half of them: its requests wait for nobody. */
async function moreIsNoHelp(
  crew: Crew,
  { most, draws, atMost }: { most: number; draws: Search["draws"]; atMost: readonly DetailedProbe[] },
): Promise<string[]> {
  const half = Math.floor(most / 2);
  const [first] = atMost;
  if (half < 1 || first === undefined || first.worst.name === "sustained") return [];
  const [atHalf] = await crew.details([{ kind: "detail", point: { ...draws[0]!, x: half } }], "with half of them");
  if (first.worst.ratio < NO_HELP * atHalf!.worst.ratio) return [];
  return [
    `${half} replicas miss ${first.worst.name} by as much as ${most}: it is missed by requests that wait for no other, so more replicas are no ` +
      "help; shorter prompts, other settings or a faster server are",
  ];
}

/** Full servers that the work of the load takes in its busiest stretch, or its clients. */
function serversFor(deployment: Deployment, count: number): number {
  const input = inputAt(deployment, { seed: deployment.seed, draw: null, count, x: 1 });
  const capacity = capacityOf(input);
  const clients = input.workload.maxConcurrency;
  if (!("reason" in capacity)) return Math.max(capacity.utilisation, capacity.busiest?.utilisation ?? 0);
  return clients < Infinity ? clients / slotsOfServer(input) : 1;
}

/** ConfigError for a load that is out of reach by far, before a search that would simulate it for minutes. */
function requireFewServers(servers: number): void {
  if (servers <= FAR * MOST_REPLICAS) return;
  throw new ConfigError(
    `the load takes at least ${Math.ceil(servers)} of these servers at full speed, but size tries at most ${MOST_REPLICAS}; lower the load`,
  );
}

function firstGuess(servers: number, maxReplicas: number | undefined): { start: number; most: number } {
  const guess = Math.max(1, Math.ceil(servers / FIRST_SHARE));
  const most = maxReplicas ?? Math.min(MOST_REPLICAS, MOST_TIMES * (guess + 1));
  return { start: Math.min(guess, most), most };
}

interface Search {
  readonly draws: readonly Omit<Point, "x">[];
  readonly start: number;
  readonly most: number;
}

interface Looked {
  readonly counts: readonly (number | null)[];
  /** By replication. */
  readonly looked: readonly (readonly DetailedProbe[])[];
}

async function fewestOf(crew: Crew, router: RouterName, { draws, start, most }: Search): Promise<Looked> {
  const tasks = (of: Search["draws"], from: number): FewestTask[] =>
    of.map((point) => ({ kind: "fewest", point, options: { start: from, most }, changes: { router } }));
  // The first counts found show the others where to begin.
  const scouts = await crew.fewest(tasks(draws.slice(0, SCOUTS), start), `searching, ${router}`);
  const from = greatest(scouts.map(({ count }) => count ?? most));
  const others = await crew.fewest(tasks(draws.slice(SCOUTS), from), `searching, ${router}`);
  const all = [...scouts, ...others];
  return { counts: all.map(({ count }) => count), looked: all.map(({ looked }) => looked) };
}

function rangeOf(counts: readonly (number | null)[]): Omit<SizeFound, "router"> {
  const sorted = Float64Array.from(counts, (count) => count ?? Infinity).sort();
  const at = (share: number): number | null => {
    const found = nearestRank(sorted, share)!;
    return found === Infinity ? null : found;
  };
  return { value: at(ENOUGH), low: at(OUTSIDE), high: at(1 - OUTSIDE) };
}

function shownCounts(value: number, isCurve: boolean): number[] {
  const around = isCurve ? [-2, -1, 0, 1, 2] : [-1, 0];
  return around.map((step) => value + step).filter((replicas) => replicas >= 1);
}

/** The runs of all replications at some counts: those that the searches made, and the rest. */
async function allAt(
  crew: Crew,
  { counts, draws, looked }: { counts: readonly number[]; draws: Search["draws"]; looked: Looked["looked"] },
): Promise<ReadonlyMap<number, readonly DetailedProbe[]>> {
  const wanted = counts.flatMap((x) =>
    draws.map((point, at) => ({ x, point, known: looked[at]!.find((p) => p.x === x) })),
  );
  const missing = wanted.filter(({ known }) => known === undefined);
  const made = await crew.details(
    missing.map(({ x, point }) => ({ kind: "detail", point: { ...point, x } })),
    "at the answer",
  );
  const all = wanted.map(({ known }) => known ?? made.shift()!);
  return new Map(counts.map((x, at) => [x, all.slice(at * draws.length, (at + 1) * draws.length)]));
}

function evidenceAt(replicas: number, probes: readonly DetailedProbe[]): AnswerEvidence {
  const met = probes.filter(({ worst }) => worst.ratio <= 1).length / probes.length;
  const point = evidenceOf(
    { replicas },
    probes.map(({ statistics }) => statistics),
  );
  const busy = mean(probes.map((probe) => probe.busy[busiestClock(probe.busy)]));
  return { ...point, statistics: { ...point.statistics, met_share: met, busiest_clock_share: busy } };
}

interface NotesInput {
  readonly draws: Search["draws"];
  readonly counts: Looked["counts"];
  readonly most: number;
  readonly atValue: readonly DetailedProbe[];
  readonly count: number;
}

function notesOf(deployment: Deployment, { draws, counts, most, atValue, count }: NotesInput): string[] {
  const { source, goals } = deployment;
  const sample = inputAt(deployment, { ...draws[0]!, x: 1 });
  const missing = missingCauses(sample, causesOf(sample, true));
  const notes = [
    ...sourceNotes(source),
    ...sessionNotes(deployment),
    ...missing.map((what) => `the interval is too narrow: ${what}`),
  ];
  const without = counts.filter((found) => found === null).length;
  if (without > 0) notes.push(`in ${without} of ${counts.length} replications even ${most} replicas miss the goals`);
  const growing = mostRequests(source) === Infinity ? counted(deployment).flag : undefined;
  const few = independenceNote(atValue, { goals, count, growing });
  if (few !== undefined) notes.push(few);
  return notes;
}
