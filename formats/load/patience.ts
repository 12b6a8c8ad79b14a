/**
 * How long a client waits before it gives a request up, as users write it: `30` (seconds), `exponential:30` (of that
 * mean), or `lognormal:30:0.5` (of that mean, and standard deviation over mean).
 */
import { z } from "zod";

export type PatienceLaw =
  | { readonly kind: "constant" | "exponential"; readonly meanS: number }
  | { readonly kind: "lognormal"; readonly meanS: number; readonly cv: number };

const LONGEST_S = 1e6;
const MOST_CV = 100;
const EXPECTED =
  `expected seconds, exponential:MEAN or lognormal:MEAN:CV, such as 30, exponential:30 or lognormal:30:0.5 (up to ` +
  `${LONGEST_S} s, a CV up to ${MOST_CV})`;

/** Undefined for a text that says none. */
export function parsePatience(given: string | number): PatienceLaw | undefined {
  const parts = String(given).trim().split(":");
  const kind = parts.length === 1 ? "constant" : parts.shift();
  const numbers = parts.map((part) => (/^\d*\.?\d+(e[+-]?\d+)?$/i.test(part) ? Number(part) : NaN));
  const [meanS = NaN, cv = NaN] = numbers;
  if (!(meanS >= 1e-6 && meanS <= LONGEST_S)) return undefined;
  if ((kind === "constant" || kind === "exponential") && numbers.length === 1) return { kind, meanS };
  if (kind === "lognormal" && numbers.length === 2 && cv > 0 && cv <= MOST_CV) return { kind, meanS, cv };
  return undefined;
}

export const patienceSchema = z
  .union([z.number(), z.string()])
  .refine((given) => parsePatience(given) !== undefined, { error: EXPECTED });
