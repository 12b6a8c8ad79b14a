/**
 * Requests that decode one token in every pass, held as one body: a pass costs the same whatever their number. What a
 * member has computed is its base plus the passes so far; how many of them need a new KV block in a pass follows from
 * their tokens modulo the block size; a ring of buckets by pass holds the members that schedule their last token in it.
 */
import type { i32 } from "../../../kernel/numbers.js";
import type { Request } from "./request.js";

export class SteadyDecodes {
  size: i32 = 0;
  /** Cached tokens that all members read in the next pass. */
  contextTokens: number = 0;
  /** Passes so far; the same modulo the block size, and modulo the ring. */
  private passes: number = 0;
  private phase: i32 = 0;
  private now: i32 = 0;
  /** No member has its last pass before this many from now. */
  private quiet: i32 = 0;
  /** Members that need a block in the passes of each phase. */
  private readonly crossings: Int32Array;
  /** First member of each bucket. */
  private readonly heads: (Request | null)[];
  private readonly mask: i32;

  constructor(
    private readonly blockSize: i32,
    longestOutput: i32,
  ) {
    let ring: i32 = 2;
    while (ring < longestOutput + 2) ring *= 2;
    this.mask = ring - 1;
    this.crossings = new Int32Array(blockSize);
    this.heads = new Array<Request | null>(ring).fill(null);
  }

  computed(request: Request): i32 {
    return (request.base + this.passes) as i32;
  }

  /** A request that has computed so many tokens decodes from the next pass on, `remaining` times. */
  add(request: Request, computed: i32, remaining: i32): void {
    request.base = computed - this.passes;
    const residue = (this.phase - computed) % this.blockSize;
    request.residue = residue < 0 ? residue + this.blockSize : residue;
    this.contextTokens += computed;
    this.size++;
    this.crossings[request.residue] = this.crossings[request.residue]! + 1;
    request.bucket = -1;
    if (remaining === 0) return;
    const bucket = (this.now + remaining) & this.mask;
    const head = this.heads[bucket]!;
    request.bucket = bucket;
    request.bucketNext = head;
    request.bucketPrevious = null;
    if (head !== null) head.bucketPrevious = request;
    this.heads[bucket] = request;
    if (remaining < this.quiet) this.quiet = remaining;
  }

  remove(request: Request): void {
    this.contextTokens -= request.base + this.passes;
    this.size--;
    this.crossings[request.residue] = this.crossings[request.residue]! - 1;
    this.unlink(request);
  }

  /** Takes a member out of its bucket; it remains one. */
  unlink(request: Request): void {
    if (request.bucket < 0) return;
    const next = request.bucketNext;
    const previous = request.bucketPrevious;
    if (previous === null) this.heads[request.bucket] = next;
    else previous.bucketNext = next;
    if (next !== null) next.bucketPrevious = previous;
    request.bucket = -1;
  }

  /** A member whose last token the latest pass scheduled. */
  endingNow(): Request | null {
    return this.heads[this.now]!;
  }

  /** Blocks that the next pass takes. */
  blocksNextPass(): i32 {
    return this.crossings[this.phase]!;
  }

  needsBlock(request: Request): boolean {
    return request.residue === this.phase;
  }

  pass(): void {
    this.passes++;
    this.contextTokens += this.size;
    this.now = (this.now + 1) & this.mask;
    this.quiet--;
    if (++this.phase === this.blockSize) this.phase = 0;
  }

  /** Passes that can follow before one schedules some member's last token. All members are in buckets, and there are some. */
  passesBeforeAnEnd(): i32 {
    let pass: i32 = this.quiet > 1 ? this.quiet : 1;
    while (this.heads[(this.now + pass) & this.mask] === null) pass++;
    this.quiet = pass;
    return pass - 1;
  }

  /** Passes, at most `limit`, that `freeBlocks` suffice for. */
  passesWithin(freeBlocks: i32, limit: i32): i32 {
    const blockSize = this.blockSize;
    const size = this.size;
    // Each member takes one block in every blockSize passes.
    const roundsAtMost: number = ((limit + blockSize - 1) / blockSize) | 0;
    if (roundsAtMost * size <= freeBlocks) return limit;
    const rounds: i32 = (freeBlocks / size) | 0;
    let passes: i32 = rounds * blockSize;
    let left: i32 = freeBlocks - rounds * size;
    let phase: i32 = this.phase;
    while (passes < limit) {
      left -= this.crossings[phase]!;
      if (left < 0) break;
      passes++;
      if (++phase === blockSize) phase = 0;
    }
    return passes < limit ? passes : limit;
  }

  /** So many passes at once; the blocks that they take. */
  skip(passes: i32): i32 {
    const blockSize = this.blockSize;
    const rounds: i32 = (passes / blockSize) | 0;
    let blocks: i32 = rounds * this.size;
    for (let left: i32 = passes - rounds * blockSize; left > 0; left--) {
      blocks += this.crossings[this.phase]!;
      if (++this.phase === blockSize) this.phase = 0;
    }
    const tokens: number = passes;
    this.passes += tokens;
    this.contextTokens += tokens * this.size;
    this.now = (this.now + passes) & this.mask;
    this.quiet -= passes;
    return blocks;
  }
}
