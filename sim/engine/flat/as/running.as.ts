/** The running list in admission order; as running-list.ts. */
import { Request } from "./requests.as";

@unmanaged
class Running {
  length: i32;
  head: Request | null;
  tail: Request | null;

  push(request: Request): void {
    const tail = this.tail;
    request.next = null;
    request.previous = tail;
    if (tail === null) this.head = request;
    else tail.next = request;
    this.tail = request;
    this.length++;
  }

  remove(request: Request): void {
    const next = request.next;
    const previous = request.previous;
    if (previous === null) this.head = next;
    else previous.next = next;
    if (next === null) this.tail = previous;
    else next.previous = previous;
    this.length--;
  }
}
const RUNNING_AT = memory.data(offsetof<Running>(), 16);
export const running = changetype<Running>(RUNNING_AT);

export function beginRunning(): void {
  memory.fill(RUNNING_AT, 0, offsetof<Running>());
}
