/** The running requests in order of admission: a linked list, so that any of them leaves in O(1). */
import type { i32 } from "../../../kernel/numbers.js";
import type { Request } from "./request.js";

export class RunningList {
  length: i32 = 0;
  first: Request | null = null;
  last: Request | null = null;

  push(request: Request): void {
    const last = this.last;
    request.next = null;
    request.previous = last;
    if (last === null) this.first = request;
    else last.next = request;
    this.last = request;
    this.length++;
  }

  remove(request: Request): void {
    const next = request.next;
    const previous = request.previous;
    if (previous === null) this.first = next;
    else previous.next = next;
    if (next === null) this.last = previous;
    else next.previous = previous;
    this.length--;
  }
}
