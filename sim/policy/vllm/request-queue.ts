/**
 * Requests that wait for admission: a queue with room at its front for preempted ones (fcfs), or a heap by rank
 * (priority). Source: vllm/v1/core/sched/request_queue.py (behaviour).
 */
import { isServedBefore, type Sequence } from "./sequence.js";

export interface RequestQueue {
  readonly length: number;
  /** Who is served next. */
  head(): Sequence | undefined;
  takeHead(): void;
  /** A new request. */
  add(sequence: Sequence): void;
  /** A request that is to be served again: to the front, or by rank. */
  putBack(sequence: Sequence): void;
  /** A request anywhere in the queue leaves it; false when it is not in it. */
  remove(sequence: Sequence): boolean;
  /** All in it: in the order of service under fcfs, in no order under priority. */
  all(): Sequence[];
}

export function requestQueue(policy: "fcfs" | "priority"): RequestQueue {
  return policy === "fcfs" ? new ArrivalQueue() : new RankQueue();
}

class ArrivalQueue implements RequestQueue {
  /** What was put back; its last is the head. */
  private readonly front: Sequence[] = [];
  private readonly back: Sequence[] = [];
  private taken = 0;

  get length(): number {
    return this.front.length + this.back.length - this.taken;
  }

  head(): Sequence | undefined {
    return this.front.length > 0 ? this.front[this.front.length - 1] : this.back[this.taken];
  }

  takeHead(): void {
    if (this.front.length > 0) this.front.pop();
    else if (++this.taken >= 1024 && this.taken * 2 >= this.back.length) {
      this.back.splice(0, this.taken);
      this.taken = 0;
    }
  }

  add(sequence: Sequence): void {
    this.back.push(sequence);
  }

  putBack(sequence: Sequence): void {
    this.front.push(sequence);
  }

  remove(sequence: Sequence): boolean {
    const inFront = this.front.indexOf(sequence);
    if (inFront >= 0) this.front.splice(inFront, 1);
    const inBack = inFront >= 0 ? -1 : this.back.indexOf(sequence, this.taken);
    if (inBack >= 0) this.back.splice(inBack, 1);
    return inFront >= 0 || inBack >= 0;
  }

  all(): Sequence[] {
    return [...this.front.toReversed(), ...this.back.slice(this.taken)];
  }
}

class RankQueue implements RequestQueue {
  private readonly heap: Sequence[] = [];

  get length(): number {
    return this.heap.length;
  }

  head(): Sequence | undefined {
    return this.heap[0];
  }

  takeHead(): void {
    this.removeAt(0);
  }

  add(sequence: Sequence): void {
    this.heap.push(sequence);
    this.rise(this.heap.length - 1);
  }

  putBack(sequence: Sequence): void {
    this.add(sequence);
  }

  remove(sequence: Sequence): boolean {
    const at = this.heap.indexOf(sequence);
    if (at >= 0) this.removeAt(at);
    return at >= 0;
  }

  all(): Sequence[] {
    return [...this.heap];
  }

  private removeAt(at: number): void {
    const last = this.heap.pop()!;
    if (at === this.heap.length) return;
    this.heap[at] = last;
    this.sink(at);
    this.rise(at);
  }

  private rise(from: number): void {
    const { heap } = this;
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!isServedBefore(heap[at]!, heap[parent]!)) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  private sink(from: number): void {
    const { heap } = this;
    for (let at = from; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let first = at;
      if (left < heap.length && isServedBefore(heap[left]!, heap[first]!)) first = left;
      if (right < heap.length && isServedBefore(heap[right]!, heap[first]!)) first = right;
      if (first === at) return;
      this.swap(at, first);
      at = first;
    }
  }

  private swap(a: number, b: number): void {
    const held = this.heap[a]!;
    this.heap[a] = this.heap[b]!;
    this.heap[b] = held;
  }
}
