/**
 * Requests that decode one token in every pass, held as one body: a pass costs the same whatever their number. What a
 * member has computed is its base plus the passes so far; how many of them need a new KV block in a pass follows from
 * bases modulo the block size; a ring of buckets by pass holds the members that schedule their last token in it.
 */

const NONE = -1;

export class SteadyDecodes {
  /** Passes so far. */
  passes = 0;
  size = 0;
  private baseSum = 0;
  /** Computed tokens of a member minus the passes so far. */
  private readonly base: Float64Array;
  /** Members whose computed tokens reach a multiple of the block size at passes congruent to the index. */
  private readonly crossings: Int32Array;
  /** The pass that schedules a member's last token, and the members of each pass as a linked list. */
  private readonly lastPass: Float64Array;
  private readonly heads: Int32Array;
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  private readonly ringMask: number;
  /** No member has its last pass before this one. */
  private noneBefore = 0;

  /** `capacity` requests in all, of at most `longestOutput` tokens. */
  constructor(
    capacity: number,
    longestOutput: number,
    private readonly blockSize: number,
  ) {
    const ring = 2 ** Math.ceil(Math.log2(longestOutput + 2));
    this.ringMask = ring - 1;
    this.base = new Float64Array(capacity);
    this.lastPass = new Float64Array(capacity);
    this.crossings = new Int32Array(blockSize);
    this.heads = new Int32Array(ring).fill(NONE);
    this.next = new Int32Array(capacity);
    this.previous = new Int32Array(capacity);
  }

  /** Cached tokens that all members read in the next pass. */
  get contextTokens(): number {
    return this.baseSum + this.size * this.passes;
  }

  computed(request: number): number {
    return this.base[request]! + this.passes;
  }

  /** A request that has computed so many tokens decodes from the next pass on, `remaining` (at least 1) times. */
  add(request: number, computed: number, remaining: number): void {
    const base = computed - this.passes;
    const lastPass = this.passes + remaining;
    this.base[request] = base;
    this.lastPass[request] = lastPass;
    this.baseSum += base;
    this.size++;
    this.crossings[this.residue(base)]!++;
    const bucket = lastPass & this.ringMask;
    const head = this.heads[bucket]!;
    this.next[request] = head;
    this.previous[request] = NONE;
    if (head !== NONE) this.previous[head] = request;
    this.heads[bucket] = request;
    if (lastPass < this.noneBefore) this.noneBefore = lastPass;
  }

  remove(request: number): void {
    const base = this.base[request]!;
    this.baseSum -= base;
    this.size--;
    this.crossings[this.residue(base)]!--;
    const next = this.next[request]!;
    const previous = this.previous[request]!;
    if (previous === NONE) this.heads[this.lastPass[request]! & this.ringMask] = next;
    else this.next[previous] = next;
    if (next !== NONE) this.previous[next] = previous;
  }

  /** A member whose last token the latest pass scheduled; undefined when there is none (left). */
  endingNow(): number | undefined {
    const head = this.heads[this.passes & this.ringMask]!;
    return head === NONE ? undefined : head;
  }

  /** Blocks that the next pass takes. */
  blocksNextPass(): number {
    return this.crossings[this.passes % this.blockSize]!;
  }

  needsBlock(request: number): boolean {
    return this.computed(request) % this.blockSize === 0;
  }

  /** Passes that can follow before one schedules some member's last token; Infinity without members. */
  passesBeforeAnEnd(): number {
    if (this.size === 0) return Infinity;
    let pass = Math.max(this.noneBefore, this.passes + 1);
    while (this.heads[pass & this.ringMask] === NONE) pass++;
    this.noneBefore = pass;
    return pass - this.passes - 1;
  }

  /** Passes, at most `limit`, that `freeBlocks` suffice for. */
  passesWithin(freeBlocks: number, limit: number): number {
    const { blockSize, size } = this;
    if (Math.ceil(limit / blockSize) * size <= freeBlocks) return limit;
    // Each member takes one block in every blockSize passes.
    const rounds = size === 0 ? 0 : Math.floor(freeBlocks / size);
    let passes = rounds * blockSize;
    let left = freeBlocks - rounds * size;
    while (passes < limit) {
      left -= this.crossings[(this.passes + passes) % blockSize]!;
      if (left < 0) break;
      passes++;
    }
    return Math.min(passes, limit);
  }

  /** Blocks that the next `passes` passes take. */
  blocksOver(passes: number): number {
    const { blockSize, crossings } = this;
    const rounds = Math.floor(passes / blockSize);
    let blocks = rounds * this.size;
    let residue = this.passes % blockSize;
    for (let left = passes - rounds * blockSize; left > 0; left--) {
      blocks += crossings[residue]!;
      if (++residue === blockSize) residue = 0;
    }
    return blocks;
  }

  private residue(base: number): number {
    const r = -base % this.blockSize;
    return r < 0 ? r + this.blockSize : r;
  }
}
