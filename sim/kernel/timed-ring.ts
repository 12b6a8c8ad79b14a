/** A queue of small whole numbers, each with a time, first-in first-out or by time, in typed arrays that grow. */
export class TimedRing {
  /** Time of the first; Infinity when it is empty. */
  nextNs = Infinity;
  private ids = new Int32Array(16);
  private times = new Float64Array(16);
  private head = 0;
  private tail = 0;

  get length(): number {
    return this.tail - this.head;
  }

  /** Time of the second; Infinity when there is none. */
  get secondNs(): number {
    return this.tail - this.head > 1 ? this.times[(this.head + 1) & (this.ids.length - 1)]! : Infinity;
  }

  push(id: number, atNs: number): void {
    if (this.tail - this.head === this.ids.length) this.grow();
    const place = this.tail++ & (this.ids.length - 1);
    this.ids[place] = id;
    this.times[place] = atNs;
    if (this.tail - this.head === 1) this.nextNs = atNs;
  }

  /** Puts one behind those that are not later, which mostly are all. */
  insert(id: number, atNs: number): void {
    if (this.tail - this.head === this.ids.length) this.grow();
    const { ids, times, head } = this;
    const mask = ids.length - 1;
    let place = this.tail++;
    for (; place > head && times[(place - 1) & mask]! > atNs; place--) {
      ids[place & mask] = ids[(place - 1) & mask]!;
      times[place & mask] = times[(place - 1) & mask]!;
    }
    ids[place & mask] = id;
    times[place & mask] = atNs;
    if (place === head) this.nextNs = atNs;
  }

  /** Takes the first out; there is one. */
  shift(): number {
    const mask = this.ids.length - 1;
    const id = this.ids[this.head++ & mask]!;
    this.nextNs = this.head === this.tail ? Infinity : this.times[this.head & mask]!;
    return id;
  }

  private grow(): void {
    const { ids, times, head } = this;
    const size = ids.length;
    this.ids = new Int32Array(2 * size);
    this.times = new Float64Array(2 * size);
    for (let at = 0; at < size; at++) {
      this.ids[at] = ids[(head + at) & (size - 1)]!;
      this.times[at] = times[(head + at) & (size - 1)]!;
    }
    this.head = 0;
    this.tail = size;
  }
}
