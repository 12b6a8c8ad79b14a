/** What the engines of a run did, all replicas together. */
import { addStops, type AdmissionStops } from "./admission-stops.js";

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

/** Of several replicas together; how many KV blocks an engine has is no sum. */
export function sumTotals(all: readonly Omit<EngineTotals, "kvBlocks">[]): Omit<EngineTotals, "kvBlocks"> {
  const sum = (of: (totals: (typeof all)[number]) => number): number => all.reduce((total, one) => total + of(one), 0);
  return {
    steps: sum(({ steps }) => steps),
    jumpedSteps: sum(({ jumpedSteps }) => jumpedSteps),
    runSteps: sum(({ runSteps }) => runSteps),
    busyNs: sum(({ busyNs }) => busyNs),
    hostBusyNs: sum(({ hostBusyNs }) => hostBusyNs),
    frontEndBusyNs: sum(({ frontEndBusyNs }) => frontEndBusyNs),
    admissionStops: addStops(all.map(({ admissionStops }) => admissionStops)),
    preemptions: sum(({ preemptions }) => preemptions),
    kvHighWater: all.flatMap(({ kvHighWater }) => kvHighWater),
  };
}
