/**
 * A simulated run repeated: each replication has other draws of the times, another pace of its host and other costs
 * that the calibration allows, as another real run would (docs/metrics.md, "Intervals"). The first has the seed as
 * given and the profile as it is. Arrivals and lengths stay, unless they are drawn anew on request.
 */
import { availableParallelism } from "node:os";
import { ConfigError, type Run, type Workload } from "../../formats/index.js";
import type { Capacity, NoCapacity, SimulatedRunInput } from "../../sim/index.js";
import { simulateReplicas, threadsForReplicas } from "../replicas/index.js";
import { asUsual, ownLane, rejectedBy, type Blocking } from "../threads/index.js";
import { causesOf, missingCauses, type Causes } from "./causes.js";
import { areEnough, leastKnownWidth, TOKEN_BUDGET, workOf, type ReplicationWork } from "./how-many.js";
import { lanesFor, replicationLane, type ReplicationLane } from "./lanes.js";
import { merge } from "./merge.js";
import { TaskList } from "./task-list.js";
import {
  baseOf,
  replicationTasks,
  resultOf,
  runReplication,
  runTask,
  type ReplicationResult,
  type ReplicationTask,
  type SummaryValues,
} from "./task.js";

export interface ReplicateOptions {
  /** So many; absent: as many as the intervals need. 1: one run, without intervals. */
  readonly replications?: number | undefined;
  /** Whether the capacity of the load is wanted as well; it is found beside the replications. */
  readonly capacity?: boolean | undefined;
  /** Draws the load anew with a seed; absent: all replications have the same requests. */
  readonly resample?: ((seed: string) => Promise<Workload>) | undefined;
  /**
   * Threads, 1: this one; absent: one for each core where that is worth their start. What comes out does not depend on
   * it. A run that is simulated once has its replicas in them where they are apart.
   */
  readonly workers?: number | undefined;
  /** Rejects with the signal's reason, and ends the threads. Not heard while this thread simulates: see `blocking`. */
  readonly signal?: AbortSignal | undefined;
  /** Runs work that blocks this thread, and with it the handling of signals. */
  readonly blocking?: Blocking | undefined;
  onProgress?(done: number, atMost: number): void;
}

export interface Replicated {
  /** Records of the first replication; the summary has means, `intervals` one interval for each statistic. */
  readonly run: Run;
  /** Of every replication, in order. */
  readonly summaries: readonly SummaryValues[];
  /** If it was wanted. */
  readonly capacity: Capacity | NoCapacity | undefined;
}

/** What a request takes to simulate beside its output, in output tokens. */
const REQUEST_TOKENS = 160;
/** What other threads must take off this one: each compiles the code again while it begins, which takes half a second of a core. */
const WORTH_THREADS = 5e7;

export async function replicate(input: SimulatedRunInput, options: ReplicateOptions = {}): Promise<Replicated> {
  const { replications, resample, signal } = options;
  signal?.throwIfAborted();
  const causes = causesOf(input, resample !== undefined);
  const doesVary = causes.seed || causes.run || causes.calibration;
  if (!doesVary && (replications ?? 1) > 1) throw nothingVaries(input, causes);
  const work = workOf(input.workload);
  const limit = doesVary ? (replications ?? work.most) : 1;
  const timesVary = causes.calibration && causes.seed;
  const base = baseOf(input, limit > 1 && timesVary);
  const tasks = replicationTasks(input, limit);
  const isEnough = replications === undefined ? areEnough : () => false;
  const collected = await collect({ input, base, tasks, isEnough, work, options });
  const { run, results, capacity } = collected;
  const notes = notesOf(input, { causes, doesVary, work, results, isFixed: replications !== undefined });
  const merged = merge({ run, results, tasks, causes, replicas: input.replicas ?? 1, notes });
  return { run: merged, summaries: results.map(({ summary }) => summary), capacity };
}

interface Collecting {
  readonly input: SimulatedRunInput;
  readonly base: ReturnType<typeof baseOf>;
  readonly tasks: readonly ReplicationTask[];
  readonly isEnough: (results: readonly ReplicationResult[]) => boolean;
  readonly work: ReplicationWork;
  readonly options: ReplicateOptions;
}

interface Collected {
  readonly run: Run;
  readonly results: readonly ReplicationResult[];
  readonly capacity: Capacity | NoCapacity | undefined;
}

