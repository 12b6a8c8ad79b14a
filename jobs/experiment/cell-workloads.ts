/** The cells of an experiment with what is sent in each, on the profile that their rates come from. */
import type { Cell } from "./cells.js";
import type { CellWorkload } from "./simulate-cells.js";
import { withRates } from "./utilisation.js";
import { requireFits } from "../../sim/index.js";
import { workloadOf, type CapacityInput } from "../inputs/index.js";

/** ConfigError when a request of a batch policy does not fit the profile's model. */
export async function cellWorkloads(asked: readonly Cell[], input: CapacityInput): Promise<CellWorkload[]> {
  const { profile, prompts, seed } = input;
  const cells = await withRates(asked, input);
  const workloads = await Promise.all(
    cells.map(async (cell) => ({ cell, workload: await workloadOf(cell.load, prompts, seed) })),
  );
  for (const { cell, workload } of workloads) {
    if (cell.plan.work === "batch") requireFits(workload, profile.model.positions, profile.model.name);
  }
  return workloads;
}
