/**
 * A fast generator for what is drawn millions of times: sfc32 (Doty-Humphrey, PractRand), seeded by seedrandom. Integers are
 * 32 bits wide, uniforms have 32 bits and are never 0 or 1. Normals come from a table of their quantile function.
 */
import seedrandom from "seedrandom";
import { bulkDraws, type BulkDraws, type BulkTable } from "./bulk-draws.js";
import { normalOf, uniformOf } from "./normal-cells.js";

/** Steps after which a state depends on every bit of its seed. */
const WARM_UP = 15;

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
    return normalOf(this.integer());
  }

  /**
   * Leaves a walk of at most 1024 steps in the bulk draws' `walked`: from `start`, each value `kept` of the one before and
   * `fresh` times a standard normal.
   */
  walk(steps: number, start: number, kept: number, fresh: number): void {
    const bulk = bulkDraws();
    bulk.walked[0] = start;
    this.lend(bulk);
    bulk.wasm.walk(steps, kept, fresh);
    this.takeBack(bulk);
  }

  /** Fills with at most 1024 standard normals times `weight`. */
  normals(values: Float64Array, weight: number): void {
    this.walk(values.length, 0, 0, weight);
    values.set(bulkDraws().walked.subarray(1, values.length + 1));
  }

  /**
   * Fills with 512 values of a quantile function at uniforms. The table: lines [up to which probability, base, slope], and from
   * byte `guideAt` on, by a uniform's first bits, where the first line that it may lie on begins, as 32-bit integers.
   */
  fill(values: Float64Array, table: BulkTable, guideAt: number, bits: number): void {
    const bulk = bulkDraws();
    const at = table.address(bulk);
    this.lend(bulk);
    bulk.wasm.fill(at, at + guideAt, 32 - bits);
    this.takeBack(bulk);
    values.set(bulk.filled);
  }

  /** The bulk draws go on from this generator's state. */
  private lend({ state }: BulkDraws): void {
    state[0] = this.a;
    state[1] = this.b;
    state[2] = this.c;
    state[3] = this.counter;
  }

  /** This generator goes on from where the bulk draws are. */
  private takeBack({ state }: BulkDraws): void {
    this.a = state[0]!;
    this.b = state[1]!;
    this.c = state[2]!;
    this.counter = state[3]!;
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

/** Three 32-bit integers of a name. */
export function seedsOf(name: string): readonly [number, number, number] {
  const generator = seedrandom.alea(name);
  return [generator.int32(), generator.int32(), generator.int32()];
}
