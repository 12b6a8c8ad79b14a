/**
 * Requests that wait for admission: a queue with room at its front for preempted ones (fcfs), or a heap by rank
 * (priority). Source: vllm/v1/core/sched/request_queue.py (behaviour).
 */
import { Fifo } from "../../kernel/index.js";

export interface RequestQueue<Request> {
  readonly length: number;
  /** The request that is served next. */
  head(): Request | undefined;
  takeHead(): void;
  /** A new request. */
  add(request: Request): void;
  /** A request that is to be served again: to the front, or by rank. */
  putBack(request: Request): void;
  /** A request anywhere in the queue leaves it; false when it is not in it. */
  remove(request: Request): boolean;
  /** All in it: in the order of service under fcfs, in no order under priority. */
  all(): Request[];
}

/** `isServedBefore(a, b)`: a comes first under the priority policy. */
export function requestQueue<Request>(
  policy: "fcfs" | "priority",
  isServedBefore: (a: Request, b: Request) => boolean,
): RequestQueue<Request> {
  return policy === "fcfs" ? new ArrivalQueue() : new RankQueue(isServedBefore);
}

class ArrivalQueue<Request> implements RequestQueue<Request> {
  /** What was put back; its last is the head. */
  private readonly front: Request[] = [];
  private readonly back = new Fifo<Request>();

  get length(): number {
    return this.front.length + this.back.length;
  }

  head(): Request | undefined {
    return this.front.length > 0 ? this.front[this.front.length - 1] : this.back.peek();
  }

  takeHead(): void {
    if (this.front.length > 0) this.front.pop();
    else this.back.shift();
  }

  add(request: Request): void {
    this.back.push(request);
  }

  putBack(request: Request): void {
    this.front.push(request);
  }

  remove(request: Request): boolean {
    const at = this.front.indexOf(request);
    if (at < 0) return this.back.remove(request);
    this.front.splice(at, 1);
    return true;
  }

  all(): Request[] {
    return [...this.front.toReversed(), ...this.back.toArray()];
  }
}

class RankQueue<Request> implements RequestQueue<Request> {
  private readonly heap: Request[] = [];

  constructor(private readonly isServedBefore: (a: Request, b: Request) => boolean) {}

  get length(): number {
    return this.heap.length;
  }

  head(): Request | undefined {
    return this.heap[0];
  }

  takeHead(): void {
    this.removeAt(0);
  }

  add(request: Request): void {
    this.heap.push(request);
    this.rise(this.heap.length - 1);
  }

  putBack(request: Request): void {
    this.add(request);
  }

  remove(request: Request): boolean {
    const at = this.heap.indexOf(request);
    if (at >= 0) this.removeAt(at);
    return at >= 0;
  }

  all(): Request[] {
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
      if (!this.isServedBefore(heap[at]!, heap[parent]!)) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  private sink(from: number): void {
    const { heap } = this;
    for (let at = from; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let first = at;
      if (left < heap.length && this.isServedBefore(heap[left]!, heap[first]!)) first = left;
      if (right < heap.length && this.isServedBefore(heap[right]!, heap[first]!)) first = right;
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
