/** vLLM's priority policy (vllm/v1/request.py and vllm/v1/core/sched/scheduler.py, behaviour). */
import type { SchedulerRequest } from "../step.js";
import { Ranking, type Request } from "./scheduler/index.js";

/** Of a request, by its index: what ranks it. */
interface Rank {
  readonly priority: number;
  readonly arrivalNs: number;
}

export class RequestRanking extends Ranking {
  private readonly ranks: Rank[] = [];

  constructor(private readonly requests: readonly SchedulerRequest[]) {
    super();
  }

  override arrived({ index, arrivedNs }: Pick<Request, "index" | "arrivedNs">): void {
    this.ranks[index] = { priority: this.requests[index]!.priority ?? 0, arrivalNs: arrivedNs };
  }

  /** Lower priority value, earlier arrival, smaller id. */
  override isServedBefore(a: Pick<Request, "index">, b: Pick<Request, "index">): boolean {
    const [first, second] = [this.ranks[a.index]!, this.ranks[b.index]!];
    if (first.priority !== second.priority) return first.priority < second.priority;
    if (first.arrivalNs !== second.arrivalNs) return first.arrivalNs < second.arrivalNs;
    const [idA, idB] = [this.requests[a.index]!.id, this.requests[b.index]!.id];
    return idA === undefined || idB === undefined || idA === idB ? a.index < b.index : idA < idB;
  }

  /** The one with the higher priority value, or that came later; ids do not count. */
  override isRankedBehind(a: Pick<Request, "index">, b: Pick<Request, "index">): boolean {
    const [first, second] = [this.ranks[a.index]!, this.ranks[b.index]!];
    return (
      first.priority > second.priority || (first.priority === second.priority && first.arrivalNs > second.arrivalNs)
    );
  }
}
