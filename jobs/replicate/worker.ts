/** A worker thread that simulates replications, one after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { InvariantError } from "../../formats/index.js";
import { runReplication, type ReplicationBase, type ReplicationTask } from "./task.js";
import type { FromWorker } from "./worker-protocol.js";

const port = parentPort;
if (port === null) throw new InvariantError("replicate/worker.js runs as a worker thread only");
const base = workerData as ReplicationBase;

port.on("message", (task: ReplicationTask) => {
  port.postMessage(answer(task));
});

function answer(task: ReplicationTask): FromWorker {
  try {
    return { result: runReplication(base, task).result };
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    return { error: { name, message, stack } };
  }
}
