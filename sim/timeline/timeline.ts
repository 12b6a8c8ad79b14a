/** What a run did at each instant: steps or batches, counts over time, and the phases of every request. Times in ns since its start. */

/** In queue: from its arrival until it is first scheduled; preempted: until it is scheduled again. */
export const phaseNames = ["queue", "prefill", "decode", "preempted"] as const;
export type PhaseName = (typeof phaseNames)[number];

/** A phase lasts until the next one begins, the last one until the request's last token. */
export interface PhaseStart {
  readonly phase: PhaseName;
  readonly atNs: number;
}

export interface RequestTimeline {
  readonly requestId: string;
  readonly status: string;
  readonly arrivalNs: number;
  /** Its last token; of a request without an answer its latest time that is known. */
  readonly endNs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** In order, the first at the arrival; none: it was never scheduled. */
  readonly phases: readonly PhaseStart[];
  /** The first piece of work that it took part in: its engine, and its place in that engine's work. */
  readonly first?: { readonly engine: number; readonly place: number } | undefined;
}

/** A step on the GPU (in the worker, of a real run), or a batch. Pieces of work of one lane do not overlap. */
export interface TimelineWork {
  readonly startNs: number;
  readonly endNs: number;
  /** Of a batch: when its prefill ended. */
  readonly firstTokenNs?: number | undefined;
  readonly tokens: number;
  readonly prefillTokens: number;
  readonly decodeRequests: number;
  /** Requests in it. */
  readonly requests: number;
}

/** Counts from an instant on. */
export interface TimelineCounts {
  readonly atNs: number;
  readonly running: number;
  readonly waiting: number;
  /** Absent: the run has no KV blocks. */
  readonly kvBlocks?: number | undefined;
}

export interface EngineTimeline {
  /** In order of their starts. */
  readonly work: readonly TimelineWork[];
  /** In order of time. */
  readonly counts: readonly TimelineCounts[];
}

export interface Timeline {
  readonly work: "steps" | "batches";
  /** Of steps one for each replica, or each of its data parallel ranks; of batches all replicas are in one, since no batch says whose it was. */
  readonly engines: readonly EngineTimeline[];
  /** As many as were sent, in the order of the run's records. */
  readonly requests: readonly RequestTimeline[];
}
