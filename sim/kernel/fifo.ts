/**
 * A first-in first-out queue in a ring: shift costs the same however long it is (an array's moves all that is left),
 * and what was taken out is not kept in memory.
 */
export class Fifo<Item> {
  /** Their number is a power of two. */
  private items: (Item | undefined)[] = new Array<Item | undefined>(16).fill(undefined);
  private head = 0;
  private tail = 0;

  get length(): number {
    return this.tail - this.head;
  }

  push(item: Item): void {
    if (this.tail - this.head === this.items.length) this.grow();
    this.items[this.tail++ & (this.items.length - 1)] = item;
  }

  /** The item `at` places from the front. */
  peek(at = 0): Item | undefined {
    const place = this.head + at;
    return place < this.tail ? this.items[place & (this.items.length - 1)] : undefined;
  }

  shift(): Item | undefined {
    if (this.head === this.tail) return undefined;
    const place = this.head++ & (this.items.length - 1);
    const item = this.items[place];
    this.items[place] = undefined;
    return item;
  }

  /** Takes an item out wherever it is; false when it is not there. */
  remove(item: Item): boolean {
    const all = this.toArray();
    const at = all.indexOf(item);
    if (at < 0) return false;
    const mask = this.items.length - 1;
    for (let place = this.head + at; place < this.tail - 1; place++) {
      this.items[place & mask] = this.items[(place + 1) & mask];
    }
    this.items[--this.tail & mask] = undefined;
    return true;
  }

  /** All in it, front first. */
  toArray(): Item[] {
    const mask = this.items.length - 1;
    return Array.from({ length: this.length }, (_, at) => this.items[(this.head + at) & mask] as Item);
  }

  private grow(): void {
    const all: (Item | undefined)[] = this.toArray();
    this.head = 0;
    this.tail = all.length;
    this.items = all.concat(new Array<Item | undefined>(all.length).fill(undefined));
  }
}
