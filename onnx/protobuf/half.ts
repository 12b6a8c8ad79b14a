/**
 * IEEE 754 binary16 and bfloat16 to and from float32. Rounds to the nearest, ties to even; beyond 65504 the result is
 * infinity. The rounding trick of F. Giesen, "half to float done quick" (2012): an addition does the shift and the
 * rounding.
 */
const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);

/** The 16 bits of the half nearest to a float32. */
export function toHalf(value: number): number {
  floats[0] = value;
  const sign = (bits[0]! >>> 16) & 0x8000;
  const magnitude = bits[0]! & 0x7fffffff;
  if (magnitude >= 0x7f800001) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Subnormal halves are whole multiples of 2^-24, and 0.5 has a float32 spacing of 2^-24.
    bits[0] = magnitude;
    floats[0] = floats[0] + 0.5;
    return sign | (bits[0] - 0x3f000000);
  }
  const isOdd = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + isOdd) >>> 13);
}

/** The value of 16 bits as a half. */
export function fromHalf(half: number): number {
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The value of 16 bits as a bfloat16: the upper half of a float32. */
export function fromBfloat16(upper: number): number {
  bits[0] = upper << 16;
  return floats[0]!;
}
