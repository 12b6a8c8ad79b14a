/**
 * Reports the output tokens of steps as they reach the client. Those of steady requests are reported together, by their
 * number; one by one only those of requests that join, leave or end, or whose tokens are late, behind a first one that
 * is still to be written.
 */
import type { i32 } from "../../../kernel/numbers.js";
import type { Request } from "./request.js";
import { RequestList } from "./request-list.js";
import type { Step } from "./step.js";

/** Is told of output tokens when they reach the client. Times in whole ns. */
export interface TokenSink {
  /**
   * One more output token of a request. Returns whether it reaches the client later than that, behind the first one:
   * then the request's next token must be reported separately, too.
   */
  token(request: Request, atNs: number): boolean;
  /** One more output token of each of `requests` requests that also had one in the delivery just before. */
  steadyTokens(requests: i32, atNs: number): void;
  /** The request had its latest token at this time, one that was delivered among steady tokens. */
  lastTokenWas(request: Request, atNs: number): void;
}

export class TokenReports {
  /** Requests that left the steady ones after a step whose tokens were at the client already, and when. */
  private readonly left: RequestList = new RequestList();
  private readonly leftNs: number[] = new Array<number>();
  /** Steady requests whose next token is reported by itself, and room for those of the next step. */
  private late: RequestList = new RequestList();
  private later: RequestList = new RequestList();

  /** A request leaves the steady ones; `latest` is the last step that gave it a token. */
  leaves(request: Request, latest: Step): void {
    if (isNaN(latest.deliveredNs)) latest.leaving.push(request);
    else {
      this.left.push(request);
      this.leftNs.push(latest.deliveredNs);
    }
  }

  deliver(step: Step, atNs: number, sink: TokenSink): void {
    step.deliveredNs = atNs;
    const steady = step.steady - step.lost;
    if (step.isSteadyOnly && this.left.count === 0 && this.late.count === 0) {
      if (steady > 0) sink.steadyTokens(steady, atNs);
      return;
    }
    for (let at = 0; at < this.left.count; at++) this.tellLast(this.left.at(at), this.leftNs[at]!, sink);
    this.left.clear();
    while (this.leftNs.length > 0) this.leftNs.pop();
    const late = this.late;
    const later = this.later;
    if (steady > late.count) sink.steadyTokens(steady - late.count, atNs);
    later.clear();
    for (let at = 0; at < late.count; at++) if (sink.token(late.at(at), atNs)) later.push(late.at(at));
    const joining = step.joining;
    for (let at = 0; at < joining.count; at++) if (sink.token(joining.at(at), atNs)) later.push(joining.at(at));
    this.late = later;
    this.later = late;
    const ending = step.ending;
    for (let at = 0; at < ending.count; at++) this.tellLast(ending.at(at), atNs, sink);
    const leaving = step.leaving;
    for (let at = 0; at < leaving.count; at++) this.tellLast(leaving.at(at), atNs, sink);
  }

  /** The request is no longer steady, nor late. */
  private tellLast(request: Request, lastNs: number, sink: TokenSink): void {
    sink.lastTokenWas(request, lastNs);
    if (this.late.count > 0) this.late.remove(request);
  }
}
