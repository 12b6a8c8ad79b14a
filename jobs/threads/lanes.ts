/** Where the tasks of a job run: lanes, each of which does one at a time, in worker threads or in this one. */
import { Worker } from "node:worker_threads";
import { ArtifactError, BackendError, ConfigError, InvariantError } from "../../formats/index.js";
import type { FromWorker, WorkerError } from "./serve-tasks.js";

export interface Lane<Task, Result> {
  run(task: Task): Promise<Result>;
  close(): Promise<void>;
}

/** Runs work that blocks the event loop for long, and with it the handling of signals. */
export type Blocking = <T>(work: () => T | Promise<T>) => Promise<T>;

/** For callers that handle no signals. */
export const asUsual: Blocking = (work) => Promise.resolve().then(work);

/** This thread, which yields to the event loop before each task. */
export function ownLane<Task, Result>(work: (task: Task) => Result | Promise<Result>): Lane<Task, Result> {
  return {
    run: async (task) => {
      await new Promise((resume) => setImmediate(resume));
      return work(task);
    },
    close: () => Promise.resolve(),
  };
}

/**
 * A worker thread that runs `program` and starts with `base`. If it dies, its task is rejected with the cause and
 * `remedy`.
 */
export function workerLane<Task, Result>(program: string | URL, base: unknown, remedy: string): Lane<Task, Result> {
  const worker = new Worker(program, { workerData: base });
  let waiting: { resolve(result: Result): void; reject(error: Error): void } | undefined;
  let dead: Error | undefined;
  let isClosing = false;
  const die = (cause: Error): void => {
    if (isClosing) return;
    dead ??= new BackendError(`a worker thread of the simulation died: ${cause.message}; ${remedy}`, { cause });
    waiting?.reject(dead);
    waiting = undefined;
  };
  worker.on("message", (message: FromWorker) => {
    const asked = waiting;
    waiting = undefined;
    if ("result" in message) asked?.resolve(message.result as Result);
    else asked?.reject(asError(message.error));
  });
  worker.on("error", die).on("messageerror", die);
  worker.on("exit", (code) => {
    die(new Error(`exit code ${code}`));
  });
  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        if (dead !== undefined) {
          reject(dead);
          return;
        }
        waiting = { resolve, reject };
        worker.postMessage(task);
      }),
    close: async () => {
      isClosing = true;
      await worker.terminate();
    },
  };
}

const classes = { ConfigError, ArtifactError, BackendError, InvariantError };

function asError({ name, message, stack }: WorkerError): Error {
  const known = Object.hasOwn(classes, name) ? new classes[name as keyof typeof classes](message) : new Error(message);
  if (stack !== undefined) known.stack = stack;
  return known;
}
