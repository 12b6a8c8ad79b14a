/** Requests from when they reach the front end to when their last token is with the client, and those that are still to come. */
import { emptyRoom } from "./memory.as";
import { Ring } from "./ring.as";

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

function newRequest(index: i32, promptTokens: i32, outputTokens: i32): Request {
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

/** Requests on their way to the front end, by index, with their prompt and output tokens. */
const ARRIVALS_AT = memory.data(offsetof<Ring>(), 16);
export const arrivals = changetype<Ring>(ARRIVALS_AT);

export function beginRequests(): void {
  pool.spare = null;
  arrivals.begin(64);
}

/** A request comes at a time that may be far ahead; times do not go back. */
export function addArrival(index: i32, promptTokens: i32, outputTokens: i32, atNs: f64): void {
  arrivals.push(index, atNs);
  const entry = arrivals.entry(arrivals.tail - 1);
  store<i32>(entry, promptTokens, 4);
  store<i32>(entry, outputTokens, 16);
}

/** The next one is there. */
export function takeArrival(): Request {
  const entry = arrivals.entry(arrivals.head);
  const promptTokens = load<i32>(entry, 4);
  const outputTokens = load<i32>(entry, 16);
  const arrivedNs = arrivals.nextNs;
  const request = newRequest(<i32>arrivals.shift(), promptTokens, outputTokens);
  request.arrivedNs = arrivedNs;
  return request;
}
