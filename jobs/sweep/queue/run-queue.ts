/**
 * One machine's part in a sweep whose cells come from a queue. Machines may join and leave at any time: each makes sure that the queue
 * holds what is missing, works on it, and returns every row as soon as it is finished; it keeps its rows on its own disk as well, and
 * brings them along when it comes again. So a queue that is lost, with all in it, costs nothing that a machine has finished.
 */
import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { spread, unlessAborted, type Lane } from "../../threads/index.js";
import { cellLane } from "../cell-lane.js";
import { cellName, type SweepCell } from "../cells.js";
import { eachRow, partWriter } from "../parts.js";
import type { PlannedCell } from "../plan-file.js";
import type { QueueAddress } from "./queue-address.js";
import { connectQueue, type Asked } from "./queue-connection.js";
import {
  agreedChunks,
  isJoined,
  joinQueue,
  queuedPlan,
  queueKeys,
  type QueuedPlan,
  type QueueKeys,
} from "./queued-plan.js";
import { beginCell, countRows, forgetFailed, isFinished, putRows, queuedStates } from "./queued-rows.js";
import { queueJobs, type QueueJobs } from "./queue-jobs.js";
import { baseOf, type MadePlan, type RunSweepOptions } from "../run-sweep.js";
import type { SweepRow } from "../row.js";
import { cellsOfShard, type Shard } from "../shard.js";

export interface RunQueueOptions extends Omit<RunSweepOptions, "shard" | "refine"> {
  readonly address: QueueAddress;
  /** Least work of a job, seconds of one thread. */
  readonly chunkS: number;
  /** How long the queue may be away before it is lost, seconds. */
  readonly timeoutS: number;
  /** Absent: yes. Where cells run in the thread that answers the queue, one that takes long looks as if its machine were gone. */
  readonly hasThreads?: boolean | undefined;
}

/** A cell whose process ended so often while it was simulated is given up. */
const MOST_TRIES = 3;
/** Cells that are timed, beside the first of each thread, to know how many make a chunk. */
const TIMED_CELLS = 8;
/** How often a machine looks how far the sweep is, ms. */
const LOOK_MS = 1000;

/** The cells of the sweep's file that can be simulated. Those that a refinement added on this machine are not the others'. */
export function queuedCells({ cells, planned }: MadePlan): PlannedCell[] {
  return Array.from(cells, (_, place) => planned.at(place)).filter(({ impossible }) => impossible === undefined);
}

/**
 * Works until every cell has a row, whoever simulated it. Returns how many this machine simulated. BackendError where the queue is out of
 * reach or lost; ConfigError where it holds another plan.
 */
export async function runQueue(plan: MadePlan, options: RunQueueOptions): Promise<number> {
  const { address, folder, chunkS, timeoutS, force, retryFailed = false, hasThreads = true, workers, signal } = options;
  const cells = queuedCells(plan);
  const queued = queuedPlan(cells);
  const keys = queueKeys(plan.sweep.name, queued);
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  const connection = await connectQueue(address, timeoutS);
  const part = partWriter(folder.parts);
  const lanes: Lane<SweepCell, void>[] = [];
  const asked = connection.until(stopped);
  let simulated = 0;
  const keep = async (row: SweepRow): Promise<void> => {
    part.add(row);
    simulated++;
    await putRows(asked, keys, [row]);
  };
  try {
    await joinQueue(asked, keys, queued, force);
    if (retryFailed) await forgetFailed(asked, keys);
    const jobs = await queueJobs(connection, plan.sweep.name, { cells, plan: queued, chunkS });
    try {
      const threads = Math.min(cells.length, workers ?? availableParallelism());
      for (let at = 0; at < threads; at++) lanes.push(cellLane(baseOf(plan), hasThreads, keep));
      await work({ ...options, asked, keys, queued, cells, jobs, lanes, stop, stopped, keep }, retryFailed);
    } finally {
      jobs.pause();
      stop.abort(new Error("this machine stops"));
      await Promise.all([jobs.close(), ...lanes.map((lane) => lane.close())]);
    }
    return simulated;
  } finally {
    part.close();
    connection.close();
  }
}

interface Machine extends RunQueueOptions {
  readonly asked: Asked;
  readonly keys: QueueKeys;
  readonly queued: QueuedPlan;
  readonly cells: readonly PlannedCell[];
  readonly jobs: QueueJobs;
  readonly lanes: readonly Lane<SweepCell, void>[];
  /** Ends the work of this machine, with the reason. */
  readonly stop: AbortController;
  /** Aborts when this machine stops, or is stopped. */
  readonly stopped: AbortSignal;
  readonly keep: (row: SweepRow) => Promise<void>;
}

async function work(machine: Machine, retryFailed: boolean): Promise<void> {
  const { jobs, lanes, stop, reporter } = machine;
  await bringRows(machine, !retryFailed);
  await fill(machine);
  jobs.start(lanes, async (chunk, lane) => {
    try {
      await simulateChunk(machine, chunk, lane);
    } catch (error) {
      // The others go on with the chunk; what stopped it here stops this machine.
      jobs.pause();
      stop.abort(error);
      throw error;
    }
  });
  const progress = reporter.progress("simulating, cells of all machines");
  try {
    await untilFinished(machine, (done, total) => {
      progress.update(done, total);
    });
    await jobs.clear();
  } finally {
    progress.stop();
  }
}

