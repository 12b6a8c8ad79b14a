/**
 * A fast generator for what is drawn millions of times: sfc32 (Doty-Humphrey, PractRand), seeded by seedrandom. Integers are
 * 32 bits wide, uniforms have 32 bits and are never 0 or 1. Normals come from a table of their quantile function.
 */
import seedrandom from "seedrandom";
import { normalQuantile } from "./normal-quantile.js";

const PER_INTEGER = 2 ** -32;
/** Steps after which a state depends on every bit of its seed. */
const WARM_UP = 15;

/** Cells of the quantile function, straight within each from its start; in the outermost, where it bends, it is computed. */
const CELL_BITS = 11;
const CELLS = 1 << CELL_BITS;
const SHIFT = 32 - CELL_BITS;
const IN_CELL = 2 ** SHIFT - 1;
const EDGE = 10;
const starts = new Float64Array(CELLS);
for (let cell = EDGE; cell <= CELLS - EDGE; cell++) starts[cell] = normalQuantile(cell / CELLS);

/** The last walk: V8 knows where a constant lies that is not exported, and does not look it up in every step. */
const path = new Float64Array(1024 + 1);
export const walked = path;

export class Sfc32 {
  /** The state: loops that draw millions have it in variables meanwhile, and put it back by `resume`. */
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
    return cell >= EDGE && cell < CELLS - EDGE ? straight(drawn, cell) : normalQuantile(uniformOf(drawn));
  }

  /**
   * Leaves a walk of at most 1024 steps in `walked`: from `start`, each value `kept` of the one before and `fresh` times a
   * standard normal.
   */
  walk(steps: number, start: number, kept: number, fresh: number): void {
    path[0] = start;
    for (let at = 0; ; at++) {
      at = this.walkInside(at, steps, kept, fresh);
      if (at === steps) return;
      path[at + 1] = kept * path[at]! + fresh * this.normal();
    }
  }

  /** Walks on until a normal has to be computed; returns how far. V8 keeps a loop without calls in registers. */
  private walkInside(from: number, steps: number, kept: number, fresh: number): number {
    let { a, b, c, counter } = this;
    let at = from;
    let value = path[at]!;
    // Integers and doubles: of what kind an argument is would be asked in every step.
    const last = steps | 0;
    const keptPart = 1 * kept;
    const freshPart = 1 * fresh;
    while (at < last) {
      const drawn = (a + b + counter) | 0;
      const cell = drawn >>> SHIFT;
      if (cell < EDGE || cell >= CELLS - EDGE) break;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + drawn) | 0;
      value = keptPart * value + freshPart * straight(drawn, cell);
      path[++at] = value;
    }
    this.resume(a, b, c, counter);
    return at;
  }

  /** Fills with integers. */
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

  /** Goes on from that state. */
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

/** The quantile within a cell. */
function straight(drawn: number, cell: number): number {
  const start = starts[cell]!;
  return start + (starts[cell + 1]! - start) * 2 ** -SHIFT * (drawn & IN_CELL);
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
