/** The inside of a worker thread: does tasks, one after the other, with what the thread was started with. */
import { parentPort, workerData } from "node:worker_threads";
import { InvariantError } from "../../formats/index.js";
import type { FromWorker } from "./protocol.js";

/** `work` gets what the thread was started with, and a task; it may be asynchronous. */
export function serveTasks(work: (base: never, task: never) => unknown): void {
  const port = parentPort;
  if (port === null) throw new InvariantError("a worker's file runs as a worker thread only");
  const base = workerData as never;
  port.on("message", (task: unknown) => {
    void answer(() => work(base, task as never)).then((said) => {
      port.postMessage(said);
    });
  });
}

async function answer(work: () => unknown): Promise<FromWorker> {
  try {
    return { result: await work() };
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    return { error: { name, message, stack } };
  }
}
