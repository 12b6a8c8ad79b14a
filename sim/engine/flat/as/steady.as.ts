/** Requests that decode one token in every pass, held as one body; as in steady-decodes.ts. */
import { emptyRoom } from "./memory.as";
import { Request } from "./requests.as";

@unmanaged
class Steady {
  /** Passes so far. */
  passes: i64;
  baseSum: i64;
  /** No member has its last pass before this one. */
  noneBefore: i64;
  size: i32;
  blockSize: i32;
  /** Passes modulo the block size. */
  phase: i32;
  ringMask: i32;
  /** By residue: members whose tokens reach a multiple of the block size. By pass: those that schedule their last token in it. */
  crossings: usize;
  heads: usize;

  begin(blockSize: i32, longestOutput: i32): void {
    let ring = 2;
    while (ring < longestOutput + 2) ring *= 2;
    this.passes = this.baseSum = this.noneBefore = 0;
    this.size = this.phase = 0;
    this.blockSize = blockSize;
    this.ringMask = ring - 1;
    this.crossings = emptyRoom((<usize>blockSize) << 2);
    this.heads = emptyRoom(<usize>ring * sizeof<usize>());
  }

  /** Cached tokens that all members read in the next pass. */
  @inline get contextTokens(): f64 {
    return <f64>(this.baseSum + <i64>this.size * this.passes);
  }

  @inline computed(request: Request): i32 {
    return <i32>(request.base + this.passes);
  }

  /** A request that has computed so many tokens decodes from the next pass on, `remaining` (at least 1) times. */
  add(request: Request, computed: i32, remaining: i32): void {
    const base = <i64>computed - this.passes;
    const lastPass = this.passes + <i64>remaining;
    request.base = base;
    request.lastPass = lastPass;
    this.baseSum += base;
    this.size++;
    this.cross(base, 1);
    const bucket = this.bucket(lastPass);
    const head = load<usize>(bucket);
    request.bucketNext = changetype<Request | null>(head);
    request.bucketPrevious = null;
    if (head !== 0) changetype<Request>(head).bucketPrevious = request;
    store<usize>(bucket, changetype<usize>(request));
    if (lastPass < this.noneBefore) this.noneBefore = lastPass;
  }

  remove(request: Request): void {
    this.baseSum -= request.base;
    this.size--;
    this.cross(request.base, -1);
    const next = request.bucketNext;
    const previous = request.bucketPrevious;
    if (previous === null) store<usize>(this.bucket(request.lastPass), changetype<usize>(next));
    else previous.bucketNext = next;
    if (next !== null) next.bucketPrevious = previous;
  }

  /** A member whose last token the latest pass scheduled. */
  @inline endingNow(): Request | null {
    return changetype<Request | null>(load<usize>(this.bucket(this.passes)));
  }

  /** Blocks that the next pass takes. */
  @inline blocksNextPass(): i32 {
    return load<i32>(this.crossings + ((<usize>this.phase) << 2));
  }

  @inline needsBlock(request: Request): bool {
    return this.computed(request) % this.blockSize === 0;
  }

  @inline pass(): void {
    this.passes++;
    if (++this.phase === this.blockSize) this.phase = 0;
  }

  /** Passes that can follow before one schedules some member's last token. There are members. */
  passesBeforeAnEnd(): i32 {
    let pass = max(this.noneBefore, this.passes + 1);
    while (load<usize>(this.bucket(pass)) === 0) pass++;
    this.noneBefore = pass;
    return <i32>(pass - this.passes) - 1;
  }

  /** Passes, at most `limit`, that `freeBlocks` suffice for. */
  passesWithin(freeBlocks: i32, limit: i32): i32 {
    const blockSize = this.blockSize;
    const size = this.size;
    if (<i64>((limit + blockSize - 1) / blockSize) * <i64>size <= <i64>freeBlocks) return limit;
    const rounds = freeBlocks / size;
    let passes = rounds * blockSize;
    let left = freeBlocks - rounds * size;
    let residue = (this.phase + passes) % blockSize;
    while (passes < limit) {
      left -= load<i32>(this.crossings + ((<usize>residue) << 2));
      if (left < 0) break;
      passes++;
      if (++residue === blockSize) residue = 0;
    }
    return min(passes, limit);
  }

  /** That many passes; the blocks that they take. */
  skip(passes: i32): i32 {
    const blockSize = this.blockSize;
    const rounds = passes / blockSize;
    let blocks = rounds * this.size;
    for (let left = passes - rounds * blockSize; left > 0; left--) {
      blocks += this.blocksNextPass();
      if (++this.phase === blockSize) this.phase = 0;
    }
    this.passes += <i64>passes;
    return blocks;
  }

  @inline private bucket(pass: i64): usize {
    return this.heads + <usize>((<i32>pass) & this.ringMask) * sizeof<usize>();
  }

  @inline private cross(base: i64, members: i32): void {
    const remainder = <i32>(-base % <i64>this.blockSize);
    const residue = remainder < 0 ? remainder + this.blockSize : remainder;
    const place = this.crossings + ((<usize>residue) << 2);
    store<i32>(place, load<i32>(place) + members);
  }
}
const STEADY_AT = memory.data(offsetof<Steady>(), 16);
export const steady = changetype<Steady>(STEADY_AT);
