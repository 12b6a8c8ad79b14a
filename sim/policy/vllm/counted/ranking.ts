/** The order of the priority policy over requests that are known by their place in the workload. */
import type { SchedulerRequest } from "../../step.js";
import { isRankedBehind, isServedBefore, type Ranked } from "../rank.js";
import type { RunningList } from "./running-list.js";

export class Ranking {
  private readonly ranked: Ranked[] = [];

  constructor(private readonly requests: readonly SchedulerRequest[]) {}

  arrived(index: number, arrivalNs: number): void {
    const request = this.requests[index]!;
    this.ranked[index] = { index, arrivalNs, priority: request.priority ?? 0, request };
  }

  isServedBefore(a: number, b: number): boolean {
    return isServedBefore(this.ranked[a]!, this.ranked[b]!);
  }

  /** Whether it is preempted before the other. */
  isRankedBehind(a: number, b: number): boolean {
    return isRankedBehind(this.ranked[a]!, this.ranked[b]!);
  }

  /** The one ranked last, the earliest admitted of equals. */
  last(running: RunningList): number {
    let last = running.head;
    for (let request = running.next(last); request >= 0; request = running.next(request)) {
      if (this.isRankedBehind(request, last)) last = request;
    }
    return last;
  }
}
