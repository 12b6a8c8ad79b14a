/**
 * The values at given ranks of a GapStore, as if everything were written out and sorted: count into buckets of equal
 * width (progressions by arithmetic, not term by term), then look only into the buckets that hold a rank, until one
 * value is left. Each round is linear in the number of singles and progressions.
 */
import { GapStore, RUN_FIELDS, type Singles } from "./gap-store.js";

/** The more, the fewer values are left for the next round; gaps are so alike that few of the buckets are ever touched. */
const MAX_BUCKETS = 2 ** 16;
const MIN_BUCKETS = 16;
/** Buckets are so few that progressions, which are cut at each, reach into about this many for each single or progression. */
const OVERLAPS_PER_ENTRY = 1 / 8;

/** A bucket that holds ranks: its values lie in [from, until). */
interface Target {
  readonly from: number;
  readonly until: number;
  /** Values in lower buckets. */
  readonly before: number;
  readonly content: GapStore;
}

/** Values at `ranks` (ascending, from 0, below `store.count`), in that order. */
export function valuesAtRanks(store: GapStore, ranks: readonly number[]): number[] {
  const { least, greatest } = store;
  if (least === greatest) return ranks.map(() => least);
  const width = bucketWidth(store);
  const counts = countByBucket(store, width);
  const targets = targetsOf(counts, least, width, ranks);
  fill(targets, store, width, counts.length);
  return targets.flatMap(({ before, content }) =>
    valuesAtRanks(
      content,
      ranks.filter((rank) => rank >= before && rank < before + content.count).map((rank) => rank - before),
    ),
  );
}

/** A power of two, so that dividing by it is exact. */
function bucketWidth({ least, greatest, runSpans, singles, runsEnd }: GapStore): number {
  const range = greatest - least + 1;
  const runs = runsEnd / RUN_FIELDS;
  const entries = singles + runs;
  const meanSpans = runSpans / range; // of all progressions, in widths of the whole range
  const affordable = Math.min(4 * entries, (OVERLAPS_PER_ENTRY * entries) / meanSpans, MAX_BUCKETS);
  return 2 ** Math.max(0, Math.ceil(Math.log2(range / Math.max(MIN_BUCKETS, affordable))));
}

function countByBucket({ least, greatest, chunks, runs, runsEnd }: GapStore, width: number): Float64Array {
  const perWidth = 1 / width;
  const counts = new Float64Array(Math.floor((greatest - least) * perWidth) + 1);
  for (const chunk of chunks) countSingles(counts, chunk, least, perWidth);
  for (let i = 0; i < runsEnd; i += RUN_FIELDS) {
    const offset = runs[i]! - least;
    const increment = runs[i + 1]!;
    const terms = runs[i + 2]!;
    const weight = runs[i + 3]!;
    for (let term = 0; term < terms;) {
      const bucket = ((offset + term * increment) * perWidth) | 0;
      const next = Math.min(terms, Math.ceil(((bucket + 1) * width - offset) / increment));
      counts[bucket] = counts[bucket]! + (next - term) * weight;
      term = next;
    }
  }
  return counts;
}

/** Loops over singles are functions of their own: called for each chunk, they stay compiled. */
function countSingles(
  counts: Float64Array,
  { values, weights, length }: Singles,
  least: number,
  perWidth: number,
): void {
  for (let i = 0; i < length; i++) {
    const bucket = ((values[i]! - least) * perWidth) | 0; // floor: there are few buckets
    counts[bucket] = counts[bucket]! + weights[i]!;
  }
}

/** The buckets that hold the ranks, each once, ascending. */
function targetsOf(counts: Float64Array, least: number, width: number, ranks: readonly number[]): Target[] {
  const targets: Target[] = [];
  let bucket = 0;
  let before = 0;
  for (const rank of ranks) {
    for (; before + counts[bucket]! <= rank; bucket++) before += counts[bucket]!;
    const from = least + bucket * width;
    if (targets.at(-1)?.from === from) continue;
    targets.push({ from, until: from + width, before, content: new GapStore() });
  }
  return targets;
}

/** Copies into each target what of the store lies in its bucket. */
function fill(targets: readonly Target[], store: GapStore, width: number, buckets: number): void {
  const { least, chunks, runs, runsEnd } = store;
  const perWidth = 1 / width;
  const targetOf = new Uint8Array(buckets); // 1 + index of the target, 0: none
  targets.forEach(({ from }, index) => (targetOf[Math.floor((from - least) * perWidth)] = index + 1));
  for (const chunk of chunks) fillSingles(targets, targetOf, chunk, least, perWidth);
  for (let i = 0; i < runsEnd; i += RUN_FIELDS) {
    const start = runs[i]!;
    const increment = runs[i + 1]!;
    const terms = runs[i + 2]!;
    const last = start + increment * (terms - 1);
    for (const { from, until, content } of targets) {
      if (start >= until || last < from) continue;
      const first = start >= from ? 0 : Math.ceil((from - start) / increment);
      const end = last < until ? terms : Math.ceil((until - start) / increment);
      if (first < end) content.add(start + first * increment, increment, end - first, runs[i + 3]!);
    }
  }
}

/** Copies a chunk's singles into their targets; `targetOf`: 1 + index of a bucket's target. */
function fillSingles(
  targets: readonly Target[],
  targetOf: Uint8Array,
  { values, weights, length }: Singles,
  least: number,
  perWidth: number,
): void {
  for (let i = 0; i < length; i++) {
    const value = values[i]!;
    const target = targetOf[((value - least) * perWidth) | 0]!;
    if (target > 0) targets[target - 1]!.content.addOne(value, weights[i]!);
  }
}
