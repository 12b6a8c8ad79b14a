/**
 * How much longer or shorter than its modelled time a batch takes on a machine that does the same batch again: a factor for
 * each batch, drawn from the quantiles that repeats of one shape had in the calibration (each over its shape's median).
 */
import { ConfigError, type Profile } from "../../../formats/index.js";
import { stream } from "../../kernel/index.js";
import { piecewiseLinear } from "../piecewise-linear.js";

/** Draws factors, the same for the same stream name. ConfigError when the profile does not have the quantiles. */
export function batchJitter({ name, noise }: Pick<Profile, "name" | "noise">, streamName: string): () => number {
  const quantiles = noise?.repeat_quantiles;
  if (quantiles === undefined || quantiles.length === 0) {
    throw new ConfigError(
      `profile "${name}" does not say how its repeats vary; calibrate again, or simulate without jitter`,
    );
  }
  const random = stream(streamName);
  return () => piecewiseLinear(quantiles, random());
}
