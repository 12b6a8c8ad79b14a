/** First in, first out: things in memory, each with a time, in a ring that grows. The caller may put 12 bytes more beside the latest one. */
import { room } from "./memory.as";

/** A thing, 4 bytes of the caller's, its time, and 8 bytes of the caller's. */
const ENTRY: usize = 24;

@unmanaged
export class Ring {
  /** Time of the first; Infinity when it is empty. */
  nextNs: f64;
  entries: usize;
  head: u32;
  tail: u32;
  mask: u32;

  /** In the memory that a new ring is to have. */
  begin(capacity: u32): void {
    this.nextNs = Infinity;
    this.entries = room(<usize>capacity * ENTRY);
    this.head = 0;
    this.tail = 0;
    this.mask = capacity - 1;
  }

  @inline get length(): i32 {
    return this.tail - this.head;
  }

  /** The thing at a place from the front on. */
  @inline at(place: i32): usize {
    return load<usize>(this.entry(this.head + place));
  }

  /** Time of the second; Infinity when there is none. */
  @inline get secondNs(): f64 {
    return this.length > 1 ? load<f64>(this.entry(this.head + 1), 8) : Infinity;
  }

  push(thing: usize, atNs: f64): void {
    if (this.tail - this.head > this.mask) this.grow();
    const entry = this.entry(this.tail);
    store<usize>(entry, thing);
    store<f64>(entry, atNs, 8);
    if (this.tail++ === this.head) this.nextNs = atNs;
  }

  /** Before all others. */
  pushFront(thing: usize): void {
    if (this.tail - this.head > this.mask) this.grow();
    store<usize>(this.entry(--this.head), thing);
  }

  /** Takes the first out; there is one. */
  shift(): usize {
    const thing = load<usize>(this.entry(this.head++));
    // From the beginning again, so that few of its pages are ever touched.
    if (this.head === this.tail) this.head = this.tail = 0;
    this.nextNs = this.head === this.tail ? Infinity : load<f64>(this.entry(this.head), 8);
    return thing;
  }

  /** Takes the last out; there is one. */
  pop(): usize {
    return load<usize>(this.entry(--this.tail));
  }

  @inline put(place: i32, thing: usize): void {
    store<usize>(this.entry(this.head + place), thing);
  }

  /** The place of a thing that is in it. */
  placeOf(thing: usize): i32 {
    let place = 0;
    while (this.at(place) !== thing) place++;
    return place;
  }

  /** A thing that is in it leaves it, wherever it is; of a ring without times. */
  remove(thing: usize): void {
    const last = this.length - 1;
    for (let place = this.placeOf(thing); place < last; place++) this.put(place, this.at(place + 1));
    this.tail--;
  }

  /** Where an entry lies. */
  entry(at: u32): usize {
    return this.entries + <usize>(at & this.mask) * ENTRY;
  }

  private grow(): void {
    const length = this.length;
    const larger = room(<usize>(2 * length) * ENTRY);
    for (let at = 0; at < length; at++) memory.copy(larger + <usize>at * ENTRY, this.entry(this.head + at), ENTRY);
    this.entries = larger;
    this.head = 0;
    this.tail = length;
    this.mask = 2 * length - 1;
  }
}
