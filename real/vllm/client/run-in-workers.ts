/**
 * A load sent by several worker threads: each has an interleaved part of the schedule, all have the same start on the
 * same clock, and all report what ends. For loads beyond what one core can send and read.
 */
import { Worker } from "node:worker_threads";
import { BackendError, type Retries, type Workload } from "../../../formats/index.js";
import { workerFile } from "../../../formats/files/index.js";
import { realClock } from "../../clock.js";
import type { EventLoopDelay } from "../../surroundings.js";
import type { LoadSettings, SentExchange } from "./run-load.js";

/** A worker's part of the load: request `i` of the part is request `indices[i]` of the whole (attempts are told apart by both). */
export interface WorkerPart {
  readonly settings: LoadSettings;
  readonly workload: Workload;
  readonly indices: readonly number[];
}

/** ready -> start -> ended... -> done; stop at any time. `originNs`: the run's start on the clock of all threads. */
export type ToWorker = { readonly kind: "start"; readonly originNs: number } | { readonly kind: "stop" };

export type FromWorker =
  | { readonly kind: "ready" }
  /** Exchanges that ended in one turn of the worker's event loop; `index` is that of the whole workload. */
  | { readonly kind: "ended"; readonly exchanges: readonly SentExchange[] }
  | { readonly kind: "done"; readonly eventLoop: EventLoopDelay };

export interface RunInWorkersInput {
  readonly settings: LoadSettings;
  readonly workload: Workload;
  readonly workers: number;
  readonly signal: AbortSignal;
  /** Called for each exchange once its worker has reported it; the start on the clock, ns. */
  onExchange(exchange: SentExchange, originNs: number): void;
}

export interface WorkersResult {
  /** The run's start on the clock, ns. */
  readonly originNs: number;
  readonly eventLoops: readonly EventLoopDelay[];
}

/** From the moment when the last worker is ready to the run's start, ns. */
const START_MARGIN_NS = 20_000_000;

export async function runInWorkers(input: RunInWorkersInput): Promise<WorkersResult> {
  const parts = partsOf(input.workload, input.workers);
  let originNs = 0;
  const threads = parts.map(
    (part) =>
      new LoadThread({ settings: input.settings, ...part }, (exchanges) => {
        for (const exchange of exchanges) input.onExchange(exchange, originNs);
      }),
  );
  const stop = (): void => {
    for (const thread of threads) thread.tell({ kind: "stop" });
  };
  try {
    await Promise.all(threads.map(({ ready }) => ready));
    originNs = realClock.nowNs() + START_MARGIN_NS;
    input.signal.addEventListener("abort", stop);
    if (input.signal.aborted) stop();
    for (const thread of threads) thread.tell({ kind: "start", originNs });
    const eventLoops = await Promise.all(threads.map(({ done }) => done));
    return { originNs, eventLoops };
  } finally {
    input.signal.removeEventListener("abort", stop);
    await Promise.all(threads.map((thread) => thread.end()));
  }
}

/**
 * Every n-th request to each of n workers; slots of a closed loop are shared out, so there are no more workers than
 * slots.
 */
export function partsOf(workload: Workload, workers: number): Omit<WorkerPart, "settings">[] {
  const { requests, maxConcurrency } = workload;
  const count = Math.max(1, Math.min(workers, requests.length, maxConcurrency));
  return Array.from({ length: count }, (_, worker) => {
    const indices = requests.map((__, index) => index).filter((index) => index % count === worker);
    const slots = Math.floor(maxConcurrency / count) + (worker < maxConcurrency % count ? 1 : 0);
    return {
      indices,
      workload: {
        ...workload,
        requests: indices.map((index) => requests[index]!),
        maxConcurrency: maxConcurrency === Infinity ? Infinity : slots,
        ...(workload.retries === undefined ? {} : { retries: retriesOf(workload.retries, indices) }),
      },
    };
  });
}

/** The pauses of some of the requests. */
function retriesOf({ most, pausesNs }: Retries, indices: readonly number[]): Retries {
  const own = new Float64Array(indices.length * most);
  for (const [at, index] of indices.entries()) own.set(pausesNs.subarray(index * most, (index + 1) * most), at * most);
  return { most, pausesNs: own };
}

class LoadThread {
  readonly ready: Promise<void>;
  readonly done: Promise<EventLoopDelay>;
  private readonly worker: Worker;

  constructor(part: WorkerPart, onEnded: (ended: readonly SentExchange[]) => void) {
    const worker = new Worker(workerFile("load-client"), { workerData: part });
    this.worker = worker;
    const died = new Promise<never>((_, reject) => {
      const fail = (cause: unknown): void => {
        reject(new BackendError("a worker thread of the load client died; send from fewer workers", { cause }));
      };
      worker.on("error", fail).on("exit", (code) => {
        if (code !== 0) fail(new Error(`exit code ${code}`));
      });
    });
    const told = <K extends FromWorker["kind"]>(kind: K): Promise<Extract<FromWorker, { kind: K }>> =>
      new Promise((resolve) => {
        worker.on("message", (message: FromWorker) => {
          if (message.kind === kind) resolve(message as Extract<FromWorker, { kind: K }>);
        });
      });
    worker.on("message", (message: FromWorker) => {
      if (message.kind === "ended") onEnded(message.exchanges);
    });
    this.ready = Promise.race([told("ready"), died]).then(() => undefined);
    this.done = Promise.race([told("done"), died]).then(({ eventLoop }) => eventLoop);
    // Whoever waits for `ready` gets the error; nobody may be waiting for `done` yet.
    this.done.catch(() => undefined);
  }

  tell(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }
}
