/** What the threads of a job say to each other: a task there, its result or an error back. */
export type FromWorker = { readonly result: unknown } | { readonly error: WorkerError };

/** An error on its way between threads; its name says which class it is of. */
export interface WorkerError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}
