/**
 * A bag of whole numbers in typed arrays that grow: single values with how often they count, and arithmetic progressions
 * whose every term counts as often. Nothing is checked here.
 */

/** start, start + increment, ... (`terms` of them), each counted `weight` times: 4 numbers in `runs`. */
export const RUN_FIELDS = 4;

/** Single values and how often each counts, side by side; the first `length` are in use. */
export interface Singles {
  readonly values: Uint32Array;
  readonly weights: Uint16Array;
  length: number;
  /** The greatest weight. */
  heaviest: number;
}

/** Chunks grow up to so many values, so that nothing large is copied. */
const MIN_CHUNK = 64;
const MAX_CHUNK = 65_536;
/** What a single value and its weight are at most; beyond, it is kept as a progression of one term. */
const MAX_VALUE = 2 ** 32 - 1;
const MAX_WEIGHT = 2 ** 16 - 1;

/** Values without what adds to them: this crosses threads. */
export type GapList = Readonly<
  Pick<GapStore, "chunks" | "runs" | "runsEnd" | "count" | "least" | "greatest" | "runSpans">
>;

export class GapStore {
  readonly chunks: Singles[] = [];
  private last = chunkOf(MIN_CHUNK);
  private fullChunks = 0;
  /** start, increment, terms, weight, ... up to `runsEnd`. */
  runs = new Float64Array(64);
  runsEnd = 0;
  /** How many values, each as often as it counts. */
  count = 0;
  least = Infinity;
  greatest = -Infinity;
  /** Sum over the progressions of last - first term: how far they spread. */
  runSpans = 0;

  constructor() {
    this.chunks.push(this.last);
  }

  /** Single values, however often they count. */
  get singles(): number {
    return this.fullChunks + this.last.length;
  }

  addOne(value: number, weight: number): void {
    if (value > MAX_VALUE || weight > MAX_WEIGHT) {
      this.addRun(value, 0, 1, weight);
      return;
    }
    let { last } = this;
    if (last.length === last.values.length) last = this.nextChunk();
    last.values[last.length] = value;
    last.weights[last.length++] = weight;
    this.count += weight;
    if (weight > last.heaviest) last.heaviest = weight;
    if (value < this.least) this.least = value;
    if (value > this.greatest) this.greatest = value;
  }

  /** The first `count` single values and how often each counts. */
  addMany(values: Uint32Array, weights: Uint16Array, count: number): void {
    for (let from = 0; from < count;) {
      const chunk = this.last.length < this.last.values.length ? this.last : this.nextChunk();
      const until = Math.min(count, from + chunk.values.length - chunk.length);
      chunk.values.set(values.subarray(from, until), chunk.length);
      chunk.weights.set(weights.subarray(from, until), chunk.length);
      chunk.length += until - from;
      this.note(chunk, values, weights, from, until);
      from = until;
    }
  }

  private note(chunk: Singles, values: Uint32Array, weights: Uint16Array, from: number, until: number): void {
    let { count, least, greatest } = this;
    let { heaviest } = chunk;
    for (let at = from; at < until; at++) {
      const value = values[at]!;
      const weight = weights[at]!;
      count += weight;
      if (weight > heaviest) heaviest = weight;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
    chunk.heaviest = heaviest;
    this.count = count;
    this.least = least;
    this.greatest = greatest;
  }

  /** A progression of `terms` >= 1; one that does not progress is kept as a single value. */
  add(start: number, increment: number, terms: number, weight: number): void {
    if (terms === 1 || increment === 0) this.addOne(start, weight * terms);
    else this.addRun(start, increment, terms, weight);
  }

  /** Takes in what another one holds, to which nothing is added any more. */
  adopt(other: GapList): void {
    for (const chunk of other.chunks) {
      this.chunks.push(chunk);
      this.fullChunks += chunk.length;
    }
    while (this.runsEnd + other.runsEnd > this.runs.length) this.runs = doubled(this.runs);
    this.runs.set(other.runs.subarray(0, other.runsEnd), this.runsEnd);
    this.runsEnd += other.runsEnd;
    this.count += other.count;
    this.runSpans += other.runSpans;
    this.least = Math.min(this.least, other.least);
    this.greatest = Math.max(this.greatest, other.greatest);
  }

  private addRun(start: number, increment: number, terms: number, weight: number): void {
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

  private nextChunk(): Singles {
    const { length } = this.last;
    this.fullChunks += length;
    this.last = chunkOf(Math.min(2 * length, MAX_CHUNK));
    this.chunks.push(this.last);
    return this.last;
  }
}

function chunkOf(size: number): Singles {
  return { values: new Uint32Array(size), weights: new Uint16Array(size), length: 0, heaviest: 0 };
}

function doubled(values: Float64Array): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(values.length * 2);
  grown.set(values);
  return grown;
}
