/** What the threads of a replicated simulation say to each other: a task there, its result or an error back. */
import type { ReplicationResult } from "./task.js";

export type FromWorker = { readonly result: ReplicationResult } | { readonly error: WorkerError };

/** An error that crosses threads; its class is told by its name. */
export interface WorkerError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}
