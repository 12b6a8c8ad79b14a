/**
 * Sums of products of whole numbers, exact however many there are, at the cost of a few multiplications each: factors
 * are cut into limbs of 24 bits, so that no partial product, nor a short sum of them, passes 2^53. Factors too large
 * for two limbs go through BigInt.
 */

const LIMB = 2 ** 24;
const PER_LIMB = 2 ** -24;
/** Factors below this have two limbs. */
const TWO_LIMBS = 2 ** 48;
const PER_TWO_LIMBS = 2 ** -48;
/** Products between two carries: what they add to a place, 15 x 2 x 2^48, and what a carry leaves there is below 2^53. */
const ROOM = 15;

/** An exact sum of products; every factor is whole and from 0 to 2^53 - 1. */
export class ExactSum {
  private ones = 0;
  private limbs = 0; // x 2^24
  private pairs = 0; // x 2^48
  private top = 0; // x 2^96
  private room = ROOM;
  private large = 0n;

  /** Adds a x b. */
  add(a: number, b: number): void {
    if (this.room-- === 0) this.carry();
    const ab = a * b; // exact when it is below the limit: a rounded product is above it
    if (ab < TWO_LIMBS) {
      this.ones += ab;
    } else if (a < TWO_LIMBS && b < TWO_LIMBS) {
      const aHigh = Math.floor(a * PER_LIMB);
      const bHigh = Math.floor(b * PER_LIMB);
      const aLow = a - aHigh * LIMB;
      const bLow = b - bHigh * LIMB;
      this.ones += aLow * bLow;
      this.limbs += aLow * bHigh + aHigh * bLow;
      this.pairs += aHigh * bHigh;
    } else {
      this.large += BigInt(a) * BigInt(b);
    }
  }

  /** Adds a x b x c. */
  add3(a: number, b: number, c: number): void {
    const ab = a * b;
    if (ab < TWO_LIMBS) this.add(ab, c);
    else this.large += BigInt(a) * BigInt(b) * BigInt(c);
  }

  /** Adds a x b x c x d. */
  add4(a: number, b: number, c: number, d: number): void {
    const ab = a * b;
    const cd = c * d;
    if (ab < TWO_LIMBS && cd < TWO_LIMBS) this.add(ab, cd);
    else this.large += BigInt(a) * BigInt(b) * BigInt(c) * BigInt(d);
  }

  total(): bigint {
    return (
      this.large +
      BigInt(this.ones) +
      (BigInt(this.limbs) << 24n) +
      (BigInt(this.pairs) << 48n) +
      (BigInt(this.top) << 96n)
    );
  }

  private carry(): void {
    const fromOnes = Math.floor(this.ones * PER_LIMB);
    this.ones -= fromOnes * LIMB;
    const limbs = this.limbs + fromOnes;
    const fromLimbs = Math.floor(limbs * PER_LIMB);
    this.limbs = limbs - fromLimbs * LIMB;
    const pairs = this.pairs + fromLimbs;
    const fromPairs = Math.floor(pairs * PER_TWO_LIMBS);
    this.pairs = pairs - fromPairs * TWO_LIMBS;
    this.top += fromPairs;
    this.room = ROOM - 1;
  }
}

/** The double nearest to a / b (a from 0, b from 1), ties to even. */
export function nearestQuotient(a: bigint, b: bigint): number {
  // A quotient of at least 64 bits, its last one set when there is a remainder: rounding that is rounding a / b.
  const shift = Math.max(0, 64 + bits(b) - bits(a));
  const scaled = a << BigInt(shift);
  const sticky = scaled % b === 0n ? 0n : 1n;
  return Number((scaled / b) | sticky) / 2 ** shift;
}

function bits(value: bigint): number {
  return value.toString(16).length * 4;
}
