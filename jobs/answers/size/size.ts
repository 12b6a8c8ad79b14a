/**
 * The fewest replicas that serve a load within latency goals. Each replication (seed, pace of the hosts, costs that the
 * calibration allows) finds its own count on the same random numbers; the answer is enough in 9 of 10.
 */
import { ConfigError, defined, greatest, type AnswerEvidence, type AutoscalePlan } from "../../../formats/index.js";
import { busiestClock, capacityOf, mean, nearestRank, slotsOfServer, type RouterName } from "../../../sim/index.js";
import { replicationTasks } from "../../replicate/index.js";
import { asUsual } from "../../threads/index.js";
import { mostRequests, sourceNotes } from "../load/index.js";
import { evidenceAt, mostFrequent, narrowNotes } from "../parts/index.js";
import {
  counted,
  countToShow,
  independenceNote,
  inputAt,
  isOfSessions,
  missedIn,
  requireSettled,
  requireShown,
  requireTimes,
  serversForSessions,
  sessionLength,
  sessionNotes,
  sessionPace,
  type Deployment,
  type DetailedProbe,
  type Replication,
} from "../run/index.js";
import {
  limitOfSize,
  rejectUnservable,
  withCrew,
  type Crew,
  type CrewOptions,
  type SizeBinding,
} from "../search/index.js";
import { findAutoscaled, type Autoscaled } from "./autoscaled.js";
import { headRoomOf, type HeadRoom } from "./head-room.js";
import { requireFewWindows, sizeWindows, type SizedWindows } from "./size-windows.js";

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
  /** Of one replica fewer: the goal that is missed most, and what limits them. */
  readonly binding: SizeBinding & { readonly slo: string | null };
  readonly others: readonly SizeFound[];
  readonly windows?: SizedWindows;
  readonly headRoom?: HeadRoom;
  readonly autoscaled?: Autoscaled;
  readonly count: number;
  readonly notes: readonly string[];
}

const DEFAULT_REPLICATIONS = 12;
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
/** Requests of a run, where the load does not say: at least, seconds of load, and at most. */
const MIN_COUNT = 5_000;
const MIN_S = 300;
const MAX_COUNT = 100_000;
/** Twice the replicas that leave so much of a missed goal's ratio change nothing. */
const NO_HELP = 0.9;

export async function findSize(deployment: Deployment, options: SizeOptions = {}): Promise<Size> {
  const { replications = DEFAULT_REPLICATIONS, blocking = asUsual } = options;
  const least = lengthOf(deployment);
  return withCrew(deployment, options, async (crew) => {
    const { count, start, most } = await blocking(() => firstGuess(deployment, least, options));
    const draws = replicationTasks(deployment, replications).map(({ seed, draw }) => ({ seed, draw, count }));
    const { counts, looked } = await fewestOf(crew, deployment.router, { draws, start, most });
    const { value, low, high } = rangeOf(counts);
    const at = value ?? most;
    const shown = (options.curve === true ? [-2, -1, 0, 1, 2] : [-1, 0])
      .map((step) => at + step)
      .filter((replicas) => replicas >= 1 && replicas <= most);
    const probes = await allAt(crew, shown, draws, looked);
    const atValue = probes.get(at)!;
    const fewer = probes.get(value === null ? most : value - 1) ?? [];
    const binding = await bindingOf(crew, deployment, { value, fewer, first: draws[0]! });
    if (binding.slo === "sustained") requireLong(deployment, atValue, count);
    const others: SizeFound[] = [];
    for (const router of options.otherRouters ?? []) {
      const other = await fewestOf(crew, router, { draws, start: at, most });
      others.push({ router, ...rangeOf(other.counts) });
    }
    const more = await moreOf(crew, deployment, { draws, value, most, probe: atValue[0]!, options });
    const idle = value === null ? await moreIsNoHelp(crew, { most, first: draws[0]!, atMost: atValue[0] }) : [];
    return {
      router: deployment.router,
      ...{ value, low, high, most, counts, atValue, binding, others, count },
      evidence: shown.map((replicas) => evidenceOfCount(replicas, probes.get(replicas)!)),
      ...more,
      notes: [...notesOf(deployment, { first: draws[0]!, counts, most, atValue }), ...idle],
    };
  });
}

async function bindingOf(
  crew: Crew,
  deployment: Deployment,
  { value, fewer, first }: { value: number | null; fewer: readonly DetailedProbe[]; first: Replication },
): Promise<Size["binding"]> {
  if (value === 1) return { slo: null, resource: null };
  const slo = mostFrequent(missedIn(fewer));
  if (value === null) return { slo, resource: busiestClock(fewer[0]!.busy) };
  return { slo, ...(await limitOfSize(crew, deployment, { value, fewer, first })) };
}

interface MoreInput {
  readonly draws: readonly Replication[];
  readonly value: number | null;
  readonly most: number;
  readonly probe: DetailedProbe;
  readonly options: SizeOptions;
}

/** What else was asked of the number of replicas: a trace by windows, an autoscaler, head-room. */
async function moreOf(
  crew: Crew,
  deployment: Deployment,
  { draws, value, most, probe, options }: MoreInput,
): Promise<Pick<Size, "windows" | "autoscaled" | "headRoom">> {
  const { windowS, autoscale } = options;
  let windows: SizedWindows | undefined;
  let autoscaled: Autoscaled | undefined;
  let headRoom: HeadRoom | undefined;
  if (value !== null && deployment.source.kind === "trace")
    windows = await sizeWindows(crew, deployment, { draws, value, most, windowS });
  if (autoscale !== undefined) {
    const plan = begun(autoscale, windows?.windows[0]?.replicas ?? value ?? most, most);
    autoscaled = await findAutoscaled(crew, plan, draws);
  }
  if (value !== null && options.headRoom === true)
    headRoom = await headRoomOf(crew, deployment, { draws, value, probe });
  return defined({ windows, autoscaled, headRoom });
}

