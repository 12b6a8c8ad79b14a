/**
 * A server's limits on what may wait for it (max_num_queued_reqs, max_num_queued_tokens): its front end answers a request
 * beyond them with HTTP 503. Checked when the request is sent, whole prompts counted, whatever of them is computed or
 * cached. Source: vLLM's API server since 0.29 (behaviour).
 */
import type { EngineLimits } from "../../policy/index.js";
import type { StepLog } from "../log/index.js";

const REJECTED = "HTTP 503:";

/** Whether a request was rejected for what waited when it came, so that it might be answered at another time. */
export function isQueueRejection(error: string | undefined): boolean {
  return error?.startsWith(REJECTED) === true;
}

export class QueueLimits {
  /** Accepted requests whose end, and whose first token, is not known to be past; kept where there is such a limit. */
  private unfinished: number[] = [];
  private withoutToken: number[] = [];
  private readonly mostRequests: number;
  private readonly mostTokens: number;

  /** `deliveryNs`: how long a token is on its way from the front end to the client, whose times the log has. */
  constructor(
    { maxNumQueuedReqs = Infinity, maxNumQueuedTokens = Infinity }: EngineLimits,
    private readonly log: StepLog,
    private readonly deliveryNs: number,
  ) {
    this.mostRequests = maxNumQueuedReqs;
    this.mostTokens = maxNumQueuedTokens;
  }

  /** Whether there are any. */
  get areSet(): boolean {
    return this.mostRequests !== Infinity || this.mostTokens !== Infinity;
  }

  /**
   * Why the server rejects a request that comes now; undefined: it accepts it, and the request counts from now on. Times
   * do not go back. What the log knows of times after `nowNs` does not count.
   */
  rejection(row: number, nowNs: number): string | undefined {
    if (this.mostRequests !== Infinity) {
      this.unfinished = this.unfinished.filter((other) => !this.hasEnded(other, nowNs));
      const requests = this.unfinished.length;
      if (requests + 1 > this.mostRequests) {
        return `${REJECTED} ${requests} requests are unfinished, max_num_queued_reqs is ${this.mostRequests}`;
      }
    }
    if (this.mostTokens !== Infinity) {
      this.withoutToken = this.withoutToken.filter((other) => !this.hasToken(other, nowNs));
      const tokens = this.withoutToken.reduce((sum, other) => sum + this.log.promptTokens[other]!, 0);
      if (tokens >= this.mostTokens) {
        return `${REJECTED} ${tokens} prompt tokens wait for a first token, max_num_queued_tokens is ${this.mostTokens}`;
      }
      this.withoutToken.push(row);
    }
    if (this.mostRequests !== Infinity) this.unfinished.push(row);
    return undefined;
  }

  /** At one instant a request ends before another one comes. */
  private hasEnded(row: number, nowNs: number): boolean {
    if (this.log.abortions.has(row)) return true;
    return this.log.ok[row] === 1 && this.log.lastTokenNs[row]! - this.deliveryNs <= nowNs;
  }

  /** At one instant a request comes before the front end writes; NaN, no token yet, is not before anything. */
  private hasToken(row: number, nowNs: number): boolean {
    return this.log.abortions.has(row) || this.log.firstTokenNs[row]! - this.deliveryNs < nowNs;
  }
}
