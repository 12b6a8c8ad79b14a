/**
 * Names of cells and their places in a plan, some twenty bytes each: a million of them are looked up without an object for each.
 */
import { InvariantError } from "../../formats/index.js";

/** 16 hex digits, as two numbers. */
const HALF = 8;
const FREE = 0;
const FIRST = 1024;

export class CellIndex {
  private count = 0;
  private high = new Uint32Array(FIRST);
  private low = new Uint32Array(FIRST);
  /** Places plus one by the low half of the name, the next free slot where that is taken. At most half full. */
  private slots = new Uint32Array(2 * FIRST);

  get length(): number {
    return this.count;
  }

  /** The place of the name: the next one, or that which it has already. */
  add(id: string): number {
    const [high, low] = halvesOf(id);
    const slot = this.slotOf(high, low);
    const known = this.slots[slot]!;
    if (known !== FREE) return known - 1;
    if (this.count === this.high.length) {
      this.grow();
      return this.add(id);
    }
    const place = this.count++;
    this.high[place] = high;
    this.low[place] = low;
    this.slots[slot] = place + 1;
    return place;
  }

  /** Undefined: it has none. */
  placeOf(id: string): number | undefined {
    const [high, low] = halvesOf(id);
    const known = this.slots[this.slotOf(high, low)]!;
    return known === FREE ? undefined : known - 1;
  }

  idAt(place: number): string {
    if (!(place >= 0 && place < this.count)) throw new InvariantError(`no cell ${place} of ${this.count}`);
    return hex(this.high[place]!) + hex(this.low[place]!);
  }

  private slotOf(high: number, low: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    let slot = low & mask;
    for (; slots[slot] !== FREE; slot = (slot + 1) & mask) {
      const place = slots[slot]! - 1;
      if (this.low[place] === low && this.high[place] === high) break;
    }
    return slot;
  }

  private grow(): void {
    const { high, low, count } = this;
    this.high = doubled(high);
    this.low = doubled(low);
    this.slots = new Uint32Array(2 * this.slots.length);
    for (let place = 0; place < count; place++) this.slots[this.slotOf(high[place]!, low[place]!)] = place + 1;
  }
}

function doubled(values: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(2 * values.length);
  more.set(values);
  return more;
}

function halvesOf(id: string): [high: number, low: number] {
  return [Number.parseInt(id.slice(0, HALF), 16), Number.parseInt(id.slice(HALF), 16)];
}

function hex(half: number): string {
  return half.toString(16).padStart(HALF, "0");
}
