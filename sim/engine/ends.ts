/**
 * Requests that are complete, in the order in which their last chunks reach their clients. Several may lie ahead: a first
 * chunk is written after others of its job, and where it is the last one, or takes the last token along, the end waits for it.
 */

/** A request that is complete, and when its last chunk has left the server. */
export interface Ended {
  readonly index: number;
  readonly atNs: number;
}

export class Ends {
  /** When the first of them ends; Infinity without any. */
  nextNs = Infinity;
  private readonly inOrder: Ended[] = [];
  private taken = 0;

  get length(): number {
    return this.inOrder.length - this.taken;
  }

  /** Equals stay in the order in which they came. */
  push(index: number, atNs: number): void {
    const { inOrder } = this;
    let at = inOrder.length;
    while (at > this.taken && inOrder[at - 1]!.atNs > atNs) at--;
    if (at === inOrder.length) inOrder.push({ index, atNs });
    else inOrder.splice(at, 0, { index, atNs });
    if (at === this.taken) this.nextNs = atNs;
  }

  shift(): Ended | undefined {
    const first = this.inOrder[this.taken];
    if (first === undefined) return undefined;
    if (++this.taken === this.inOrder.length) {
      this.inOrder.length = 0;
      this.taken = 0;
    }
    this.nextNs = this.inOrder[this.taken]?.atNs ?? Infinity;
    return first;
  }
}
