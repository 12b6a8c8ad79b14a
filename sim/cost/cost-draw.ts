/** A profile with other costs that its recordings allow as well: one row of its cost draws. */
import type { Profile } from "../../formats/index.js";

/** Row `draw`, modulo the number of rows; the profile itself where it has none. */
export function withCostDraw(profile: Profile, draw: number): Profile {
  const { cost_draws: draws, cost } = profile;
  if (draws === undefined) return profile;
  const row = draws.values[draw % draws.values.length]!;
  const drawn = structuredClone(cost);
  draws.names.forEach((name, at) => {
    const keys = name.split(".");
    const last = keys.pop()!;
    const part = keys.reduce<unknown>((of, key) => (of as Record<string, unknown> | undefined)?.[key], drawn);
    if (part !== undefined) (part as Record<string, number>)[last] = row[at]!;
  });
  return { ...profile, cost: drawn };
}
