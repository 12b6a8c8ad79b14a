/** A worker thread of the load client: sends its part of the schedule on a connection pool of its own. */
import { parentPort, workerData } from "node:worker_threads";
import { InvariantError } from "../../../formats/index.js";
import { attemptsOf } from "../../../sim/index.js";
import { watchEventLoop } from "../../surroundings.js";
import { runLoad, type SentExchange } from "./run-load.js";
import type { FromWorker, ToWorker, WorkerPart } from "./run-in-workers.js";

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

/**
 * Reported after the turn of the event loop in which they ended, so that other answers of that turn are timed first.
 */
let unreported: SentExchange[] = [];
const tellEnded = (): void => {
  if (unreported.length > 0) tell({ kind: "ended", exchanges: unreported });
  unreported = [];
};

/** The attempt's place among those of the whole workload. */
function ofWhole(index: number): number {
  const attempts = attemptsOf(workload);
  return indices[Math.floor(index / attempts)]! * attempts + (index % attempts);
}

void work().then((eventLoop) => {
  tellEnded();
  tell({ kind: "done", eventLoop });
  port.close();
});

async function work() {
  const onExchange = (exchange: SentExchange): void => {
    if (unreported.length === 0) setImmediate(tellEnded);
    unreported.push({ ...exchange, index: ofWhole(exchange.index) });
  };
  const whenReady = async (): Promise<number> => {
    tell({ kind: "ready" });
    return started;
  };
  let endWatch = watchEventLoop();
  await runLoad({
    settings,
    workload,
    signal: controller.signal,
    onExchange,
    originNs: async () => {
      const originNs = await whenReady();
      // Making the bodies held the event loop up; only the run counts.
      endWatch();
      endWatch = watchEventLoop();
      return originNs;
    },
  });
  return endWatch();
}
