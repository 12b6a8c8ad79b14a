/** What the page and its worker say to each other. */
import type { ComparedPolicy, PageData, State } from "../model/index.js";
import type { Frames } from "./frame.js";

/** `coarse`: the first requests of the load, for a picture at once; `exact`: all of them; `baseline`: all of another state. */
export type Stage = "coarse" | "exact" | "baseline";

export type ToWorker =
  | { readonly kind: "start"; readonly data: PageData }
  | { readonly kind: "simulate"; readonly id: number; readonly state: State; readonly stage: Stage }
  | { readonly kind: "sweep"; readonly id: number; readonly state: State }
  | { readonly kind: "watch"; readonly id: number; readonly state: State; readonly policy: ComparedPolicy };

/** Latencies at evenly spread quantiles, ms: the first is the least, the last the greatest. */
export type Quantiles = Float64Array;

/** Mean counts in equal stretches of time, from the start until somewhat after the last arrival. */
export interface Counts {
  readonly stretchS: number;
  /** Requests that wait to be scheduled, and that have been. */
  readonly waiting: Float64Array;
  readonly running: Float64Array;
}

/** A run as the page shows it; `summary` and `notes` are those of run.json. */
export interface ShownRun {
  readonly requests: number;
  readonly summary: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
  readonly preemptions: number;
  /** Fraction of KV blocks that were in use at most; absent: the run has none. */
  readonly kvHighWater?: number;
  readonly ttft: Quantiles;
  readonly e2el: Quantiles;
  readonly counts: Counts;
}

/** A run, or why there is none. */
export type Outcome = ShownRun | { readonly error: string };

export interface Outcomes {
  readonly kind: "outcomes";
  readonly id: number;
  readonly stage: Stage;
  /** Whether the run has all requests of the load. */
  readonly isWhole: boolean;
  readonly of: Readonly<Record<ComparedPolicy, Outcome>>;
}

/** Latencies of shorter runs at other rates. */
export interface SweepPoint {
  readonly kind: "sweep";
  readonly id: number;
  readonly policy: ComparedPolicy;
  readonly requests: number;
  readonly ratePerS: number;
  /** Absent: no request got an answer, or the run is rejected. */
  readonly p90TtftMs?: number;
  readonly outputTokensPerS?: number;
}

export interface Watched {
  readonly kind: "watched";
  readonly id: number;
  readonly policy: ComparedPolicy;
  readonly frames: Frames | { readonly error: string };
}

export type FromWorker = Outcomes | SweepPoint | { readonly kind: "swept"; readonly id: number } | Watched;
