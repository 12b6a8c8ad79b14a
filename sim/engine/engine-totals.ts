/** What the engines of a run did, all replicas together. */
import type { AdmissionStops } from "./admission-stops.js";

export interface EngineTotals {
  /** Steps, and how many of them were jumped over. */
  readonly steps: number;
  readonly jumpedSteps: number;
  /** Steps with drawn times that were taken in runs of decodes, not one by one. */
  readonly runSteps: number;
  /** GPU time of all steps, ns. */
  readonly busyNs: number;
  /** Time in which host threads and front ends worked, ns. */
  readonly hostBusyNs: number;
  readonly frontEndBusyNs: number;
  readonly admissionStops: AdmissionStops;
  readonly preemptions: number;
  /** Most KV blocks in use at once, by engine (each rank of the first replica, then of the next), and how many one has. */
  readonly kvHighWater: readonly number[];
  readonly kvBlocks: number;
}
