/**
 * A distribution by its quantiles, straight between those given and level beyond, looked up in constant time: a guide table
 * says in which piece a cell of probabilities begins. Chen and Asau, "On generating random variates from an empirical
 * distribution", AIIE Transactions 6 (1974).
 */
import { uniformOf } from "../kernel/index.js";
import type { Curve } from "./piecewise-linear.js";

const CELL_BITS = 10;
const CELLS = 1 << CELL_BITS;

export class QuantileTable {
  /** Pieces of the curve: up to which probability, and its line base + slope x probability. */
  private readonly ends: Float64Array;
  private readonly bases: Float64Array;
  private readonly slopes: Float64Array;
  /** The piece of each cell's lower end. */
  private readonly guide = new Uint32Array(CELLS);

  /** Of at least one point by ascending probability, of two at one the later counts; every value times `scale`. */
  constructor(curve: Curve, scale: number) {
    const pieces = [{ end: curve[0]![0], base: curve[0]![1], slope: 0 }];
    for (let at = 1; at < curve.length; at++) {
      const [[lowP, low], [highP, high]] = [curve[at - 1]!, curve[at]!];
      if (!(highP > lowP)) continue;
      const slope = (high - low) / (highP - lowP);
      pieces.push({ end: highP, base: low - slope * lowP, slope });
    }
    pieces.push({ end: Infinity, base: curve.at(-1)![1], slope: 0 });
    this.ends = Float64Array.from(pieces, ({ end }) => end);
    this.bases = Float64Array.from(pieces, ({ base }) => base * scale);
    this.slopes = Float64Array.from(pieces, ({ slope }) => slope * scale);
    for (let cell = 0, piece = 0; cell < CELLS; cell++) {
      while (this.ends[piece]! <= cell / CELLS) piece++;
      this.guide[cell] = piece;
    }
  }

  /** The value at a probability, 0 <= p < 1. */
  at(probability: number): number {
    let piece = this.guide[(probability * CELLS) | 0]!;
    while (probability >= this.ends[piece]!) piece++;
    return this.bases[piece]! + this.slopes[piece]! * probability;
  }

  /** The values at the uniforms of drawn integers, whose first bits are the cell. */
  fill(values: Float64Array, drawn: Int32Array): void {
    const { ends, bases, slopes, guide } = this;
    for (let at = 0; at < drawn.length; at++) {
      const integer = drawn[at]!;
      const probability = uniformOf(integer);
      let piece = guide[integer >>> (32 - CELL_BITS)]!;
      while (probability >= ends[piece]!) piece++;
      values[at] = bases[piece]! + slopes[piece]! * probability;
    }
  }
}
