/**
 * The jobs of a sweep's queue on this machine: BullMQ hands out chunks (shards of the plan, the same on every machine), each to a
 * lane that simulates its cells.
 */
import type { JobsOptions, Queue, Worker } from "bullmq";
import type { Lane } from "../../threads/index.js";
import { fingerprint } from "../../inputs/index.js";
import type { SweepCell } from "../cells.js";
import { cellsOfShard, type Shard } from "../shard.js";
import type { QueueConnection } from "./queue-connection.js";
import type { QueuedPlan } from "./queued-plan.js";

/** Jobs added at a time. */
const BATCH = 1000;
/** A job is given up by its machine, never by the queue: what becomes of its cells is counted cell by cell. */
const FOREVER = 1_000_000;
/** Longest time without a sign of life, ms; a shorter chunk is missed sooner. */
const LOCK_MS = { least: 2_000, most: 30_000 } as const;
/** Between attempts to take a chunk, ms. */
const RETRY_MS = 500;
/** Longest wait for BullMQ to say good-bye to its server. */
const CLOSE_MS = 2_000;

export interface QueueJobs {
  /** Adds the chunks with these indexes; those that are there already stay as they are. */
  add(indexes: readonly number[], count: number): Promise<void>;
  /** How many chunks wait or are worked on. */
  count(): Promise<number>;
  /** Takes chunks, one for each lane at a time, until `close`. `work` has a lane for itself; a chunk it rejects goes back. */
  start(
    lanes: readonly Lane<SweepCell, void>[],
    work: (chunk: Shard, lane: Lane<SweepCell, void>) => Promise<void>,
  ): void;
  /** Takes no more chunks. */
  pause(): void;
  /** Removes what is left of the queue. */
  clear(): Promise<void>;
  /** Gives back what is worked on; the connection is the caller's to close. */
  close(): Promise<void>;
}

/** `chunkS`: the work of a chunk, seconds. */
export async function queueJobs(
  connection: QueueConnection,
  name: string,
  { cells, plan, chunkS }: { readonly cells: readonly SweepCell[]; readonly plan: QueuedPlan; readonly chunkS: number },
): Promise<QueueJobs> {
  const bullmq = await import("bullmq");
  // Machines with another plan of the same name never meet: theirs is another queue.
  const where: Where = { name: `${name}-${plan.plan}`, options: { connection: connection.client, prefix: "servesim" } };
  const queue: Queue<Shard> = new bullmq.Queue(where.name, where.options);
  let worker: Worker<Shard> | undefined;
  queue.on("error", unheard);
  // One that a machine was clearing when it ended stays paused.
  await connection.ask(() => queue.resume());
  return {
    add: async (indexes, count) => {
      for (let at = 0; at < indexes.length; at += BATCH) {
        const jobs = indexes.slice(at, at + BATCH).map((index) => jobOf(cells, { index, count }));
        await connection.ask(() => queue.addBulk(jobs));
      }
    },
    count: () => connection.ask(() => queue.getJobCountByTypes("waiting", "active", "delayed", "prioritized")),
    start: (lanes, work) => {
      worker = workerOf(bullmq.Worker, where, { lanes, work, chunkS });
    },
    pause: () => void worker?.pause(true),
    clear: async () => {
      await connection.ask(() => queue.obliterate({ force: true }));
    },
    close: async () => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resume) => (timer = setTimeout(resume, CLOSE_MS)));
      // BullMQ waits for ever to give back chunks to a server that is away.
      const isAway = connection.client.status !== "ready";
      await Promise.race([Promise.allSettled([worker?.close(isAway), queue.close()]), late]);
      clearTimeout(timer);
    },
  };
}

interface Where {
  readonly name: string;
  readonly options: { readonly connection: QueueConnection["client"]; readonly prefix: string };
}

/** BullMQ's errors of a connection that is away: its attempts go on, and who asks the queue notices. */
const unheard = (): void => undefined;

/** What a job says is the chunk: every machine has the plan. Its name is a hash of the cells, so that adding it again changes nothing. */
function jobOf(cells: readonly SweepCell[], chunk: Shard): { name: string; data: Shard; opts: JobsOptions } {
  const hash = fingerprint(cellsOfShard(cells, chunk).map(({ id }) => id));
  // Not a number, as BullMQ demands.
  const jobId = `cells-${hash.slice(0, 24)}`;
  return { name: "cells", data: chunk, opts: { jobId, attempts: FOREVER, removeOnComplete: true, removeOnFail: true } };
}

interface Working {
  readonly lanes: readonly Lane<SweepCell, void>[];
  readonly work: Parameters<QueueJobs["start"]>[1];
  readonly chunkS: number;
}

function workerOf(BullWorker: typeof Worker, where: Where, { lanes, work, chunkS }: Working): Worker<Shard> {
  const free = [...lanes];
  const processed = async ({ data }: { readonly data: Shard }): Promise<void> => {
    const lane = free.pop()!;
    try {
      await work(data, lane);
    } finally {
      free.push(lane);
    }
  };
  const lockMs = Math.min(LOCK_MS.most, Math.max(LOCK_MS.least, chunkS * 1e3));
  const worker = new BullWorker<Shard>(where.name, processed, {
    ...where.options,
    concurrency: lanes.length,
    lockDuration: lockMs,
    stalledInterval: lockMs,
    maxStalledCount: FOREVER,
    runRetryDelay: RETRY_MS,
  });
  return worker.on("error", unheard);
}
