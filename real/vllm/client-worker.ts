/** A worker thread of the load client: sends its part of the schedule on a connection pool of its own. */
import { parentPort, workerData } from "node:worker_threads";
import { InvariantError } from "../../formats/index.js";
import { watchEventLoop } from "../event-loop-delay.js";
import { runLoad } from "./run-load.js";
import type { FromWorker, ToWorker, WorkerPart } from "./worker-protocol.js";

/** Ended requests between two reports of progress. */
const REPORT_EVERY = 32;

if (parentPort === null) throw new InvariantError("client-worker.js was started on its own, expected a worker thread");
const port = parentPort;
const { settings, workload, indices } = workerData as WorkerPart;
const controller = new AbortController();
const tell = (message: FromWorker): void => {
  port.postMessage(message);
};

let start!: (originNs: number) => void;
const started = new Promise<number>((resolve) => {
  start = resolve;
});
port.on("message", (message: ToWorker) => {
  if (message.kind === "start") start(message.originNs);
  else controller.abort();
});

const { exchanges, eventLoop } = await work();
tell({ kind: "done", exchanges: exchanges.map((own) => ({ ...own, index: indices[own.index]! })), eventLoop });
port.close();

async function work() {
  const onEnded = (ended: number): void => {
    if (ended % REPORT_EVERY === 0 || ended === workload.requests.length) tell({ kind: "progress", ended });
  };
  const whenReady = async (): Promise<number> => {
    tell({ kind: "ready" });
    return started;
  };
  let endWatch = watchEventLoop();
  const { exchanges: sent } = await runLoad({
    settings,
    workload,
    signal: controller.signal,
    onEnded,
    originNs: async () => {
      const originNs = await whenReady();
      // Making the bodies held the event loop up; only the run counts.
      endWatch();
      endWatch = watchEventLoop();
      return originNs;
    },
  });
  return { exchanges: sent, eventLoop: endWatch() };
}
