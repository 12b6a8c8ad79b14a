/**
 * A distribution by its quantiles, straight between those given and level beyond, looked up in constant time: a guide table
 * says in which piece a cell of probabilities begins. Chen and Asau, "On generating random variates from an empirical
 * distribution", AIIE Transactions 6 (1974).
 */
import { BulkTable, FILL_DRAWS, type Sfc32 } from "../../kernel/index.js";
import type { Curve } from "../piecewise-linear.js";

const CELL_BITS = 10;
const CELLS = 1 << CELL_BITS;

/** Numbers of a piece. */
const FIELDS = 3;

export class QuantileTable {
  /** Pieces of the curve, side by side: up to which probability, and its line base + slope x probability. */
  private readonly pieces: Float64Array;
  /** The piece of each cell's lower end: where it begins among the pieces, bytes. */
  private readonly guide: Uint32Array;
  /** Both, one behind the other. */
  private readonly bulk: BulkTable;

  /** Of at least one point by ascending probability, of two at one the later counts; every value times `scale`. */
  constructor(curve: Curve, scale: number) {
    const pieces = [curve[0]![0], curve[0]![1] * scale, 0];
    for (let at = 1; at < curve.length; at++) {
      const [[lowP, low], [highP, high]] = [curve[at - 1]!, curve[at]!];
      if (!(highP > lowP)) continue;
      const slope = (high - low) / (highP - lowP);
      pieces.push(highP, (low - slope * lowP) * scale, slope * scale);
    }
    pieces.push(Infinity, curve.at(-1)![1] * scale, 0);
    const table = new ArrayBuffer(8 * pieces.length + 4 * CELLS);
    this.pieces = new Float64Array(table, 0, pieces.length);
    this.pieces.set(pieces);
    this.guide = new Uint32Array(table, this.pieces.byteLength, CELLS);
    for (let cell = 0, piece = 0; cell < CELLS; cell++) {
      while (pieces[piece]! <= cell / CELLS) piece += FIELDS;
      this.guide[cell] = 8 * piece;
    }
    this.bulk = new BulkTable(table);
  }

  /** The value at a probability, 0 <= p < 1. */
  at(probability: number): number {
    const { pieces } = this;
    let piece = this.guide[(probability * CELLS) | 0]! >> 3;
    while (probability >= pieces[piece]!) piece += FIELDS;
    return pieces[piece + 1]! + pieces[piece + 2]! * probability;
  }

  /** The values at the generator's next 512 uniforms. */
  fill(values: Float64Array, random: Sfc32): void {
    if (this.bulk.fits) random.fill(values, this.bulk, this.pieces.byteLength, CELL_BITS);
    else for (let at = 0; at < FILL_DRAWS; at++) values[at] = this.at(random.uniform());
  }
}
