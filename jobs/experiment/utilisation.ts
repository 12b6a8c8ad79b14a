/** Loads given as a fraction of capacity: each policy has a capacity of its own on a profile. */
import { ConfigError, type Load, type Profile } from "../../formats/index.js";
import { saturatedRate, type PolicyPlan } from "../../sim/index.js";
import { workloadOf } from "../inputs/index.js";
import type { Cell } from "./cells.js";

export interface CapacityInput {
  readonly profile: Profile;
  readonly prompts: string | undefined;
  readonly seed: string;
}

/** The cells with a request rate in place of each utilisation. */
export async function withRates(cells: readonly Cell[], input: CapacityInput): Promise<Cell[]> {
  return Promise.all(
    cells.map(async (cell) => {
      const { utilisation, ...load } = cell.load;
      if (utilisation === undefined) return cell;
      const ratePerS = utilisation * (await capacityPerS(cell.plan, load, input));
      return { ...cell, load: { ...load, request_rate: Number(ratePerS.toPrecision(3)) } };
    }),
  );
}

/** ConfigError where the policy serves none of the requests on the profile. */
async function capacityPerS(plan: PolicyPlan, load: Load, { profile, prompts, seed }: CapacityInput): Promise<number> {
  const workload = await workloadOf(load, prompts, seed);
  const full = saturatedRate({ plan, profile, workload, load, seed, coldStart: false });
  if ("reason" in full) throw new ConfigError(`utilisation of ${plan.name}: ${full.reason}`);
  return full.requestsPerS;
}
