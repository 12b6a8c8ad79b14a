/**
 * Draws in bulk: the loops that draw a simulation's millions of numbers, in AssemblyScript for WebAssembly, which runs them in about
 * half the time that JavaScript takes. Each does what single draws of Sfc32 would, in the same order and to the last bit.
 * `npm run wasm` compiles it into bulk-draws-binary.ts.
 */

/** Most steps of a walk, and cells of a block; numbers that one fill draws. */
const BLOCK: usize = 1024;
const FILL: usize = 512;

/** The normal quantile function in cells (normal-cells.ts); in the outermost cells it is computed. */
const SHIFT: u32 = 21;
const CELLS: u32 = 1 << (32 - SHIFT);
const EDGE: u32 = 10;
const OUTER: i32 = 8;

/** Addresses, bytes. Of the generator: a, b, c and the counter. */
export const state = memory.data(16, 16);
/** By cell: the quantile at its start, and what each further integer adds. */
export const starts = memory.data(<i32>CELLS * 8, 16);
export const slopes = memory.data(<i32>CELLS * 8, 16);
/** Coefficients of the numerator and the denominator by which it is computed (normal-quantile.ts), ascending. */
export const outer = memory.data(2 * OUTER * 8, 16);
/** The latest walk; the block in the making; the latest fill. */
export const walked = memory.data((<i32>BLOCK + 1) * 8, 16);
export const block = memory.data(<i32>BLOCK * 8, 16);
export const filled = memory.data(<i32>FILL * 8, 16);
/** Where the caller keeps tables. */
export const ROOM: i32 = 1 << 20;
export const room = memory.data(ROOM, 16);

/** A walk from its start on: each value is `kept` of the one before plus `fresh` times a standard normal. */
export function walk(steps: i32, kept: f64, fresh: f64): void {
  let a = load<i32>(state);
  let b = load<i32>(state, 4);
  let c = load<i32>(state, 8);
  let counter = load<i32>(state, 12);
  let at = walked;
  const last = walked + (steps << 3);
  let value = load<f64>(at);
  for (;;) {
    let drawn = 0;
    while (at < last) {
      drawn = a + b + counter;
      counter++;
      a = b ^ (b >>> 9);
      b = c + (c << 3);
      c = rotl(c, 21) + drawn;
      const cell = (<u32>drawn) >>> SHIFT;
      if (cell - EDGE >= CELLS - 2 * EDGE) break;
      const place = cell << 3;
      const normal = load<f64>(starts + place) + load<f64>(slopes + place) * <f64>(drawn & ((1 << SHIFT) - 1));
      value = kept * value + fresh * normal;
      at += 8;
      store<f64>(at, value);
    }
    if (at === last) break;
    value = kept * value + fresh * outerNormal(drawn);
    at += 8;
    store<f64>(at, value);
  }
  store<i32>(state, a);
  store<i32>(state, b, 4);
  store<i32>(state, c, 8);
  store<i32>(state, counter, 12);
}

/** The standard normal that a drawn integer in an outermost cell stands for. */
function outerNormal(drawn: i32): f64 {
  const probability = uniformOf(drawn);
  const isLow = probability < 0.5;
  const x = sqrt<f64>(-JSMath.log(isLow ? probability : 1 - probability)) - 1.6;
  const score = polynomial(outer, x) / polynomial(outer + OUTER * 8, x);
  return isLow ? -score : score;
}

function polynomial(coefficients: usize, x: f64): f64 {
  let sum: f64 = 0;
  for (let at = coefficients + OUTER * 8; at > coefficients;) {
    at -= 8;
    sum = sum * x + load<f64>(at);
  }
  return sum;
}

/** The uniform that it stands for, never 0 or 1. */
function uniformOf(drawn: i32): f64 {
  return (<f64>(<u32>drawn) + 0.5) * 2.3283064365386963e-10;
}

/** Adds the walk to the block, each step to two to the power `bits` cells, with so much of `miss` as `bend` says for it. */
export function addWalk(bits: i32, bend: usize, miss: f64): void {
  const twoMiss = f64x2.splat(miss);
  if (bits == 0) {
    for (let at: usize = 0; at < BLOCK * 8; at += 16) {
      const level = f64x2.add(v128.load(walked + at), f64x2.mul(v128.load(bend + at), twoMiss));
      v128.store(block + at, f64x2.add(v128.load(block + at), level));
    }
    return;
  }
  for (let at: usize = 0; at < BLOCK * 8; at += 16) {
    const step = (at >>> (3 + bits)) << 3;
    const level = f64x2.splat(load<f64>(walked + step) + load<f64>(bend + step) * miss);
    v128.store(block + at, f64x2.add(v128.load(block + at), level));
  }
}

/** Each number of the block is a place in a table, from 0 to `top`, and becomes the table's value there, straight within a cell. */
export function lookUp(table: usize, top: f64): void {
  const low = f64x2.splat(0);
  const high = f64x2.splat(top);
  // Its lowest bits are then the whole number.
  const toInteger = f64x2.splat(4503599627370496.0);
  for (let at: usize = 0; at < BLOCK * 8; at += 16) {
    const places = f64x2.pmin(high, f64x2.pmax(low, v128.load(block + at)));
    const whole = f64x2.floor(places);
    const cells = f64x2.add(whole, toInteger);
    const first = v128.load(table + (i32x4.extract_lane(cells, 0) << 3));
    const second = v128.load(table + (i32x4.extract_lane(cells, 2) << 3));
    const from = v128.shuffle<f64>(first, second, 0, 2);
    const to = v128.shuffle<f64>(first, second, 1, 3);
    const within = f64x2.sub(places, whole);
    v128.store(block + at, f64x2.add(from, f64x2.mul(f64x2.sub(to, from), within)));
  }
}

/**
 * The values of a quantile function (quantile-table.ts) at the next uniforms: `pieces` are its lines, `guide` has by the uniform's
 * first bits, those beyond `shift`, the byte at which the first line that it may lie on begins.
 */
export function fill(pieces: usize, guide: usize, shift: i32): void {
  let a = load<i32>(state);
  let b = load<i32>(state, 4);
  let c = load<i32>(state, 8);
  let counter = load<i32>(state, 12);
  for (let at: usize = 0; at < FILL * 8; at += 8) {
    const drawn = a + b + counter;
    counter++;
    a = b ^ (b >>> 9);
    b = c + (c << 3);
    c = rotl(c, 21) + drawn;
    const probability = uniformOf(drawn);
    let line = pieces + load<u32>(guide + (((<u32>drawn) >>> shift) << 2));
    while (probability >= load<f64>(line)) line += 24;
    store<f64>(filled + at, load<f64>(line, 8) + load<f64>(line, 16) * probability);
  }
  store<i32>(state, a);
  store<i32>(state, b, 4);
  store<i32>(state, c, 8);
  store<i32>(state, counter, 12);
}
