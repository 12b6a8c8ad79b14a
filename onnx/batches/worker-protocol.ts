/** The messages between the executor and its worker thread: one reply per command, in order. */
import type { ModelFiles } from "../models/index.js";
import type { BatchRequest } from "./batch.js";

/** Given to the worker when it starts. */
export interface WorkerOptions {
  readonly model: ModelFiles;
  readonly device: "cpu" | "cuda";
  readonly threads: number;
  readonly mode: "cached" | "uncached";
  /** Which graphs to load: those that sample can take the largest logit too, but pay for sorting. */
  readonly canSample: boolean;
}

/** `load` comes first and once, `close` last; only `run` is answered with a run. */
export type WorkerCommand =
  { readonly kind: "load" } | { readonly kind: "run"; readonly batch: BatchRequest } | { readonly kind: "close" };
