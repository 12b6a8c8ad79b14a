/** The cells of an experiment with what is sent in each, on the profile that their rates come from. */
import type { Cell } from "./cells.js";
import type { CellWorkload } from "./simulate-cells.js";
import { requireFits } from "../../sim/index.js";
import { ratedLoad, workloadOf, type CapacityInput } from "../inputs/index.js";

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

/** The cells of an experiment with a request rate in place of each utilisation. */
export async function withRates(cells: readonly Cell[], input: CapacityInput): Promise<Cell[]> {
  return Promise.all(
    cells.map(async (cell) => {
      const load = await ratedLoad(cell.load, cell.plan, input);
      return load === cell.load ? cell : { ...cell, load };
    }),
  );
}
