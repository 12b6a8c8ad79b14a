/**
 * Loads given as a fraction of capacity: the request rate that a policy sustains on a profile, found by simulating a
 * closed loop that never lets it run dry. Each policy has a capacity of its own.
 */
import { InvariantError, type Load, type Profile, greatest } from "../../formats/index.js";
import { machineOf, simulateRun, type PolicyPlan } from "../../sim/index.js";
import type { Cell } from "./cells.js";
import { workloadOf } from "../inputs/index.js";

/** Clients, so many for each seat, keep every seat taken and a queue behind; and each seat serves so many requests. */
const CLIENTS_A_SEAT = 2;
const REQUESTS_A_SEAT = 6;
/** Never fewer: filling up and draining shall weigh little. */
const LEAST_CLIENTS = 128;
const LEAST_REQUESTS = 800;

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
  const seats = seatsOf(plan, profile);
  const saturating: Load = {
    ...load,
    num_prompts: Math.max(LEAST_REQUESTS, REQUESTS_A_SEAT * seats),
    max_concurrency: Math.max(LEAST_CLIENTS, CLIENTS_A_SEAT * seats),
    think_time_s: 0,
  };
  const workload = await workloadOf(saturating, prompts, seed);
  const { info } = simulateRun({ plan, profile, workload, load: saturating, seed, coldStart: false });
  const perS = info.summary?.request_throughput;
  if (typeof perS !== "number") throw new InvariantError(`the capacity of ${plan.name} came out as ${String(perS)}`);
  return perS;
}

/** Requests that the policy serves at once, at most. */
function seatsOf(plan: PolicyPlan, profile: Profile): number {
  if (plan.work === "step") return plan.create(machineOf(profile)).limits.maxNumSeqs;
  const { batch_size: fixed, max_batch_size: most } = plan.settings;
  return Math.max(1, greatest([fixed, most].filter((size) => typeof size === "number")));
}
