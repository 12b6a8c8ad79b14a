/** Who is served before whom under the priority policy, of requests known by their place in the workload; as isServedBefore. */
import type { SchedulerRequest } from "../../step.js";
import type { RunningList } from "./running-list.js";

export class Ranking {
  private readonly arrivalNs: Float64Array;

  constructor(private readonly requests: readonly SchedulerRequest[]) {
    this.arrivalNs = new Float64Array(requests.length);
  }

  arrived(index: number, arrivalNs: number): void {
    this.arrivalNs[index] = arrivalNs;
  }

  isServedBefore(a: number, b: number): boolean {
    const order = this.priorityThenArrival(a, b);
    if (order !== 0) return order < 0;
    const [idA, idB] = [this.requests[a]!.id, this.requests[b]!.id];
    return idA === undefined || idB === undefined || idA === idB ? a < b : idA < idB;
  }

  /** The one ranked last, the earliest admitted of equals. */
  last(running: RunningList): number {
    let last = running.head;
    for (let request = running.next(last); request >= 0; request = running.next(request)) {
      if (this.priorityThenArrival(request, last) > 0) last = request;
    }
    return last;
  }

  private priorityThenArrival(a: number, b: number): number {
    const byPriority = (this.requests[a]!.priority ?? 0) - (this.requests[b]!.priority ?? 0);
    return byPriority || this.arrivalNs[a]! - this.arrivalNs[b]!;
  }
}
