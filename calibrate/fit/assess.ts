/** Whether a fit is good enough to simulate with: reasons against it, in words. Errors are fractions, texts have percent. */
import { HELD_OUT_GATE, type FitScore } from "../../formats/index.js";
import type { StaticBatchFit } from "./static-batch.js";

/** A fit that misses unseen batches by too much; exit code 4 at the command line. */
export class FitRejected extends Error {
  override readonly name = "FitRejected";

  constructor(readonly reasons: readonly string[]) {
    super(reasons.join("\n  "));
  }
}

/** What assess looks at; a profile's own scores will do. */
export type AssessedFit = Pick<StaticBatchFit, "fit" | "held_out" | "noise"> & {
  readonly warnings?: readonly string[];
};

/** Reasons to reject the fit, the error first and then what may be behind it; none when it is good, or nothing was held out. */
export function assess({ fit, held_out, noise, warnings = [] }: AssessedFit): string[] {
  const unseen = held_out?.batch;
  if (unseen === undefined || unseen.points === 0 || unseen.median_ape <= HELD_OUT_GATE) return [];
  const reasons = [
    `the fit misses unseen batches by ${percent(unseen.median_ape)} (median of ${unseen.points} shapes held out), ` +
      `expected at most ${percent(HELD_OUT_GATE)}`,
  ];
  for (const part of ["prefill", "decode"] as const) {
    const own = held_out?.[part];
    if (own !== undefined && own.median_ape > HELD_OUT_GATE) {
      reasons.push(`${part} by itself is off by ${percent(own.median_ape)}`);
    }
  }
  if (noise.repeat_spread > HELD_OUT_GATE) {
    reasons.push(
      `repeats of one shape differ by ±${percent(noise.repeat_spread)}: the machine was not quiet, so stop what else runs ` +
        `and measure more repeats`,
    );
  } else if (isMuchWorse(unseen, fit.batch)) {
    reasons.push(
      `the shapes of the fit are met within ${percent(fit.batch.median_ape)}, so the grid is too coarse: measure more ` +
        `batch sizes and prompt lengths`,
    );
  } else {
    reasons.push(
      "the fit also misses its own shapes, so the model's terms cannot describe what batches cost on this machine",
    );
  }
  return [...reasons, ...warnings];
}

function isMuchWorse(unseen: FitScore, seen: FitScore): boolean {
  return unseen.median_ape > 2 * seen.median_ape;
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}
