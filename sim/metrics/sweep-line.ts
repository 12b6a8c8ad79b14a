/**
 * How many intervals [start, end) are open at once: the maximum, and the area under the count, exactly, by sweeping
 * over sorted starts and ends. At one instant ends come before starts, so back-to-back requests never overlap.
 */

export interface Sweep {
  readonly max: number;
  /** Integral of the count over time, in interval x ns: divide by a duration for the mean. */
  readonly areaNs: number;
}

/** Sweeps over intervals given as parallel arrays (ns, end >= start); both arrays are left as they are. */
export function sweepLine(startsNs: Float64Array, endsNs: Float64Array): Sweep {
  const starts = ascending(startsNs);
  const ends = ascending(endsNs);
  let open = 0;
  let max = 0;
  let areaNs = 0;
  let nowNs = starts[0] ?? 0;
  let started = 0;
  for (const endNs of ends) {
    for (; started < starts.length && starts[started]! < endNs; started++) {
      const startNs = starts[started]!;
      areaNs += open * (startNs - nowNs);
      nowNs = startNs;
      open += 1;
      if (open > max) max = open;
    }
    areaNs += open * (endNs - nowNs);
    nowNs = endNs;
    open -= 1;
  }
  return { max, areaNs };
}

/** The values themselves when they are in order already (arrivals mostly are), or else a sorted copy. */
function ascending(values: Float64Array): Float64Array {
  for (let i = 1; i < values.length; i++) {
    if (values[i - 1]! > values[i]!) return values.slice().sort();
  }
  return values;
}
