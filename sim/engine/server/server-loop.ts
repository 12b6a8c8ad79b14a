/**
 * A server on the virtual clock, as a run drives it: one engine with its front end, or several data parallel ones behind
 * one. Times in ns.
 */
import type { AdmissionStops } from "../log/index.js";
import type { Ends } from "../log/index.js";

export interface ServerLoop {
  /** Requests that are complete, for the caller to take when they are due; kept only where advance() stops at them. */
  readonly ended: Ends;
  readonly busyNs: number;
  readonly hostBusyNs: number;
  readonly frontEndBusyNs: number;
  readonly steps: number;
  readonly jumpedSteps: number;
  readonly runSteps: number;
  readonly preemptions: number;
  readonly admissionStops: AdmissionStops;
  readonly waitingRequests: number;
  /** KV blocks of all its engines, those that no request holds, and the most in use at once of each. */
  readonly kvBlocks: number;
  readonly freeBlocks: number;
  readonly kvHighWater: readonly number[];
  /** The most in use at once is from now on that of what comes. */
  watchBlocks(): void;
  /** Why it can never serve a request; undefined: it can. */
  rejection(index: number): string | undefined;
  /** A request that is not sent here, or was rejected. */
  absent(index: number): void;
  /** A request that is not rejected reaches the server; times do not go back. */
  arrive(index: number, atNs: number): void;
  /** The client of a request that it accepted gives up. */
  abort(index: number, atNs: number): void;
  /** When something happens next; Infinity when nothing will without another request. */
  nextNs(): number;
  /** Whether what happens next happens in the front end. At one instant it has its turn before the engine. */
  nextIsFrontEnd(): boolean;
  /** A time before which no request ends, whatever happens elsewhere; at least nextNs(). */
  quietUntilNs(): number;
  /**
   * Does everything that happens before `limitNs`, or before the first end of a request if it stops there. No request
   * arrives before `quietNs`, and the front end goes on before `frontEndNs`: both are the limit, unless another server has
   * its turn at the same instant.
   */
  advance(limitNs: number, quietNs?: number, frontEndNs?: number): void;
  /** The simulation is over; only what it has counted is asked from now on. */
  finish?(): void;
}
