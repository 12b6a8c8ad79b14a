/** Requests from when they reach the front end to when their last token is with the client, and those that are still to come. */
import { emptyRoom, room } from "./memory.as";

/** What the scheduler knows of a request; as in count-scheduler.ts. */
export const WAITING: i32 = 1;
export const PREFILLING: i32 = 2;
export const STEADY: i32 = 3;
export const STARVED: i32 = 4;
export const DRAINING: i32 = 5;

@unmanaged
export class Request {
  /** Times of the request log, ns; NaN: not yet. */
  scheduledNs: f64;
  firstTokenNs: f64;
  lastTokenNs: f64;
  takenNs: f64;
  serverFirstNs: f64;
  serverLastNs: f64;
  /** When the front end had it. */
  arrivedNs: f64;
  /** Of a steady one: computed tokens minus the passes so far, and the pass that schedules its last token. */
  base: i64;
  lastPass: i64;
  index: i32;
  promptTokens: i32;
  outputTokens: i32;
  /** How often the front end has served it: handled it, and at its hops. */
  served: i32;
  state: i32;
  /** Tokens whose KV is computed or being computed, and those to compute before the next one is sampled. */
  computed: i32;
  target: i32;
  preemptions: i32;
  /** Tokens of its prompt that were in the cache when it was admitted first. */
  cachedTokens: i32;
  /** Its place among all admissions. */
  admission: i32;
  /** Neighbours in the running list, and among those with the same last pass. */
  next: Request | null;
  previous: Request | null;
  bucketNext: Request | null;
  bucketPrevious: Request | null;
}

/** Requests that memory is taken for at a time. */
const POOL: i32 = 64;

@unmanaged
class Pool {
  spare: Request | null;
}
const POOL_AT = memory.data(offsetof<Pool>(), 16);
const pool = changetype<Pool>(POOL_AT);

export function newRequest(index: i32, promptTokens: i32, outputTokens: i32): Request {
  if (pool.spare === null) fillPool();
  const request = pool.spare!;
  pool.spare = request.next;
  memory.fill(changetype<usize>(request), 0, offsetof<Request>());
  request.scheduledNs = NaN;
  request.firstTokenNs = NaN;
  request.lastTokenNs = NaN;
  request.serverFirstNs = NaN;
  request.index = index;
  request.promptTokens = promptTokens;
  request.outputTokens = outputTokens;
  return request;
}

/** Nobody has it any more. */
export function freeRequest(request: Request): void {
  request.next = pool.spare;
  pool.spare = request;
}

function fillPool(): void {
  const at = emptyRoom(<usize>POOL * offsetof<Request>());
  for (let i = POOL - 1; i >= 0; i--) freeRequest(changetype<Request>(at + <usize>i * offsetof<Request>()));
}

/** Requests on their way to the front end: a ring of {time, index, prompt and output tokens}. */
@unmanaged
class Arrivals {
  /** When the next one comes; Infinity: none is known. */
  nextNs: f64;
  entries: usize;
  head: u32;
  tail: u32;
  mask: u32;

  @inline entry(at: u32): usize {
    return this.entries + <usize>(at & this.mask) * ENTRY;
  }

  get secondNs(): f64 {
    return this.tail - this.head > 1 ? load<f64>(this.entry(this.head + 1)) : Infinity;
  }

  push(index: i32, promptTokens: i32, outputTokens: i32, atNs: f64): void {
    if (this.tail - this.head > this.mask) this.grow();
    const entry = this.entry(this.tail);
    store<f64>(entry, atNs);
    store<i32>(entry, index, 8);
    store<i32>(entry, promptTokens, 12);
    store<i32>(entry, outputTokens, 16);
    if (this.tail++ === this.head) this.nextNs = atNs;
  }

  /** The next one is there. */
  take(): Request {
    const entry = this.entry(this.head++);
    const request = newRequest(load<i32>(entry, 8), load<i32>(entry, 12), load<i32>(entry, 16));
    request.arrivedNs = load<f64>(entry);
    // From the beginning again, so that few of its pages are ever touched.
    if (this.head === this.tail) this.head = this.tail = 0;
    this.nextNs = this.head === this.tail ? Infinity : load<f64>(this.entry(this.head));
    return request;
  }

  private grow(): void {
    const length = this.tail - this.head;
    const larger = room(<usize>(2 * length) * ENTRY);
    for (let at: u32 = 0; at < length; at++) memory.copy(larger + <usize>at * ENTRY, this.entry(this.head + at), ENTRY);
    this.entries = larger;
    this.head = 0;
    this.tail = length;
    this.mask = 2 * length - 1;
  }
}
const ENTRY: usize = 24;
const FEW: u32 = 64;
const ARRIVALS_AT = memory.data(offsetof<Arrivals>(), 16);
export const arrivals = changetype<Arrivals>(ARRIVALS_AT);

export function beginRequests(): void {
  pool.spare = null;
  arrivals.nextNs = Infinity;
  arrivals.entries = room(<usize>FEW * ENTRY);
  arrivals.head = arrivals.tail = 0;
  arrivals.mask = FEW - 1;
}
