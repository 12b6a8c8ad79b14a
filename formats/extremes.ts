/**
 * The greatest and least of any number of values: as arguments of Math.max, some hundred thousand overflow the stack.
 */

/** -Infinity of nothing. */
export function greatest(values: Iterable<number>): number {
  let found = -Infinity;
  for (const value of values) found = Math.max(found, value);
  return found;
}

/** Infinity of nothing. */
export function least(values: Iterable<number>): number {
  let found = Infinity;
  for (const value of values) found = Math.min(found, value);
  return found;
}

/**
 * Length of a vector, the same to the bit as Math.hypot: scaled by its greatest part, summed with compensation (Kahan).
 */
export function norm(values: readonly number[]): number {
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (scale === 0 || scale === Infinity) return scale;
  let sum = 0;
  let lost = 0;
  for (const value of values) {
    const part = (Math.abs(value) / scale) ** 2 - lost;
    const next = sum + part;
    lost = next - sum - part;
    sum = next;
  }
  return Math.sqrt(sum) * scale;
}
