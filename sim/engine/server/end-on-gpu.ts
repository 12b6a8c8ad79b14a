/** When the GPU ends a step: it takes steps one after the other, and each only when enough of its launch is done. */
import type { HostCost, StepShape } from "../../cost/index.js";

/** A step on its way to the GPU. */
interface Launching {
  readonly step: StepShape;
  /** When its launch begins, and how long it takes. */
  readonly scheduledNs: number;
  readonly launchNs: number;
  readonly gpuNs: number;
}

/** When the GPU ends a step, after those before at `busyUntilNs`. */
export function endOnGpu(
  busyUntilNs: number,
  { step, scheduledNs, launchNs, gpuNs }: Launching,
  host: HostCost,
): number {
  return busyUntilNs <= scheduledNs + host.leadNs(step, launchNs)
    ? scheduledNs + host.idleSpanNs(step, launchNs, gpuNs)
    : Math.max(busyUntilNs + gpuNs, scheduledNs + launchNs);
}
