/**
 * Whether a profile holds on the loads that were kept out of its fit. A mean misses when it is off by more than its
 * tolerance and by more than simulated runs of that load differ from each other: near capacity a queue that forms in
 * one run does not in the next, so there a mean over fifty says less than their band. Below capacity bands are a few
 * per cent wide, and the tolerance decides.
 */
import { HELD_OUT_GATE, signedPercent } from "../../formats/index.js";
import type { ReplayReport, ReplayStatistic } from "./replay-report.js";

/**
 * Relative errors allowed. Time to first token has more: repeats of one load differ by up to 3 % in it below capacity,
 * and what a client sees of it holds a host's moods, which move it about five times as much as time per output token.
 */
export const heldOutTolerances = {
  mean_ttft_ms: 0.2,
  mean_tpot_ms: HELD_OUT_GATE,
  mean_e2el_ms: HELD_OUT_GATE,
} as const;

export interface GateFindings {
  /** A profile with any of these is not written. */
  readonly missed: readonly string[];
  /** Beyond the tolerance, but within what simulated runs differ by: for the profile's notes. */
  readonly undecided: readonly string[];
}

/** A load this near to the server's capacity, or nearer, is said to be: errors there are those of a queue. */
const NEAR = 0.8;

export function gateHeldOut(
  reports: readonly Pick<ReplayReport, "recording" | "metrics" | "capacity">[],
): GateFindings {
  const [missed, undecided]: [string[], string[]] = [[], []];
  for (const { recording, metrics, capacity } of reports) {
    const utilisation = capacity?.utilisation ?? 0;
    const where =
      utilisation < NEAR
        ? recording
        : `${recording}, at ${Math.round(100 * utilisation)} % of capacity by this profile`;
    for (const [key, tolerance] of Object.entries(heldOutTolerances)) {
      const { real, error, band } = metrics[key as keyof typeof heldOutTolerances];
      if (error === null || Math.abs(error) <= tolerance) continue;
      const off = `${where}: ${key} is off by ${signedPercent(error)} (at most ${100 * tolerance} % is allowed`;
      if (isInside(real, band)) {
        const [low, high] = band!.map((ms) => ms.toPrecision(3));
        undecided.push(
          `${off}), but simulated runs of that load differ by as much, ${low} to ${high} ms: it cannot be decided`,
        );
      } else missed.push(`${off})`);
    }
  }
  return { missed, undecided };
}

function isInside(real: number | null, band: ReplayStatistic["band"]): boolean {
  return real !== null && band !== null && real >= band[0] && real <= band[1];
}
