/** A first-in first-out queue whose shift costs the same however long it is (an array's moves all that is left). */

/** Taken items are dropped from the array in blocks of at least so many. */
const DROPPED_AT_ONCE = 1024;

export class Fifo<Item> {
  private items: Item[] = [];
  private taken = 0;

  get length(): number {
    return this.items.length - this.taken;
  }

  push(item: Item): void {
    this.items.push(item);
  }

  /** The item `at` places from the front. */
  peek(at = 0): Item | undefined {
    return this.items[this.taken + at];
  }

  shift(): Item | undefined {
    if (this.taken === this.items.length) return undefined;
    const item = this.items[this.taken++];
    if (this.taken >= DROPPED_AT_ONCE && 2 * this.taken >= this.items.length) {
      this.items.splice(0, this.taken);
      this.taken = 0;
    }
    return item;
  }

  /** Takes an item out wherever it is; false when it is not there. */
  remove(item: Item): boolean {
    const at = this.items.indexOf(item, this.taken);
    if (at >= 0) this.items.splice(at, 1);
    return at >= 0;
  }

  /** All in it, front first. */
  toArray(): Item[] {
    return this.items.slice(this.taken);
  }
}
