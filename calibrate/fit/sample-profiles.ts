/**
 * Profiles that the measurements allow as well: the same terms with coefficients of bootstrap draws, so that a simulation
 * can be repeated over them and say how far calibration alone moves its answer. Terms and knots are not drawn again.
 */
import { ConfigError, type CostTerm, type Profile } from "../../formats/index.js";
import { stream } from "../../sim/kernel/index.js";

/**
 * `count` profiles, the same for the same seed. Draws are taken without repetition as long as there are any. ConfigError
 * when the profile has no `uncertainty`.
 */
export function sampleProfiles(profile: Profile, count: number, seed: string): Profile[] {
  const { cost, uncertainty } = profile;
  if (cost.kind !== "static_batch" || uncertainty === undefined) {
    throw new ConfigError(
      `profile "${profile.name}" says nothing of its uncertainty; calibrate again to get one that does`,
    );
  }
  const draws = Math.max(uncertainty.prefill.length, uncertainty.decode_step.length);
  return drawOrder(draws, count, seed).map((draw) => ({
    ...profile,
    cost: {
      ...cost,
      prefill: withCoefficients(cost.prefill, uncertainty.prefill[draw]),
      decode_step: withCoefficients(cost.decode_step, uncertainty.decode_step[draw]),
    },
  }));
}

/** A seeded order of all draws, over and over. */
function drawOrder(draws: number, count: number, seed: string): number[] {
  const random = stream(`${seed}/calibrate/sample-profiles`);
  const order = Array.from({ length: draws }, (_, draw) => ({ draw, key: random() })).sort((a, b) => a.key - b.key);
  return Array.from({ length: draws === 0 ? 0 : count }, (_, i) => order[i % draws]!.draw);
}

/** A phase without draws (nothing was measured of it) stays as it is. */
function withCoefficients(terms: readonly CostTerm[], coefficients: readonly number[] | undefined): CostTerm[] {
  return terms.map((term, i) => ({ ...term, coefficient_ns: coefficients?.[i] ?? term.coefficient_ns }));
}
