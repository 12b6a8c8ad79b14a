/**
 * A fast generator for what is drawn millions of times: sfc32 (Doty-Humphrey, PractRand), seeded by seedrandom. Integers are
 * 32 bits wide, uniforms have 32 bits and are never 0 or 1. Normals come from a table of their quantile function.
 */
import seedrandom from "seedrandom";
import { normalQuantile } from "./normal-quantile.js";

const PER_INTEGER = 2 ** -32;
/** Steps after which a state depends on every bit of its seed. */
const WARM_UP = 15;

/** Cells of the quantile function, straight within each; in the outermost, where it bends, it is computed. */
const CELL_BITS = 11;
const CELLS = 1 << CELL_BITS;
const SHIFT = 32 - CELL_BITS;
const IN_CELL = 2 ** SHIFT - 1;
const EDGE = 10;
/** Start and slope of each cell, side by side: a draw touches one line of the processor's cache. */
const lines = new Float64Array(2 * CELLS);
for (let cell = EDGE; cell < CELLS - EDGE; cell++) {
  const start = normalQuantile(cell / CELLS);
  lines[2 * cell] = start;
  lines[2 * cell + 1] = (normalQuantile((cell + 1) / CELLS) - start) * 2 ** -SHIFT;
}

export class Sfc32 {
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 1;

  /** The generator of that name: the same name gives the same numbers on every machine. */
  static named(name: string): Sfc32 {
    const [a, b, c] = seedsOf(name);
    return new Sfc32(a, b, c);
  }

  constructor(a: number, b: number, c: number) {
    this.seed(a, b, c);
  }

  /** Begins again from three 32-bit integers. */
  seed(a: number, b: number, c: number): void {
    this.a = a | 0;
    this.b = b | 0;
    this.c = c | 0;
    this.counter = 1;
    for (let step = 0; step < WARM_UP; step++) this.integer();
  }

  /** From -2^31 to 2^31 - 1. */
  integer(): number {
    const { b, c } = this;
    const drawn = (this.a + b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = b ^ (b >>> 9);
    this.b = (c + (c << 3)) | 0;
    this.c = (((c << 21) | (c >>> 11)) + drawn) | 0;
    return drawn;
  }

  uniform(): number {
    return uniformOf(this.integer());
  }

  /** Standard normal. */
  normal(): number {
    const drawn = this.integer();
    const cell = drawn >>> SHIFT;
    if (cell >= EDGE && cell < CELLS - EDGE) return lines[2 * cell]! + lines[2 * cell + 1]! * (drawn & IN_CELL);
    return normalQuantile(uniformOf(drawn));
  }

  /** Fills with integers. The state is in variables meanwhile: blocks are what most of a simulation's draws are. */
  integers(values: Int32Array): void {
    let { a, b, c, counter } = this;
    for (let at = 0; at < values.length; at++) {
      const drawn = (a + b + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + drawn) | 0;
      values[at] = drawn;
    }
    this.resume(a, b, c, counter);
  }

  /** Fills with a walk: from `start`, each value `kept` of the one before and `fresh` times a standard normal; the one after the last. */
  walk(values: Float64Array, start: number, kept: number, fresh: number): number {
    let { a, b, c, counter } = this;
    values[0] = start;
    let value = values[0]; // known to be a double, so that V8 keeps it out of objects
    for (let at = 0; at < values.length; at++) {
      values[at] = value;
      const drawn = (a + b + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + drawn) | 0;
      const cell = drawn >>> SHIFT;
      // Two sums: where the normals met in one variable V8 would put each of them into an object.
      if ((cell - EDGE) >>> 0 < CELLS - 2 * EDGE) {
        value = kept * value + fresh * (lines[2 * cell]! + lines[2 * cell + 1]! * (drawn & IN_CELL));
      } else value = kept * value + fresh * normalQuantile(uniformOf(drawn));
    }
    this.resume(a, b, c, counter);
    return value;
  }

  private resume(a: number, b: number, c: number, counter: number): void {
    this.a = a;
    this.b = b;
    this.c = c;
    this.counter = counter;
  }

  /** Exponential with mean 1. */
  exponential(): number {
    return -Math.log(this.uniform());
  }

  /** Failures before the first success of trials with that chance of it; Infinity for a chance of 0. */
  failures(chance: number): number {
    return chance > 0 ? Math.floor(this.exponential() / -Math.log1p(-chance)) : Infinity;
  }
}

/** The uniform that a drawn integer stands for. */
export function uniformOf(drawn: number): number {
  return ((drawn >>> 0) + 0.5) * PER_INTEGER;
}

/** Three 32-bit integers of a name. */
export function seedsOf(name: string): readonly [number, number, number] {
  const generator = seedrandom.alea(name);
  return [generator.int32(), generator.int32(), generator.int32()];
}
