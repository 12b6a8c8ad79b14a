/** A list of requests that keeps its room when it is emptied. */
import type { i32 } from "../../../kernel/numbers.js";
import type { Request } from "./request.js";

export class RequestList {
  count: i32 = 0;
  private readonly items: Request[] = new Array<Request>();

  at(place: i32): Request {
    return this.items[place]!;
  }

  put(place: i32, request: Request): void {
    this.items[place] = request;
  }

  push(request: Request): void {
    if (this.count === this.items.length) this.items.push(request);
    else this.items[this.count] = request;
    this.count++;
  }

  clear(): void {
    this.count = 0;
  }

  /** Its place; -1: it is not in the list. */
  placeOf(request: Request): i32 {
    for (let place = 0; place < this.count; place++) if (this.items[place] === request) return place;
    return -1;
  }

  removeAt(place: i32): void {
    this.count--;
    for (let at = place; at < this.count; at++) this.items[at] = this.items[at + 1]!;
  }

  /** Takes a request out, if it is there; the others stay in order. */
  remove(request: Request): void {
    const place = this.placeOf(request);
    if (place >= 0) this.removeAt(place);
  }

  sortByAdmission(): void {
    for (let at = 1; at < this.count; at++) {
      const request = this.at(at);
      let place = at;
      for (; place > 0 && this.at(place - 1).admission > request.admission; place--)
        this.put(place, this.at(place - 1));
      this.put(place, request);
    }
  }
}
