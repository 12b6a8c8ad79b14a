/** The messages between the main thread and the client's worker threads. */
import type { Workload } from "../../formats/index.js";
import type { EventLoopDelay } from "../event-loop-delay.js";
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
