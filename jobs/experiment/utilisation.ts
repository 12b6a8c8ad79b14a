/**
 * Loads given as a fraction of capacity: the request rate that a policy sustains on a profile, found by simulating a
 * closed loop that never lets it run dry. Each policy has a capacity of its own.
 */
import { InvariantError, type Load, type Profile, greatest } from "../../formats/index.js";
import { machineOf, simulateRun, type PolicyPlan } from "../../sim/index.js";
import type { Cell } from "./cells.js";
import { workloadOf } from "../inputs/index.js";

/** Clients per slot, enough to keep every slot taken with a queue behind; requests that each slot serves. */
const CLIENTS_PER_SLOT = 2;
const REQUESTS_PER_SLOT = 6;
/** Never fewer, so that filling up and draining weigh little. */
const MIN_CLIENTS = 128;
const MIN_REQUESTS = 800;

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

async function capacityPerS(plan: PolicyPlan, load: Load, { profile, prompts, seed }: CapacityInput): Promise<number> {
  const slots = slotsOf(plan, profile);
  const saturating: Load = {
    ...load,
    num_prompts: Math.max(MIN_REQUESTS, REQUESTS_PER_SLOT * slots),
    max_concurrency: Math.max(MIN_CLIENTS, CLIENTS_PER_SLOT * slots),
    think_time_s: 0,
  };
  const workload = await workloadOf(saturating, prompts, seed);
  const { info } = simulateRun({ plan, profile, workload, load: saturating, seed, coldStart: false });
  const perS = info.summary?.request_throughput;
  if (typeof perS !== "number") throw new InvariantError(`the capacity of ${plan.name} came out as ${String(perS)}`);
  return perS;
}

/** Most requests that the policy serves at once. */
function slotsOf(plan: PolicyPlan, profile: Profile): number {
  if (plan.work === "step") return plan.limits(machineOf(profile)).maxNumSeqs;
  const { batch_size: fixed, max_batch_size: most } = plan.settings;
  return Math.max(1, greatest([fixed, most].filter((size) => typeof size === "number")));
}
