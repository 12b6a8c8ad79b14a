/** The inside of a worker thread: does tasks, one after the other, with what the thread was started with. */
import { parentPort, workerData } from "node:worker_threads";
import { InvariantError } from "../../formats/index.js";

/** The messages between the threads of a job: a task, and its result or an error. */
export type FromWorker = { readonly result: unknown } | { readonly error: WorkerError };

/** An error on its way between threads; its name says which class it is of. */
export interface WorkerError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/**
 * `work` gets what the thread was started with, and a task; it may be asynchronous. `buffersOf`: memory of a result that is handed over
 * instead of copied.
 */
export function serveTasks<Result>(
  work: (base: never, task: never) => Result | Promise<Result>,
  buffersOf: (result: Result) => ArrayBufferLike[] = () => [],
): void {
  const port = parentPort;
  if (port === null) throw new InvariantError("a worker's file runs as a worker thread only");
  const base = workerData as never;
  port.on("message", (task: unknown) => {
    void answer(() => work(base, task as never)).then((said) => {
      port.postMessage(said, "result" in said ? (buffersOf(said.result) as ArrayBuffer[]) : []);
    });
  });
}

async function answer<Result>(
  work: () => Result | Promise<Result>,
): Promise<{ readonly result: Result } | { readonly error: WorkerError }> {
  try {
    return { result: await work() };
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    return { error: { name, message, stack } };
  }
}
