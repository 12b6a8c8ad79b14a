/**
 * How sure the fit of an engine is: fits to resampled stretches of the step logs, and their intervals. Stretches, not steps, since
 * neighbouring steps resemble each other. What shows of the two clocks is read once, with the fitted model.
 */
import { quantileOf, stream } from "../../../sim/index.js";
import type { Reading } from "./read-timeline.js";

export type Intervals = Readonly<Record<string, readonly [number, number]>>;

const SAMPLES = 40;
const STRETCH_STEPS = 50;

/** What `fit` makes of resampled readings, sample by sample. */
export function resampledFits(
  readings: readonly (readonly Reading[])[],
  fit: (resampled: readonly (readonly Reading[])[]) => Readonly<Record<string, number>>,
): Readonly<Record<string, number>>[] {
  const random = stream("fit/engine-intervals");
  const resample = (run: readonly Reading[]): Reading[] => {
    const stretches = Math.max(1, Math.ceil(run.length / STRETCH_STEPS));
    return Array.from({ length: stretches }, () => {
      const first = Math.floor(random() * stretches) * STRETCH_STEPS;
      return run.slice(first, first + STRETCH_STEPS);
    }).flat();
  };
  return Array.from({ length: SAMPLES }, () => fit(readings.map(resample)));
}

/** 95 % intervals of each. */
export function intervalsOf(fits: readonly Readonly<Record<string, number>>[]): Intervals {
  return Object.fromEntries(
    Object.keys(fits[0]!).map((name) => {
      const values = fits.map((one) => one[name]!);
      return [name, [quantileOf(values, 0.025), quantileOf(values, 0.975)] as const];
    }),
  );
}
