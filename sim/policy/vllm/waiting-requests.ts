/**
 * All requests that wait: those that came or were preempted, and those that were passed over for a reason that will pass, which are
 * served first; where the rules have one queue, they go back to its front. Source: vllm/v1/core/sched/scheduler.py (behaviour).
 */
import type { SchedulerLimits } from "./limits.js";
import { requestQueue, type RequestQueue } from "./request-queue.js";
import { isServedBefore } from "./rank.js";
import type { Sequence } from "./sequence.js";

export class WaitingRequests {
  private readonly waiting: RequestQueue<Sequence>;
  private readonly passedOver: RequestQueue<Sequence>;

  constructor(private readonly limits: Pick<SchedulerLimits, "schedulingPolicy" | "rules">) {
    this.waiting = requestQueue<Sequence>(limits.schedulingPolicy, isServedBefore);
    this.passedOver = requestQueue<Sequence>(limits.schedulingPolicy, isServedBefore);
  }

  get length(): number {
    return this.waiting.length + this.passedOver.length;
  }

  /** In order of service (fcfs), or in no order (priority). */
  all(): Sequence[] {
    return [...this.passedOver.all(), ...this.waiting.all()];
  }

  add(sequence: Sequence): void {
    this.waiting.add(sequence);
  }

  /** One that was preempted. */
  putBack(sequence: Sequence): void {
    this.waiting.putBack(sequence);
  }

  /** Those that a pass took from the queue and did not admit, in the order in which it took them. */
  passOver(sequences: readonly Sequence[]): void {
    const back = this.limits.rules.hasOneQueue ? this.waiting : this.passedOver;
    for (let at = sequences.length - 1; at >= 0; at--) back.putBack(sequences[at]!);
  }

  remove(sequence: Sequence): void {
    if (!this.waiting.remove(sequence)) this.passedOver.remove(sequence);
  }

  /** The queue whose head is served next. */
  toServe(): RequestQueue<Sequence> {
    const passedOver = this.passedOver.head();
    if (passedOver === undefined) return this.waiting;
    const waiting = this.waiting.head();
    if (this.limits.schedulingPolicy === "fcfs" || waiting === undefined) return this.passedOver;
    return isServedBefore(waiting, passedOver) ? this.waiting : this.passedOver;
  }
}
