/**
 * A bag of whole numbers in growable typed arrays: single values with how often they count, and arithmetic
 * progressions whose every term counts as often. Nothing is checked here.
 */

/** start, start + increment, ... (`terms` of them), each counted `weight` times: 4 numbers in `runs`. */
export const RUN_FIELDS = 4;
/** A value and how often it counts: 2 numbers in `singles`. */
export const SINGLE_FIELDS = 2;

export class GapStore {
  /** value, weight, value, weight, ... up to `singlesEnd`. */
  singles = new Float64Array(64);
  singlesEnd = 0;
  /** start, increment, terms, weight, ... up to `runsEnd`. */
  runs = new Float64Array(64);
  runsEnd = 0;
  /** How many values, each as often as it counts. */
  count = 0;
  least = Infinity;
  greatest = -Infinity;
  /** Sum over the progressions of last - first term: how far they spread. */
  runSpans = 0;

  addOne(value: number, weight: number): void {
    if (this.singlesEnd === this.singles.length) this.singles = doubled(this.singles);
    this.singles[this.singlesEnd] = value;
    this.singles[this.singlesEnd + 1] = weight;
    this.singlesEnd += SINGLE_FIELDS;
    this.count += weight;
    if (value < this.least) this.least = value;
    if (value > this.greatest) this.greatest = value;
  }

  /** A progression of `terms` >= 1; one that does not progress is kept as a single value. */
  add(start: number, increment: number, terms: number, weight: number): void {
    if (terms === 1 || increment === 0) {
      this.addOne(start, weight * terms);
      return;
    }
    if (this.runsEnd === this.runs.length) this.runs = doubled(this.runs);
    this.runs[this.runsEnd] = start;
    this.runs[this.runsEnd + 1] = increment;
    this.runs[this.runsEnd + 2] = terms;
    this.runs[this.runsEnd + 3] = weight;
    this.runsEnd += RUN_FIELDS;
    const span = increment * (terms - 1);
    this.count += weight * terms;
    this.runSpans += span;
    if (start < this.least) this.least = start;
    if (start + span > this.greatest) this.greatest = start + span;
  }
}

function doubled(values: Float64Array): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(values.length * 2);
  grown.set(values);
  return grown;
}
