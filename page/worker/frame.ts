/** A picture of a batch at work, and all of a run: who waits, and what each request in the batch does. */

/** out: it runs, and the step has nothing of it; done: its answer is whole and its batch is not. */
export type Doing = "prefill" | "decode" | "out" | "done";

export interface FrameRow {
  readonly request: number;
  readonly doing: Doing;
  /** Tokens of it in this step, and computed before it. */
  readonly tokens: number;
  readonly past: number;
  /** KV blocks that it holds, the first ones of its holding. */
  readonly blocks: number;
}

export interface Frame {
  readonly startNs: number;
  readonly endNs: number;
  /** Next to be served first. */
  readonly waiting: readonly number[];
  readonly rows: readonly FrameRow[];
  /** Requests put back in this step. */
  readonly preempted: readonly number[];
}

/** The blocks that a request held from one frame to another; it had them in this order. */
export interface Holding {
  readonly request: number;
  readonly fromFrame: number;
  toFrame: number;
  readonly ids: number[];
}

export interface Frames {
  readonly work: "steps" | "batches";
  readonly frames: readonly Frame[];
  readonly promptTokens: readonly number[];
  readonly outputTokens: readonly number[];
  /** Of the KV cache; absent of whole batches. */
  readonly kv?: { readonly blocks: number; readonly holdings: readonly Holding[] };
  /** Frames kept are all that there are. */
  readonly isWhole: boolean;
}

/** Requests watched at most, the first ones of the load, and frames kept. */
export const WATCHED_REQUESTS = 240;
export const MOST_FRAMES = 4000;