/** The plan with a number of replicas to begin with, `wanted` unless it has one, and at most as many as were tried. */
function begun(plan: AutoscalePlan, wanted: number, most: number): AutoscalePlan {
  const max = plan.max === Infinity ? Math.max(plan.min, plan.initial ?? 1, most) : plan.max;
  return { ...plan, max, initial: plan.initial ?? Math.min(max, Math.max(plan.min, wanted)) };
}

/** Requests of a run; of sessions those that it has at least. ConfigError for a load without a rate, and for a length that cannot show a goal. */
function lengthOf(deployment: Deployment): number {
  const { load, goals, source } = deployment;
  const shown = countToShow(goals, MIN_COUNT);
  if (isOfSessions(deployment)) return shown;
  requireTimes(deployment, "--request-rate, --max-concurrency or a trace with times (--workload)");
  const long = Math.max(shown, Math.ceil(MIN_S * (load.request_rate ?? 0)));
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
  { most, first, atMost }: { most: number; first: Replication; atMost: DetailedProbe | undefined },
): Promise<string[]> {
  const half = Math.floor(most / 2);
  if (half < 1 || atMost === undefined || atMost.worst.name === "sustained") return [];
  const [atHalf] = await crew.details([{ ...first, x: half }], "with half of them");
  if (atMost.worst.ratio < NO_HELP * atHalf!.worst.ratio) return [];
  return [
    `${half} replicas miss ${atMost.worst.name} by as much as ${most}: it is missed by requests that wait for no other, so more replicas are no ` +
      "help; shorter prompts, other settings or a faster server are",
  ];
}

/** How many requests or sessions a run has, and where the search for the replicas begins and ends. */
function firstGuess(
  deployment: Deployment,
  least: number,
  { maxReplicas, windowS }: SizeOptions,
): { count: number; start: number; most: number } {
  const pace = isOfSessions(deployment) ? sessionPace(deployment) : undefined;
  const count = pace === undefined ? least : sessionLength(deployment, pace, least);
  rejectUnservable(deployment, count);
  const servers = pace === undefined ? serversFor(deployment, count) : serversForSessions(deployment, pace);
  requireFewServers(servers);
  requireFewWindows(deployment, count, windowS);
  const guess = Math.max(1, Math.ceil(servers / FIRST_SHARE));
  const most = maxReplicas ?? Math.min(MOST_REPLICAS, MOST_TIMES * (guess + 1));
  return { count, start: Math.min(guess, most), most };
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

interface Search {
  readonly draws: readonly Replication[];
  readonly start: number;
  readonly most: number;
}

interface Looked {
  readonly counts: readonly (number | null)[];
  /** By replication. */
  readonly looked: readonly (readonly DetailedProbe[])[];
}

async function fewestOf(crew: Crew, router: RouterName, { draws, start, most }: Search): Promise<Looked> {
  const search = (of: Search["draws"], from: number) =>
    crew.run(
      "fewest",
      of.map((point) => ({ point, options: { start: from, most }, changes: { router } })),
      `searching, ${router}`,
    );
  // The first counts found show the others where to begin.
  const scouts = await search(draws.slice(0, SCOUTS), start);
  const from = greatest(scouts.map(({ count }) => count ?? most));
  const all = [...scouts, ...(await search(draws.slice(SCOUTS), from))];
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

/** The runs of all replications at some counts: those that the searches made, and the rest. */
async function allAt(
  crew: Crew,
  counts: readonly number[],
  draws: readonly Replication[],
  looked: Looked["looked"],
): Promise<ReadonlyMap<number, readonly DetailedProbe[]>> {
  const wanted = counts.flatMap((x) =>
    draws.map((point, at) => ({ point: { ...point, x }, known: looked[at]!.find((probe) => probe.x === x) })),
  );
  const missing = wanted.filter(({ known }) => known === undefined).map(({ point }) => point);
  const made = await crew.details(missing, "at the answer");
  const all = wanted.map(({ known }) => known ?? made.shift()!);
  return new Map(counts.map((x) => [x, all.filter((probe) => probe.x === x)]));
}

function evidenceOfCount(replicas: number, probes: readonly DetailedProbe[]): AnswerEvidence {
  const met = probes.filter(({ worst }) => worst.ratio <= 1).length / probes.length;
  const point = evidenceAt({ replicas }, probes);
  const busy = mean(probes.map((probe) => probe.busy[busiestClock(probe.busy)]));
  return { ...point, statistics: { ...point.statistics, met_share: met, busiest_clock_share: busy } };
}

interface NotesInput {
  readonly first: Replication;
  readonly counts: Looked["counts"];
  readonly most: number;
  readonly atValue: readonly DetailedProbe[];
}

function notesOf(deployment: Deployment, { first, counts, most, atValue }: NotesInput): string[] {
  const { source, goals } = deployment;
  const notes = [
    ...sourceNotes(source),
    ...sessionNotes(deployment),
    ...narrowNotes(inputAt(deployment, { ...first, x: 1 })),
  ];
  const without = counts.filter((found) => found === null).length;
  if (without > 0) notes.push(`in ${without} of ${counts.length} replications even ${most} replicas miss the goals`);
  const growing = mostRequests(source) === Infinity ? counted(deployment).flag : undefined;
  const few = independenceNote(atValue, { goals, count: first.count, growing });
  if (few !== undefined) notes.push(few);
  return notes;
}
