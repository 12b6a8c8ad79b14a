/**
 * The remark on latencies of cells whose load is more than the server can take: they depend on the length of the run.
 */
import type { CellResult } from "./results.js";

export const GROWS = "grows with the run";

/** Whether the simulated load of a cell is above capacity. */
export function isAboveCapacity({ sim }: Pick<CellResult, "sim">): boolean {
  return (sim.info.capacity as { verdict?: string } | null | undefined)?.verdict === "above";
}

/** For charts; empty where no cell is above capacity. */
export function overloadRemark(cells: readonly Pick<CellResult, "name" | "sim">[]): string {
  const above = cells.filter(isAboveCapacity).map(({ name }) => name);
  return above.length === 0 ? "" : `Above capacity, where every latency ${GROWS}: ${above.join(", ")}.`;
}
