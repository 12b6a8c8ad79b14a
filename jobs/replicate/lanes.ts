/** The threads that replications run in, and how many: each has all requests of the load, and what a simulation keeps of each. */
import { workerFile } from "../../formats/files/index.js";
import { workerLane, type Lane } from "../threads/index.js";
import type { LaneResult, LaneTask, ReplicationBase } from "./task.js";

export type ReplicationLane = Lane<LaneTask, LaneResult>;

/** Requests that all threads together may have: each takes some 400 bytes in each thread. */
const REQUESTS_IN_THREADS = 1.5e6;

/**
 * Whether this thread goes on after the first replication, and with how many others, where `workers` could be at work. It
 * does where one more copy of the load would be too much.
 */
export function lanesFor(workers: number, requests: number): { readonly isOwn: boolean; readonly others: number } {
  if (workers <= 1) return { isOwn: true, others: 0 };
  const threads = Math.max(1, Math.floor(REQUESTS_IN_THREADS / requests));
  if (workers < threads) return { isOwn: false, others: workers };
  return { isOwn: true, others: Math.min(workers, threads) - 1 };
}

/** A worker thread for replications, that runs `program`. */
export function replicationLane(
  base: ReplicationBase,
  program: string | URL = workerFile("replications"),
): ReplicationLane {
  return workerLane(program, base, "with --replications 1 --workers 1 none is started");
}
