/**
 * Requests that wait for admission: a queue with room at its front for preempted ones, or, where requests are ranked, a
 * heap. Source: vllm/v1/core/sched/request_queue.py (behaviour).
 */
import type { i32 } from "../../../kernel/numbers.js";
import type { Ranking } from "./ranking.js";
import type { Request } from "./request.js";

export class WaitingQueue {
  length: i32 = 0;
  private items: (Request | null)[] = new Array<Request | null>(64).fill(null);
  /** A ring: where the first one lies. */
  private start: i32 = 0;
  private mask: i32 = 63;

  /** `ranking`: of the priority policy; null: first come, first served. */
  constructor(private readonly ranking: Ranking | null) {}

  /** In order of service (fcfs), or in no order (priority). */
  at(place: i32): Request {
    return this.items[(this.start + place) & this.mask]!;
  }

  /** The request that is served next; there is one. */
  head(): Request {
    return this.at(0);
  }

  takeHead(): void {
    if (this.ranking !== null) this.removeFromHeap(0);
    else {
      this.put(0, null);
      this.start = (this.start + 1) & this.mask;
      this.length--;
    }
  }

  /** A new request. */
  add(request: Request): void {
    if (this.ranking !== null) this.ranking!.arrived(request);
    this.append(request);
    if (this.ranking !== null) this.rise(this.length - 1);
  }

  /** A request that is to be served again: to the front, or by rank. */
  putBack(request: Request): void {
    if (this.ranking !== null) {
      this.append(request);
      this.rise(this.length - 1);
    } else {
      if (this.length > this.mask) this.grow();
      this.start = (this.start - 1) & this.mask;
      this.length++;
      this.put(0, request);
    }
  }

  /** A request that is in it leaves it, wherever it is. */
  remove(request: Request): void {
    let place: i32 = 0;
    while (this.at(place) !== request) place++;
    if (this.ranking !== null) {
      this.removeFromHeap(place);
      return;
    }
    for (; place < this.length - 1; place++) this.put(place, this.at(place + 1));
    this.length--;
    this.put(this.length, null);
  }

  private put(place: i32, request: Request | null): void {
    this.items[(this.start + place) & this.mask] = request;
  }

  private append(request: Request): void {
    if (this.length > this.mask) this.grow();
    this.length++;
    this.put(this.length - 1, request);
  }

  private grow(): void {
    const length = this.length;
    const larger = new Array<Request | null>(2 * length).fill(null);
    for (let place = 0; place < length; place++) larger[place] = this.at(place);
    this.items = larger;
    this.start = 0;
    this.mask = 2 * length - 1;
  }

  private removeFromHeap(place: i32): void {
    const last = this.at(this.length - 1);
    this.length--;
    this.put(this.length, null);
    if (place === this.length) return;
    this.put(place, last);
    this.sink(place);
    this.rise(place);
  }

  private rise(from: i32): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.comesFirst(place, parent)) return;
      this.swap(place, parent);
      place = parent;
    }
  }

  private sink(from: i32): void {
    let place = from;
    while (true) {
      const left = 2 * place + 1;
      const right = left + 1;
      let first = place;
      if (left < this.length && this.comesFirst(left, first)) first = left;
      if (right < this.length && this.comesFirst(right, first)) first = right;
      if (first === place) return;
      this.swap(place, first);
      place = first;
    }
  }

  private comesFirst(place: i32, other: i32): boolean {
    return this.ranking!.isServedBefore(this.at(place), this.at(other));
  }

  private swap(a: i32, b: i32): void {
    const held = this.at(a);
    this.put(a, this.at(b));
    this.put(b, held);
  }
}
