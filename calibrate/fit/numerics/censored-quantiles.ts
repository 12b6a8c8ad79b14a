/**
 * The distribution of values of which some are known only to be at most so much: the product-limit estimate of Kaplan and
 * Meier (1958) on the reversed axis, since what is hidden lies below.
 */

export interface Sighting {
  readonly value: number;
  /** False: the value is `value` or less. */
  readonly isExact: boolean;
}

/** Quantiles [p, value], p from 0 to 1, `points` of them and some more near 0; undefined with fewer than `least` exact values. */
export function censoredQuantiles(
  sightings: readonly Sighting[],
  { points = 41, least = 8 } = {},
): [p: number, value: number][] | undefined {
  const exact = sightings.filter(({ isExact }) => isExact).length;
  if (exact < least) return undefined;
  // From the largest down: at each exact value the share of what is at risk (at most this large) that has it.
  const descending = [...sightings].sort((a, b) => b.value - a.value || Number(b.isExact) - Number(a.isExact));
  const atOrBelow: [value: number, p: number][] = [];
  let share = 1;
  descending.forEach(({ value, isExact }, above) => {
    if (!isExact) return;
    atOrBelow.push([value, share]);
    share *= 1 - 1 / (descending.length - above);
  });
  const ascending = atOrBelow.reverse();
  let at = 0;
  return keptProbabilities(points).map((p) => {
    // What lies below the least exact value has its value: nothing more is known of it.
    while (at < ascending.length - 1 && ascending[at]![1] < p) at++;
    return [p, ascending[at]![0]];
  });
}

/** Few values are far below the others, and between two points a line is drawn. */
const NEAR_ZERO = [0, 0.002, 0.01, 0.025];

/** Probabilities of the quantiles that are kept: denser near 1, where the tail is, and some more near 0. */
export function keptProbabilities(points = 41): number[] {
  return [...NEAR_ZERO, ...Array.from({ length: points - 1 }, (_, k) => 1 - (1 - (k + 1) / (points - 1)) ** 2)];
}
