/** Requests by when they are due, the earliest first, of equal ones the smallest index: a binary heap (Knuth 5.2.3). */
export class DueHeap {
  private readonly atNs: number[] = [];
  private readonly indices: number[] = [];

  /** Infinity when there is none. */
  get firstNs(): number {
    return this.atNs[0] ?? Infinity;
  }

  add(index: number, atNs: number): void {
    let hole = this.indices.length;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!this.isBefore(atNs, index, parent)) break;
      this.move(parent, hole);
      hole = parent;
    }
    this.atNs[hole] = atNs;
    this.indices[hole] = index;
  }

  /** Takes the first; there must be one. */
  take(): number {
    const first = this.indices[0]!;
    const atNs = this.atNs.pop()!;
    const index = this.indices.pop()!;
    const { length } = this.indices;
    if (length === 0) return first;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= length) break;
      if (child + 1 < length && this.isBefore(this.atNs[child + 1]!, this.indices[child + 1]!, child)) child++;
      if (this.isBefore(atNs, index, child)) break;
      this.move(child, hole);
      hole = child;
    }
    this.atNs[hole] = atNs;
    this.indices[hole] = index;
    return first;
  }

  private isBefore(atNs: number, index: number, place: number): boolean {
    const otherNs = this.atNs[place]!;
    return atNs < otherNs || (atNs === otherNs && index < this.indices[place]!);
  }

  private move(from: number, to: number): void {
    this.atNs[to] = this.atNs[from]!;
    this.indices[to] = this.indices[from]!;
  }
}
