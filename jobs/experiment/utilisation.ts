/** The cells of an experiment with a request rate in place of each utilisation. */
import { ratedLoad, type CapacityInput } from "../inputs/index.js";
import type { Cell } from "./cells.js";

export async function withRates(cells: readonly Cell[], input: CapacityInput): Promise<Cell[]> {
  return Promise.all(
    cells.map(async (cell) => {
      const load = await ratedLoad(cell.load, cell.plan, input);
      return load === cell.load ? cell : { ...cell, load };
    }),
  );
}
