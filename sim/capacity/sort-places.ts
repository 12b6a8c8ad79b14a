/** A radix sort of places, digit by digit: a list of a million requests is not compared request by request. */
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

/** The places by the whole number from 0 to 2^31 - 1 that each has, ascending; equals stay in their order. */
export function sortPlaces(places: Uint32Array, numbers: Int32Array): Uint32Array {
  let most = 0;
  for (let at = 0; at < numbers.length; at++) most = Math.max(most, numbers[at]!);
  let sorted = places;
  for (let shift = 0; shift < 31 && most >> shift > 0; shift += DIGIT_BITS)
    sorted = sortByDigit(sorted, numbers, shift);
  return sorted;
}

function sortByDigit(places: Uint32Array, numbers: Int32Array, shift: number): Uint32Array {
  const digitOf = (place: number): number => (numbers[place]! >> shift) & (DIGITS - 1);
  // Where the places of each digit begin, and as they are put there, where the next one goes.
  const next = new Uint32Array(DIGITS + 1);
  for (const place of places) next[digitOf(place) + 1]!++;
  for (let digit = 0; digit < DIGITS; digit++) next[digit + 1] = next[digit + 1]! + next[digit]!;
  const sorted = new Uint32Array(places.length);
  for (const place of places) sorted[next[digitOf(place)]!++] = place;
  return sorted;
}
