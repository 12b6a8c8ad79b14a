/** The inside of a worker thread: does tasks, one after the other, with what the thread was started with. */
import { parentPort, workerData } from "node:worker_threads";
import { InvariantError } from "../../formats/index.js";
import type { FromWorker } from "./protocol.js";

export function serveTasks<Base, Task>(work: (base: Base, task: Task) => unknown): void {
  const port = parentPort;
  if (port === null) throw new InvariantError("a worker's file runs as a worker thread only");
  const base = workerData as Base;
  port.on("message", (task: Task) => {
    port.postMessage(answer(() => work(base, task)));
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
