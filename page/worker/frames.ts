/** A run as pictures one after another: one for each step, or a few for each batch. */
import { ConfigError } from "../../formats/index.js";
import type { SimulatedRunInput } from "../../sim/index.js";
import type { Frames } from "./frame.js";
import { framesOfBatches } from "./frames-of-batches.js";
import { framesOfSteps } from "./frames-of-steps.js";

/** ConfigError for a run that is rejected. */
export function framesOf(input: SimulatedRunInput): Frames {
  const frames = input.plan.work === "batch" ? framesOfBatches(input) : framesOfSteps(input);
  if (frames.frames.length === 0) throw new ConfigError("no request of this load is served, there is nothing to watch");
  return frames;
}
