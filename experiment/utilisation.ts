/**
 * Loads given as a fraction of capacity: the request rate that a policy sustains on a profile, found by simulating a
 * closed loop that never lets it run dry. Each policy has a capacity of its own.
 */
import { InvariantError, type Load, type Profile } from "../formats/index.js";
import { simulateRun, type PolicyPlan } from "../sim/index.js";
import type { Cell } from "./cells.js";
import { workloadOf } from "./workload-of.js";

/** Long enough that filling up and draining weigh little, and more at once than any batch of a laptop takes. */
const SATURATING = { num_prompts: 800, max_concurrency: 128 };

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
  const saturating: Load = { ...load, ...SATURATING, think_time_s: 0 };
  const workload = await workloadOf(saturating, prompts, seed);
  const { info } = simulateRun({ plan, profile, workload, load: saturating, seed, coldStart: false });
  const perS = info.summary?.request_throughput;
  if (typeof perS !== "number") throw new InvariantError(`the capacity of ${plan.name} came out as ${String(perS)}`);
  return perS;
}
