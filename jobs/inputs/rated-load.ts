/** Loads given as a fraction of capacity: each policy has a capacity of its own on a profile. */
import { ConfigError, type Load, type Profile } from "../../formats/index.js";
import { saturatedRate, type PolicyPlan } from "../../sim/index.js";
import { workloadOf } from "./workload-of.js";

export interface CapacityInput {
  readonly profile: Profile;
  readonly prompts: string | undefined;
  readonly seed: string;
}

/** The load with a request rate in place of a utilisation; any other stays as it is. */
export async function ratedLoad(given: Load, plan: PolicyPlan, input: CapacityInput): Promise<Load> {
  const { utilisation, ...load } = given;
  if (utilisation === undefined) return given;
  const ratePerS = utilisation * (await capacityPerS(plan, load, input));
  return { ...load, request_rate: Number(ratePerS.toPrecision(3)) };
}

/** ConfigError where the policy serves none of the requests on the profile. */
async function capacityPerS(plan: PolicyPlan, load: Load, { profile, prompts, seed }: CapacityInput): Promise<number> {
  const workload = await workloadOf(load, prompts, seed);
  const full = saturatedRate({ plan, profile, workload, load, seed, coldStart: false });
  if ("reason" in full) throw new ConfigError(`utilisation of ${plan.name}: ${full.reason}`);
  return full.requestsPerS;
}
