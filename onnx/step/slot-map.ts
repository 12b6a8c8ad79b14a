/**
 * Which request has which slot. Requests with one new token must have the first slots; where they do not, as few slots
 * as possible are copied. One slot more than there are requests makes room to swap.
 */
import { InvariantError } from "../../formats/index.js";

/** Copies the first `tokens` tokens from one slot to another. */
export type CopySlot = (from: number, to: number, tokens: number) => void;

export class SlotMap {
  private readonly slotOf = new Map<number, number>();
  private readonly requestIn: (number | undefined)[];
  /** Tokens in each slot. */
  private readonly tokens: number[];
  /** Copies made so far. */
  copies = 0;

  constructor(
    slots: number,
    private readonly copySlot: CopySlot,
  ) {
    this.requestIn = Array.from({ length: slots });
    this.tokens = Array.from({ length: slots }, () => 0);
  }

  /**
   * Gives every request a slot: `side` the first ones, in any order, `apart` any others. Requests are numbers of the
   * caller's.
   */
  arrange(side: readonly number[], apart: readonly number[]): void {
    const end = side.length;
    if (end + apart.length > this.requestIn.length - 1) {
      throw new InvariantError(
        `${end + apart.length} requests in ${this.requestIn.length} slots, one of which is spare`,
      );
    }
    const inside = new Set(side);
    const [late, fresh]: [number[], number[]] = [[], []];
    for (const request of side) {
      const slot = this.slotOf.get(request);
      if (slot === undefined) fresh.push(request);
      else if (slot >= end) late.push(request);
    }
    const wanted: number[] = [];
    // Holes first: a request that comes from behind leaves a hole there, into which others can then go.
    for (let slot = 0; slot < end; slot++) {
      const request = this.requestIn[slot];
      if (request === undefined) this.fill(slot, late, fresh);
      else if (!inside.has(request)) wanted.push(slot);
    }
    for (const slot of wanted) {
      this.move(slot, this.emptyFrom(end));
      this.fill(slot, late, fresh);
    }
    for (const request of apart) {
      if (!this.slotOf.has(request)) this.put(request, this.emptyFrom(end));
    }
  }

  /** InvariantError for a request without one. */
  slot(request: number): number {
    const slot = this.slotOf.get(request);
    if (slot === undefined) throw new InvariantError(`request ${request} has no slot`);
    return slot;
  }

  /** Sets what a request's slot holds. */
  hold(request: number, tokens: number): void {
    this.tokens[this.slot(request)] = tokens;
  }

  /** Takes the slot of a request, if it has one. */
  free(request: number): void {
    const slot = this.slotOf.get(request);
    if (slot === undefined) return;
    this.slotOf.delete(request);
    this.requestIn[slot] = undefined;
    this.tokens[slot] = 0;
  }

  freeAll(): void {
    for (const request of [...this.slotOf.keys()]) this.free(request);
  }

  private fill(slot: number, late: number[], fresh: number[]): void {
    const moved = late.pop();
    if (moved !== undefined) this.move(this.slot(moved), slot);
    else this.put(fresh.pop()!, slot);
  }

  private move(from: number, to: number): void {
    const request = this.requestIn[from]!;
    const tokens = this.tokens[from]!;
    if (tokens > 0) {
      this.copySlot(from, to, tokens);
      this.copies++;
    }
    this.free(request);
    this.put(request, to);
    this.tokens[to] = tokens;
  }

  private put(request: number, slot: number): void {
    this.slotOf.set(request, slot);
    this.requestIn[slot] = request;
  }

  private emptyFrom(start: number): number {
    const slot = this.requestIn.indexOf(undefined, start);
    if (slot < 0) throw new InvariantError("no slot is free");
    return slot;
  }
}
