/**
 * Reports the output tokens of steps as they reach the client. Those of steady requests are reported together, by their
 * number; one by one only those of requests that join, leave or end, or whose tokens are late, behind a first one that
 * is still to be written.
 */
import type { TokenSink } from "../../step.js";
import type { CountStep } from "./count-step.js";

export class TokenReports {
  /** Requests that left the steady ones after a step whose tokens were at the client already. */
  private left: { request: number; lastNs: number }[] = [];
  /**
   * Steady requests with tokens still on their way to the client, so many of the list: their next one is reported by itself. The
   * other list is for those of the next step.
   */
  private late: number[] = [];
  private lates = 0;
  private later: number[] = [];

  /** A request leaves the steady ones; `latest` is the last step that gave it a token. */
  leaves(request: number, latest: CountStep): void {
    if (Number.isNaN(latest.deliveredNs)) latest.leave(request);
    else this.left.push({ request, lastNs: latest.deliveredNs });
  }

  deliver(step: CountStep, atNs: number, sink: TokenSink): void {
    step.deliveredNs = atNs;
    if (step.isSteadyOnly && this.left.length === 0 && this.lates === 0) {
      sink.steadyTokens(step.steady, atNs);
      return;
    }
    if (this.left.length > 0) this.tellLeft(sink);
    const { late, lates, later } = this;
    const { joining, ending, leaving } = step;
    if (step.steady > lates) sink.steadyTokens(step.steady - lates, atNs);
    let stillLate = 0;
    for (let at = 0; at < lates; at++) if (sink.token(late[at]!, atNs)) later[stillLate++] = late[at]!;
    for (const request of joining) if (sink.token(request, atNs)) later[stillLate++] = request;
    this.late = later;
    this.later = late;
    this.lates = stillLate;
    for (const request of ending) this.tellLast(request, atNs, sink);
    for (const request of leaving) this.tellLast(request, atNs, sink);
  }

  private tellLeft(sink: TokenSink): void {
    for (const { request, lastNs } of this.left) this.tellLast(request, lastNs, sink);
    this.left = [];
  }

  /** The request is no longer steady, nor late. */
  private tellLast(request: number, lastNs: number, sink: TokenSink): void {
    sink.lastTokenWas(request, lastNs);
    const { late, lates } = this;
    let kept = 0;
    for (let at = 0; at < lates; at++) if (late[at] !== request) late[kept++] = late[at]!;
    this.lates = kept;
  }
}