/** Puts the rows that this machine has on disk, from before, where the queue has none. */
async function bringRows({ asked, keys, cells, folder }: Machine, withFailed: boolean): Promise<void> {
  const missing = new Set((await missingCells({ asked, keys, cells })).map(({ id }) => id));
  let batch: SweepRow[] = [];
  for await (const { row } of eachRow(folder.parts)) {
    if (!missing.has(row.cell) || ("failed" in row && !withFailed)) continue;
    batch.push(row);
    if (batch.length < BROUGHT_AT_A_TIME) continue;
    await putRows(asked, keys, batch);
    batch = [];
  }
  await putRows(asked, keys, batch);
}

const BROUGHT_AT_A_TIME = 500;

async function missingCells({ asked, keys, cells }: Pick<Machine, "asked" | "keys" | "cells">): Promise<PlannedCell[]> {
  const states = await queuedStates(asked, keys);
  return cells.filter(({ id }) => !states.has(id));
}

/** Makes sure that there is a job for each cell without a row. */
async function fill(machine: Machine): Promise<void> {
  const { asked, keys, cells, jobs, chunkS } = machine;
  let count = await agreedChunks(asked, keys);
  if (count === undefined) {
    const meanS = await timeCells(machine);
    if (meanS === undefined) return;
    count = await agreedChunks(asked, keys, chunkCount(cells.length, meanS, chunkS));
  }
  const missing = new Set(await missingCells(machine));
  const indexes = cells.flatMap((cell, at) => (missing.has(cell) ? [at % count!] : []));
  await jobs.add([...new Set(indexes)], count!);
}

/** Seconds that a thread of this machine takes for a cell, from some that are missing; undefined: none was. */
async function timeCells(machine: Machine): Promise<number | undefined> {
  const { lanes, stopped } = machine;
  const missing = await missingCells(machine);
  if (missing.length === 0) return undefined;
  const number = Math.min(missing.length, lanes.length + TIMED_CELLS);
  // Machines that begin together rarely begin with the same cells.
  const from = randomInt(missing.length);
  const some = Array.from({ length: number }, (_, at) => missing[(from + Math.floor((at * missing.length) / number)) % missing.length]!); // prettier-ignore
  const timed = lanes.map((lane): Lane<SweepCell, number | undefined> => ({
    run: async (cell) => {
      const startMs = performance.now();
      return (await simulateOne(machine, cell, lane)) ? performance.now() - startMs : undefined;
    },
    close: () => lane.close(),
  }));
  const timesMs = (await spread(timed, some, { signal: stopped })).filter((ms) => ms !== undefined);
  if (timesMs.length === 0) return undefined;
  // A thread's first cell is slow.
  const warm = timesMs.length > lanes.length ? timesMs.slice(lanes.length) : timesMs;
  return warm.reduce((sum, ms) => sum + ms, 0) / warm.length / 1e3;
}

/** How many chunks of at least `chunkS` seconds each; a cell is never split. `meanS`: of one thread, a cell. */
export function chunkCount(cells: number, meanS: number, chunkS: number): number {
  return Math.max(1, Math.min(cells, Math.floor((cells * meanS) / chunkS)));
}

async function simulateChunk(machine: Machine, chunk: Shard, lane: Lane<SweepCell, void>): Promise<void> {
  for (const cell of cellsOfShard(machine.cells, chunk)) {
    machine.stopped.throwIfAborted();
    await simulateOne(machine, cell, lane);
  }
}

/** False: the cell had a row already. One that ends its process again and again has a row that says so. */
async function simulateOne(
  { asked, keys, stopped, keep }: Machine,
  cell: SweepCell,
  lane: Lane<SweepCell, void>,
): Promise<boolean> {
  if (await isFinished(asked, keys, cell.id)) return false;
  const tries = await beginCell(asked, keys, cell.id);
  if (tries > MOST_TRIES) {
    const failed = `${cellName(cell)}: its process ended ${MOST_TRIES} times before it was finished; it may need more memory`;
    await keep({ cell: cell.id, failed });
    return true;
  }
  await unlessAborted(lane.run(cell), stopped);
  return true;
}

async function untilFinished(machine: Machine, onDone: (done: number, total: number) => void): Promise<void> {
  const { asked, keys, queued, cells, jobs, stopped } = machine;
  let isIdle = false;
  for (;;) {
    if (!(await isJoined(asked, keys, queued))) {
      // The server came back empty.
      await joinQueue(asked, keys, queued, false);
      await bringRows(machine, true);
      await fill(machine);
    }
    const done = await countRows(asked, keys);
    onDone(done, cells.length);
    if (done >= cells.length) return;
    // Twice, since a chunk may have ended between the two counts.
    const wasIdle = isIdle;
    isIdle = (await jobs.count()) === 0;
    if (isIdle && wasIdle) await fill(machine);
    await pause(LOOK_MS, stopped);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise((resume) => (timer = setTimeout(resume, ms)));
  try {
    await unlessAborted(over, signal);
  } finally {
    clearTimeout(timer);
  }
}
