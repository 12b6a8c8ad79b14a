/** The order of the priority policy. */
import type { Request } from "./request.js";

export abstract class Ranking {
  /** The server has a request, whose times are known. */
  abstract arrived(request: Request): void;
  abstract isServedBefore(request: Request, other: Request): boolean;
  /** Whether it is preempted before the other. */
  abstract isRankedBehind(request: Request, other: Request): boolean;

  /** Of a request and those behind it in the running list the one ranked last, the earliest admitted of equals. */
  last(first: Request): Request {
    let last = first;
    for (let request = first.next; request !== null; request = request!.next) {
      if (this.isRankedBehind(request, last)) last = request;
    }
    return last;
  }
}
