/**
 * Whether a profile predicts what was kept out of its fit: read from the scores that it keeps, for simulations and
 * lists to say. A calibration that fails here is not written (cli/fit-recordings.ts, calibrate/fit/assess.ts); one that
 * ships in spite of it, or was made elsewhere, is marked.
 */
import { signedPercent } from "../words.js";
import type { Profile } from "./profile.js";

/** Greatest error of mean time per output token, latency, or median batch time on what was kept out of the fit. */
export const HELD_OUT_GATE = 0.1;

const gated = ["mean_tpot_ms", "mean_e2el_ms"] as const;

/** usable: within the gate on everything kept out; not known: nothing was kept out. */
export type TrustState = "usable" | "not usable" | "not known";

export interface Trust {
  readonly state: TrustState;
  /** The largest error on what was kept out, with its sign, and of what; absent where nothing was. */
  readonly worst?: { readonly what: string; readonly errorFraction: number };
}

export function trustOf({ held_out, held_out_runs = [] }: Profile): Trust {
  const ofRuns = held_out_runs.flatMap(({ recording, metrics }) =>
    gated.flatMap((key) => {
      const error = metrics[key]?.error;
      const what = (): string => `${key.replace("_ms", "").replace("_", " ")} of ${recording}`;
      return error == null ? [] : [{ what, errorFraction: error }];
    }),
  );
  const ofBatches =
    held_out === undefined || held_out.batch.points === 0
      ? []
      : [{ what: () => "median batch", errorFraction: held_out.batch.median_ape }];
  const [first, ...rest] = [...ofRuns, ...ofBatches];
  if (first === undefined) return { state: "not known" };
  const worst = rest.reduce((a, b) => (Math.abs(b.errorFraction) > Math.abs(a.errorFraction) ? b : a), first);
  const { what, errorFraction } = worst;
  const state = Math.abs(errorFraction) > HELD_OUT_GATE ? "not usable" : "usable";
  return { state, worst: { what: what(), errorFraction } };
}

/** A sentence on a profile that is not usable, with the figure; undefined for any other. */
export function trustWarning(profile: Profile): string | undefined {
  const { state, worst } = trustOf(profile);
  if (state !== "not usable" || worst === undefined) return undefined;
  return (
    `profile "${profile.name}" is not usable for predictions: it misses runs kept out of its fit by up to ` +
    `${signedPercent(worst.errorFraction)} (${worst.what}), where at most ${100 * HELD_OUT_GATE} % is allowed`
  );
}
