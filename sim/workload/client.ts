/**
 * The client side of a run: when the next request is sent. Open loop (arrival times), closed loop (so many outstanding,
 * optional think time) and both combined are one rule: a request is sent at the later of its arrival time and the
 * moment a slot is free. Pure: the simulator and the real runner drive the same object.
 */
import type { Workload, WorkloadRequest } from "../../formats/index.js";

export interface SentRequest {
  /** Position in the workload. */
  readonly index: number;
  readonly request: WorkloadRequest;
  /** When the client meant to send it: its arrival time, or for a closed loop the moment it was sent. */
  readonly arrivalNs: number;
}

export class Client {
  private cursor = 0;
  private readonly freeAtNs: number[];
  private freeHead = 0;

  constructor(private readonly workload: Workload) {
    const slots = Math.min(workload.maxConcurrency, workload.requests.length);
    this.freeAtNs = workload.maxConcurrency === Infinity ? [] : Array.from({ length: slots }, () => 0);
  }

  /** When the next request is due; Infinity when none is left, or none until an outstanding one ends. */
  get nextDueNs(): number {
    const request = this.workload.requests[this.cursor];
    if (request === undefined) return Infinity;
    const slotNs = this.workload.maxConcurrency === Infinity ? 0 : (this.freeAtNs[this.freeHead] ?? Infinity);
    return Math.max(request.arrivalNs ?? 0, slotNs);
  }

  /** Takes the next request if it is due. */
  take(nowNs: number): SentRequest | undefined {
    const dueNs = this.nextDueNs;
    if (dueNs > nowNs) return undefined;
    if (this.workload.maxConcurrency !== Infinity) this.freeHead++;
    const index = this.cursor++;
    const request = this.workload.requests[index]!;
    return { index, request, arrivalNs: request.arrivalNs ?? dueNs };
  }

  /** An outstanding request ended: its slot is free after the think time. */
  ended(nowNs: number): void {
    if (this.workload.maxConcurrency !== Infinity) this.freeAtNs.push(nowNs + this.workload.thinkNs);
  }
}
