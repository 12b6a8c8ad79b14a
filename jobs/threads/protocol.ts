/** The messages between the threads of a job: a task, and its result or an error. */
export type FromWorker = { readonly result: unknown } | { readonly error: WorkerError };

/** An error on its way between threads; its name says which class it is of. */
export interface WorkerError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}
