/** Where steps left the range that the profile was measured on; as in range-use.ts. */

/** In the order of RangeUse. */
export const BATCH: i32 = 0;
export const STEP_TOKENS: i32 = 1;
export const PREFILL_TOKENS: i32 = 2;
export const ATTENTION_PAIRS: i32 = 3;
export const PROMPT_TOKENS: i32 = 4;
export const CONTEXT_TOKENS: i32 = 5;
const QUANTITIES: i32 = 6;
const SIDES: i32 = 2 * QUANTITIES;

/** By quantity: what was measured. By side, below and above: the farthest that was asked (NaN: nothing), and for how long. */
export const measuredLow = memory.data(QUANTITIES * 8, 16);
export const measuredHigh = memory.data(QUANTITIES * 8, 16);
export const asked = memory.data(SIDES * 8, 16);
export const beyondNs = memory.data(SIDES * 8, 16);
export let anyBeyondNs: f64 = 0;
export let totalNs: f64 = 0;
let sides: i32 = 0;

export function beginRange(): void {
  for (let side = 0; side < SIDES; side++) {
    store<f64>(asked + (side << 3), NaN);
    store<f64>(beyondNs + (side << 3), 0);
  }
  anyBeyondNs = totalNs = 0;
  sides = 0;
}

export function see(quantity: i32, value: f64): void {
  if (value < load<f64>(measuredLow + (quantity << 3))) seeBeyond(2 * quantity, value);
  else seeAbove(quantity, value);
}

export function seeAbove(quantity: i32, value: f64): void {
  if (value > load<f64>(measuredHigh + (quantity << 3))) seeBeyond(2 * quantity + 1, value);
}

function seeBeyond(side: i32, value: f64): void {
  sides |= 1 << side;
  const at = asked + (side << 3);
  const farthest = load<f64>(at);
  const isFarther = (side & 1) === 0 ? !(farthest <= value) : !(farthest >= value);
  if (isFarther) store<f64>(at, value);
}

export function took(ns: f64): void {
  totalNs += ns;
  if (sides === 0) return;
  anyBeyondNs += ns;
  for (let side = 0; side < SIDES; side++) {
    if ((sides & (1 << side)) !== 0) store<f64>(beyondNs + (side << 3), load<f64>(beyondNs + (side << 3)) + ns);
  }
  sides = 0;
}

/** Steps on one side of the range that decode the same requests, the first with this many cached tokens; in all for `ns`. */
export function tookDecodes(requests: i32, contextTokens: f64, rounds: i32, ns: f64): void {
  const n = <f64>requests;
  see(BATCH, n);
  see(STEP_TOKENS, n);
  see(CONTEXT_TOKENS, contextTokens / n);
  if (rounds > 1) see(CONTEXT_TOKENS, (contextTokens + <f64>(rounds - 1) * n) / n);
  took(ns);
}

/** How many such steps from the first on, at most `most`, lie on one side. */
export function decodesOnOneSide(requests: i32, contextTokens: f64, most: i32): i32 {
  const n = <f64>requests;
  const low = load<f64>(measuredLow + (CONTEXT_TOKENS << 3));
  const high = load<f64>(measuredHigh + (CONTEXT_TOKENS << 3));
  const mean = contextTokens / n;
  if (mean > high) return most;
  const bound = mean < low ? low : high;
  for (let round = most > 1 ? firstToLook(bound - mean) : 1; round < most; round++) {
    const next = (contextTokens + <f64>round * n) / n;
    if (mean < low ? next >= low : next > high) return round;
  }
  return most;
}

/** The mean grows by one a round, up to rounding. */
function firstToLook(distance: f64): i32 {
  return distance > 2147483647 ? i32.MAX_VALUE : max(1, <i32>floor<f64>(distance) - 1);
}
