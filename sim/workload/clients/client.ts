/**
 * The client side of a run: when the next request is sent. Open loop (arrival times), closed loop (so many outstanding,
 * optional think time) and both combined are one rule: a request is sent at the later of its arrival time and the
 * moment a slot is free. Pure: the simulator and the real runner drive the same object.
 */
import { ConfigError, LATEST_MS, type Workload } from "../../../formats/index.js";
import { TimedRing } from "../../kernel/index.js";

export interface SentRequest {
  /** Position in the workload. */
  readonly index: number;
  /** When the client meant to send it: its arrival time, or for a closed loop the moment it was sent. */
  readonly arrivalNs: number;
}

/** Who sends the requests of a workload, of sessions or not. */
export interface RequestClient {
  readonly nextDueNs: number;
  take(nowNs: number): SentRequest | undefined;
  ended(nowNs: number, index: number): void;
}

export class Client implements RequestClient {
  /** When the next request is due; Infinity when none is left, or none until an outstanding one ends. */
  nextDueNs: number;
  private cursor = 0;
  private readonly requests: Workload["requests"];
  private readonly thinkNs: number;
  private readonly isBounded: boolean;
  /** Slots by when they are free; which one it is makes no difference. */
  private readonly slots = new TimedRing();

  constructor(workload: Workload) {
    requireIndependent(workload);
    const { requests, maxConcurrency, thinkNs } = workload;
    this.requests = requests;
    this.thinkNs = thinkNs;
    this.isBounded = maxConcurrency !== Infinity;
    const slots = this.isBounded ? Math.min(maxConcurrency, requests.length) : 0;
    for (let slot = 0; slot < slots; slot++) this.slots.push(slot, 0);
    this.nextDueNs = this.dueNs();
  }

  /** Takes the next request if it is due. */
  take(nowNs: number): SentRequest | undefined {
    const dueNs = this.nextDueNs;
    if (dueNs > nowNs) return undefined;
    if (this.isBounded) this.slots.shift();
    const index = this.cursor++;
    const { arrivalNs = dueNs } = this.requests[index]!;
    this.nextDueNs = this.dueNs();
    return { index, arrivalNs };
  }

  /** An outstanding request ended: its slot is free after the think time. ConfigError where times are no whole numbers any more. */
  ended(nowNs: number): void {
    requireTime(nowNs, this.thinkNs);
    if (!this.isBounded) return;
    // One given up may be free before one that ended earlier.
    this.slots.insert(0, nowNs + this.thinkNs);
    this.nextDueNs = this.dueNs();
  }

  private dueNs(): number {
    const request = this.requests[this.cursor];
    if (request === undefined) return Infinity;
    const slotNs = this.isBounded ? this.slots.nextNs : 0;
    // Without a time of its own: as soon as a slot is free.
    const { arrivalNs = slotNs } = request;
    return arrivalNs > slotNs ? arrivalNs : slotNs;
  }
}

/** ConfigError for a workload of sessions. */
export function requireIndependent({ sessions }: Workload): void {
  if (sessions === undefined) return;
  throw new ConfigError(
    "a workload of sessions is served only by vllm and orca, and for real only by a vLLM server; it cannot be used here",
  );
}

/** ConfigError where a pause that begins now ends when nanoseconds are no whole numbers any more. */
export function requireTime(nowNs: number, pauseNs: number): void {
  if (nowNs + pauseNs <= LATEST_MS * 1e6) return;
  throw new ConfigError(
    `the run takes more than ${Math.round(nowNs / 1e9)} s, expected at most 104 days, up to which nanoseconds are whole ` +
      "numbers; take fewer requests, shorter outputs or pauses, or correct the profile's costs",
  );
}
