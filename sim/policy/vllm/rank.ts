/** Order of vLLM's priority policy (vllm/v1/request.py and vllm/v1/core/sched/scheduler.py, behaviour). */

/** What decides when a request is served. */
export interface Ranked {
  /** In the workload. */
  readonly index: number;
  readonly arrivalNs: number;
  /** Lower is served earlier. */
  readonly priority: number;
  readonly request: { readonly id?: string };
}

/** Lower priority value, earlier arrival, smaller id. */
export function isServedBefore(a: Ranked, b: Ranked): boolean {
  if (a.priority !== b.priority) return a.priority < b.priority;
  if (a.arrivalNs !== b.arrivalNs) return a.arrivalNs < b.arrivalNs;
  const [idA, idB] = [a.request.id, b.request.id];
  return idA === undefined || idB === undefined || idA === idB ? a.index < b.index : idA < idB;
}

/** Whether a is preempted rather than b: the one that is ranked behind, in which ids do not count. */
export function isRankedBehind(a: Ranked, b: Ranked): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.arrivalNs > b.arrivalNs);
}
