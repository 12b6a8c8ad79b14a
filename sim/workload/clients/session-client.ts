/**
 * The client side of sessions: a session begins at its time, or when another one is over; each of its turns is sent a pause
 * after the answer that it waits for. Turns that are due at one time are sent in the order of the list. Pure.
 */
import { InvariantError, type Workload } from "../../../formats/index.js";
import { requireTime, type RequestClient, type SentRequest } from "./client.js";
import { DueHeap } from "./due-heap.js";

export class SessionClient implements RequestClient {
  private readonly due = new DueHeap();
  /** First turns in the order in which they begin. */
  private readonly first: number[] = [];
  private begun = 0;
  private underWay = 0;
  /** When a slot for a session was last freed. */
  private freedNs = 0;
  private readonly followers = new Map<number, number[]>();
  /** Requests of a session that have not ended. */
  private readonly left: Int32Array;

  constructor(private readonly workload: Workload) {
    const { requests, sessions } = workload;
    if (sessions === undefined) throw new InvariantError("a workload of sessions says how many there are");
    this.left = new Int32Array(sessions.count);
    for (const [index, { turn }] of requests.entries()) {
      if (turn === undefined) throw new InvariantError(`request ${index} of a workload of sessions is no turn`);
      this.left[turn.session]!++;
      if (turn.after === undefined) this.first.push(index);
      else {
        const others = this.followers.get(turn.after);
        if (others === undefined) this.followers.set(turn.after, [index]);
        else others.push(index);
      }
    }
    this.first.sort((a, b) => (requests[a]!.arrivalNs ?? 0) - (requests[b]!.arrivalNs ?? 0) || a - b);
  }

  get nextDueNs(): number {
    return Math.min(this.due.firstNs, this.nextStartNs());
  }

  take(nowNs: number): SentRequest | undefined {
    const startNs = this.nextStartNs();
    const dueNs = Math.min(this.due.firstNs, startNs);
    if (dueNs > nowNs) return undefined;
    if (this.due.firstNs <= startNs) return { index: this.due.take(), arrivalNs: dueNs };
    this.underWay++;
    const index = this.first[this.begun++]!;
    // Latency counts from the time of its own, also where it waits for a slot.
    return { index, arrivalNs: this.workload.requests[index]!.arrivalNs ?? dueNs };
  }

  ended(nowNs: number, index: number): void {
    const { requests, thinkNs } = this.workload;
    for (const follower of this.followers.get(index) ?? []) {
      const pauseNs = requests[follower]!.turn!.pauseNs + thinkNs;
      requireTime(nowNs, pauseNs);
      this.due.add(follower, nowNs + pauseNs);
    }
    this.followers.delete(index);
    if (--this.left[requests[index]!.turn!.session]! > 0) return;
    this.underWay--;
    this.freedNs = nowNs + thinkNs;
    requireTime(nowNs, thinkNs);
  }

  private nextStartNs(): number {
    const index = this.first[this.begun];
    if (index === undefined || this.underWay >= this.workload.sessions!.maxConcurrent) return Infinity;
    return Math.max(this.workload.requests[index]!.arrivalNs ?? 0, this.freedNs);
  }
}