async function collect({ input, base, tasks, isEnough, work, options }: Collecting): Promise<Collected> {
  const { resample, signal, blocking = asUsual } = options;
  const { lanes, isOwn } = startLanes({ base, tasks, work, options });
  const capacity = options.capacity === true ? (isOwn ? "last" : "first") : undefined;
  const onProgress = (done: number, atMost: number): void => options.onProgress?.(done, atMost);
  const list = new TaskList({ replications: tasks, isEnough, capacity, onProgress });
  const drive = async (lane: ReplicationLane): Promise<void> => {
    for (let task = list.take(); task !== undefined; task = list.take()) {
      if (resample !== undefined && task !== "capacity") task = { ...task, workload: await resample(task.seed) };
      list.done(await lane.run(task));
      signal?.throwIfAborted();
    }
    await list.ended;
  };
  const abort = new AbortController();
  const simulateAll = async (first: Blocking): Promise<Collected> => {
    // The threads are at work already when this one does the first replication.
    const driven = Promise.all(lanes.map(drive));
    driven.catch(() => undefined);
    const { run, result } = await first(() => firstOf({ input, base, tasks, work, options }));
    list.done({ replication: result });
    await Promise.race([driven, list.ended, rejectedBy(signal, abort.signal)]);
    return { run, results: list.results, capacity: list.capacity };
  };
  try {
    // Without a lane of its own only the first replication keeps this thread busy.
    return await (isOwn ? blocking(() => simulateAll(asUsual)) : simulateAll(blocking));
  } finally {
    list.stop();
    abort.abort();
    await Promise.all(lanes.map((lane) => lane.close()));
  }
}

/** The first replication; the only one may have its replicas on several threads. */
async function firstOf({ input, base, tasks, work, options }: Omit<Collecting, "isEnough">): Promise<{
  readonly run: Run;
  readonly result: ReplicationResult;
}> {
  const [task, second] = tasks;
  if (second === undefined) {
    const { seed } = task!;
    const workers = options.workers ?? threadsForReplicas(input, work.outputTokens);
    const run = await simulateReplicas({ ...input, seed, runSeed: seed }, { workers });
    if (run !== undefined) return { run, result: resultOf(run, 0, null) };
  }
  return runReplication(base, task!);
}

/** Lanes in worker threads and, if `isOwn`, one in this thread. */
function startLanes({ base, tasks, work, options }: Omit<Collecting, "isEnough" | "input">): {
  readonly lanes: ReplicationLane[];
  readonly isOwn: boolean;
} {
  const rest = tasks.length - 1;
  const { requests } = base.input.workload;
  const cores = Math.min(rest, availableParallelism());
  const takenOff = (work.outputTokens + REQUEST_TOKENS * requests.length) * rest * (1 - 1 / cores);
  const workers = Math.min(rest, options.workers ?? (takenOff >= WORTH_THREADS ? cores : 1));
  const { isOwn, others } = lanesFor(workers, requests.length);
  const lanes = Array.from({ length: others }, () => replicationLane(base));
  if (isOwn) lanes.push(ownLane((task) => runTask(base, task)));
  return { lanes, isOwn };
}

/** A width that is known so many times worse than it should be is reported: to 22 % of itself. */
const WORTH_TELLING = 1.5;

interface NotesInput {
  readonly causes: Causes;
  readonly doesVary: boolean;
  readonly work: ReplicationWork;
  readonly results: readonly ReplicationResult[];
  readonly isFixed: boolean;
}

function notesOf(input: SimulatedRunInput, { causes, doesVary, work, results, isFixed }: NotesInput): string[] {
  if (!doesVary) return isFixed ? [] : [`no intervals: ${missingCauses(input, causes).join("; ")}`];
  if (results.length === 1) return [];
  const notes = missingCauses(input, causes).map((what) => `the intervals are too narrow: ${what}`);
  if (isFixed || results.length < work.most) return notes;
  const ran = `${results.length} replications were run`;
  if (work.isLarge) {
    notes.push(
      `${ran}, the fewest that intervals are made of, since each has ${millions(work.outputTokens)} output tokens; ` +
        "--replications sets another number",
    );
  } else if (
    work.outputTokens * results.length > TOKEN_BUDGET - work.outputTokens &&
    leastKnownWidth(results) > WORTH_TELLING
  ) {
    notes.push(
      `${ran}, as many as ${millions(TOKEN_BUDGET)} output tokens allow: the ends of the intervals are not well known; ` +
        "--replications sets another number",
    );
  }
  return notes;
}

function millions(tokens: number): string {
  return `${(tokens / 1e6).toPrecision(3)} million`;
}

function nothingVaries(input: SimulatedRunInput, causes: Causes): ConfigError {
  return new ConfigError(
    `replications would all be the same: ${missingCauses(input, causes).join("; ")}; simulate once (--replications 1), ` +
      "or calibrate again for a profile that says how its times vary",
  );
}
