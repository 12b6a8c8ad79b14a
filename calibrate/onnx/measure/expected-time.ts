/** How long a batch will take, from those measured so far: enough to keep within a budget. Nanoseconds. */
import type { BatchShape, Measurement } from "../../fit/index.js";
import { tokensHeld } from "../plan.js";

/**
 * The last time of the same shape; else the geometric middle between the nearest smaller and larger shapes; else the
 * nearest smaller one scaled by its tokens, which is rather too much. 0 when nothing is known.
 */
export function expectedNs(shape: BatchShape, measurements: readonly Measurement[]): number {
  let exact: number | undefined;
  let below: Measurement | undefined;
  let above: Measurement | undefined;
  for (const measurement of measurements) {
    const isBelow = covers(shape, measurement);
    const isAbove = covers(measurement, shape);
    if (isBelow && isAbove) exact = measurement.wallNs;
    else if (isBelow && (below === undefined || measurement.wallNs > below.wallNs)) below = measurement;
    else if (isAbove && (above === undefined || measurement.wallNs < above.wallNs)) above = measurement;
  }
  if (exact !== undefined) return exact;
  if (below !== undefined && above !== undefined) return Math.sqrt(below.wallNs * above.wallNs);
  if (below !== undefined) return (below.wallNs * tokensHeld(shape)) / tokensHeld(below);
  return above?.wallNs ?? 0;
}

/** True when a batch is at least as large as another in every way. */
export function covers(large: BatchShape, small: BatchShape): boolean {
  return (
    large.batchSize >= small.batchSize &&
    large.promptTokens >= small.promptTokens &&
    large.decodeSteps >= small.decodeSteps
  );
}
