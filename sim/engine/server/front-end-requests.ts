/** The requests in a front end, by slot: columns instead of an object each. */
export class FrontEndRequests {
  readonly index: number[] = [];
  /** When it came in. */
  readonly arrivedNs: number[] = [];
  /** How often it has been served: handled, and at its hops. */
  readonly served: number[] = [];
  private readonly free: number[] = [];
  private taken = 0;

  get length(): number {
    return this.taken;
  }

  /** A slot for a request that comes in. */
  add(index: number, arrivedNs: number): number {
    const slot = this.free.pop() ?? this.index.length;
    this.taken++;
    this.index[slot] = index;
    this.arrivedNs[slot] = arrivedNs;
    this.served[slot] = 0;
    return slot;
  }

  /** The request in it has left. */
  release(slot: number): void {
    this.taken--;
    this.free.push(slot);
  }
}
