/**
 * Requests that wait for admission: first come, first served, with room at the front for preempted ones; or by rank, in a heap. As in
 * request-queue.ts.
 */
import { arrived, isRankedBehind, isServedBefore } from "./caller.as";
import { Request } from "./requests.as";
import { Ring } from "./ring.as";

/** The priority policy; set from outside. */
export let isRanked: i32 = 0;

const QUEUE_AT = memory.data(offsetof<Ring>(), 16);
/** Under the priority policy its places are those of a heap. */
const queue = changetype<Ring>(QUEUE_AT);

export function beginWaiting(): void {
  queue.begin(64);
}

export function waitingRequests(): i32 {
  return queue.length;
}

/** The request that is served next; there is one. */
export function firstWaiting(): Request {
  return changetype<Request>(queue.at(0));
}

export function addWaiting(request: Request): void {
  if (isRanked) arrived(request.index, request.arrivedNs);
  queue.push(changetype<usize>(request), 0);
  if (isRanked) rise(queue.length - 1);
}

/** A request that is to be served again: to the front, or by rank. */
export function putBack(request: Request): void {
  if (isRanked) {
    queue.push(changetype<usize>(request), 0);
    rise(queue.length - 1);
  } else queue.pushFront(changetype<usize>(request));
}

export function takeFirst(): void {
  if (isRanked) removeAt(0);
  else queue.shift();
}

/** A request that is in it leaves it. */
export function removeWaiting(request: Request): void {
  if (!isRanked) queue.remove(changetype<usize>(request));
  else removeAt(queue.placeOf(changetype<usize>(request)));
}

/** Of the requests from one on in the running list the one ranked last, the earliest admitted of equals. */
export function rankedLast(first: Request): Request {
  let last = first;
  let request = first.next;
  while (request !== null) {
    if (isRankedBehind(request.index, last.index)) last = request;
    request = request.next;
  }
  return last;
}

function removeAt(at: i32): void {
  const last = queue.pop();
  if (at === queue.length) return;
  queue.put(at, last);
  sink(at);
  rise(at);
}

function comesFirst(at: i32, other: i32): bool {
  return isServedBefore(changetype<Request>(queue.at(at)).index, changetype<Request>(queue.at(other)).index);
}

function rise(from: i32): void {
  let at = from;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!comesFirst(at, parent)) return;
    swap(at, parent);
    at = parent;
  }
}

function sink(from: i32): void {
  let at = from;
  while (true) {
    const left = 2 * at + 1;
    const right = left + 1;
    let first = at;
    if (left < queue.length && comesFirst(left, first)) first = left;
    if (right < queue.length && comesFirst(right, first)) first = right;
    if (first === at) return;
    swap(at, first);
    at = first;
  }
}

function swap(a: i32, b: i32): void {
  const held = queue.at(a);
  queue.put(a, queue.at(b));
  queue.put(b, held);
}
