/** Who is admitted next: a queue with room at its front for preempted requests (fcfs), or a heap by rank (priority). */
import { Fifo } from "../../../kernel/index.js";

export interface WaitingQueue {
  readonly length: number;
  /** Next request, or -1. */
  head(): number;
  /** Takes the head. */
  shift(): void;
  /** A new request. */
  push(request: number): void;
  /** A preempted request. */
  putBack(request: number): void;
  /** A request anywhere in the queue leaves it. */
  remove(request: number): void;
}

export class ArrivalOrder implements WaitingQueue {
  private readonly arrived = new Fifo<number>();
  /** The last one is the head. */
  private readonly preempted: number[] = [];

  get length(): number {
    return this.arrived.length + this.preempted.length;
  }

  head(): number {
    return this.preempted.at(-1) ?? this.arrived.peek() ?? -1;
  }

  shift(): void {
    if (this.preempted.length > 0) this.preempted.pop();
    else this.arrived.shift();
  }

  push(request: number): void {
    this.arrived.push(request);
  }

  putBack(request: number): void {
    this.preempted.push(request);
  }

  remove(request: number): void {
    const at = this.preempted.indexOf(request);
    if (at >= 0) this.preempted.splice(at, 1);
    else this.arrived.remove(request);
  }
}

/** `isBefore(a, b)`: a is served before b. */
export class RankOrder implements WaitingQueue {
  private readonly heap: number[] = [];

  constructor(private readonly isBefore: (a: number, b: number) => boolean) {}

  get length(): number {
    return this.heap.length;
  }

  head(): number {
    return this.heap[0] ?? -1;
  }

  shift(): void {
    this.removeAt(0);
  }

  push(request: number): void {
    this.heap.push(request);
    this.rise(this.heap.length - 1);
  }

  putBack(request: number): void {
    this.push(request);
  }

  remove(request: number): void {
    this.removeAt(this.heap.indexOf(request));
  }

  private removeAt(at: number): void {
    const last = this.heap.pop()!;
    if (at === this.heap.length) return;
    this.heap[at] = last;
    this.rise(at);
    this.sink(at);
  }

  private rise(from: number): void {
    const { heap } = this;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.isBefore(heap[at]!, heap[parent]!)) return;
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  }

  private sink(from: number): void {
    const { heap } = this;
    let at = from;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && this.isBefore(heap[child]!, heap[least]!)) least = child;
      }
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  }
}
