/** The quantile function of the standard normal as a table of cells, straight within each; in the outermost, where it bends, it is computed. */
import { normalQuantile } from "./normal-quantile.js";

const PER_INTEGER = 2 ** -32;
const CELL_BITS = 11;
export const CELLS = 1 << CELL_BITS;
/** The cell of a drawn 32-bit integer is what is left of it behind so many bits; those are its place in the cell. */
export const SHIFT = 32 - CELL_BITS;
/** Outermost cells on each side. */
export const EDGE = 10;
export const starts = new Float64Array(CELLS);
for (let cell = EDGE; cell <= CELLS - EDGE; cell++) starts[cell] = normalQuantile(cell / CELLS);

/** The uniform that a drawn 32-bit integer stands for, never 0 or 1. */
export function uniformOf(drawn: number): number {
  return ((drawn >>> 0) + 0.5) * PER_INTEGER;
}

/** The standard normal that it stands for. */
export function normalOf(drawn: number): number {
  const cell = drawn >>> SHIFT;
  if (cell < EDGE || cell >= CELLS - EDGE) return normalQuantile(uniformOf(drawn));
  const start = starts[cell]!;
  return start + (starts[cell + 1]! - start) * 2 ** -SHIFT * (drawn & (2 ** SHIFT - 1));
}
