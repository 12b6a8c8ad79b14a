/** Seconds of a settings file as the whole nanoseconds that policies count in. */
export function secondsToNs(seconds: number): number {
  return Math.round(seconds * 1e9);
}
