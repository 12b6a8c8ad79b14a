/** The inside of a worker thread: does tasks, one after the other, with what the thread was started with. */
import { parentPort, workerData } from "node:worker_threads";
import { InvariantError } from "../../formats/index.js";
import type { FromWorker } from "./protocol.js";

/** `work` gets what the thread was started with, and a task. */
export function serveTasks(work: (base: never, task: never) => unknown): void {
  const port = parentPort;
  if (port === null) throw new InvariantError("a worker's file runs as a worker thread only");
  const base = workerData as never;
  port.on("message", (task: unknown) => {
    port.postMessage(answer(() => work(base, task as never)));
  });
}

function answer(work: () => unknown): FromWorker {
  try {
    return { result: work() };
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    return { error: { name, message, stack } };
  }
}
