/** Where replications run: lanes, each of which does one at a time, in worker threads or in this one. */
import { Worker } from "node:worker_threads";
import { ArtifactError, BackendError, ConfigError, InvariantError } from "../../formats/index.js";
import { workerFile } from "../../formats/files/index.js";
import { runReplication, type ReplicationBase, type ReplicationResult, type ReplicationTask } from "./task.js";
import type { FromWorker, WorkerError } from "./worker-protocol.js";

export interface Lane {
  run(task: ReplicationTask): Promise<ReplicationResult>;
  close(): Promise<void>;
}

/** This thread, which lets others have a turn before each replication. */
export function ownLane(base: ReplicationBase): Lane {
  return {
    run: async (task) => {
      await new Promise((resume) => setImmediate(resume));
      return runReplication(base, task).result;
    },
    close: () => Promise.resolve(),
  };
}

/** A worker thread. One that dies rejects what it was asked, with the cause. */
export function workerLane(base: ReplicationBase, program: string | URL = workerFile("replications")): Lane {
  const worker = new Worker(program, { workerData: base });
  let waiting: { resolve(result: ReplicationResult): void; reject(error: Error): void } | undefined;
  let dead: Error | undefined;
  let isClosing = false;
  const die = (cause: Error): void => {
    if (isClosing) return;
    const why = `a worker thread of the simulation died: ${cause.message}; with --replications 1 none is started`;
    dead ??= new BackendError(why, { cause });
    waiting?.reject(dead);
    waiting = undefined;
  };
  worker.on("message", (message: FromWorker) => {
    const asked = waiting;
    waiting = undefined;
    if ("result" in message) asked?.resolve(message.result);
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
