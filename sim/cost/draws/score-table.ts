/**
 * A value by a normal score, in one look-up: cells of the score, straight within each. Scores come as places, in cells
 * from the table's low end, so that no caller has to convert them.
 */

import { BulkTable, bulkDraws } from "../../kernel/index.js";

const LOW_SCORE = -6;
const CELLS = 768;

/** Cells to a unit of score: 64. */
export const CELLS_PER_SCORE = CELLS / (-2 * LOW_SCORE);
/** The place of score 0. */
export const MIDDLE = CELLS / 2;

export class ScoreTable {
  /** At the low end of each cell, and of one more beyond the table. */
  private readonly values: Float64Array;
  private readonly bulk: BulkTable;

  /** `valueAt` returns the value at a probability of a lower score. */
  constructor(valueAt: (probability: number) => number) {
    this.values = Float64Array.from({ length: CELLS + 2 }, (_, cell) => {
      return valueAt(normalProbability(LOW_SCORE + cell / CELLS_PER_SCORE));
    });
    this.bulk = new BulkTable(this.values.buffer);
  }

  /** Makes values of the places in the bulk draws' block. */
  lookUpBlock(): void {
    const bulk = bulkDraws();
    bulk.wasm.lookUp(this.bulk.address(bulk), CELLS);
  }

  /** The value at a place; beyond the table that of its end. Without a call, whose result V8 would put into an object. */
  at(place: number): number {
    const { values } = this;
    const within = place > 0 ? (place < CELLS ? place : CELLS) : 0;
    const cell = within | 0;
    const low = values[cell]!;
    return low + (values[cell + 1]! - low) * (within - cell);
  }
}

/** Standard normal distribution function; absolute error below 1e-7 (Abramowitz and Stegun 26.2.17). */
export function normalProbability(score: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(score));
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const upper = (Math.exp((-score * score) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return score >= 0 ? 1 - upper : upper;
}
