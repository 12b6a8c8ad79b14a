/** What a file names (a policy, a profile) and is not found: the error says where it stands. */
import { ConfigError } from "../../formats/index.js";
import { findPolicy, planPolicy, type PolicyPlan } from "../../sim/index.js";

/** What `make` returns; of a ConfigError the place comes first. */
export function atPlace<T>(place: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`${place}: ${error.message}`, { cause: error });
  }
}

/** A policy that a file names at `place`, with its settings there. */
export function planPolicyAt(place: string, name: string, settings: Readonly<Record<string, unknown>>): PolicyPlan {
  atPlace(`${place}.policy`, () => findPolicy(name));
  return planPolicy(name, settings, { source: place });
}
