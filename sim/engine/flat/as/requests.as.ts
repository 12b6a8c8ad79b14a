/** Requests on their way to the front end, and those that are in the server. */
import { Request, RequestPool } from "../../../policy/vllm/scheduler/request";
import { Ring } from "./ring.as";

let pool: RequestPool = changetype<RequestPool>(0);
/** By index, with their prompt and output tokens; tokens below 0: nobody knows where it ends. */
const ARRIVALS_AT = memory.data(offsetof<Ring>(), 16);
export const arrivals = changetype<Ring>(ARRIVALS_AT);

export function beginRequests(): void {
  pool = new RequestPool();
  arrivals.begin(64);
}

/** A request comes at a time that may be far ahead; times do not go back. */
export function addArrival(index: i32, promptTokens: i32, outputTokens: i32, isEndKnown: bool, atNs: f64): void {
  arrivals.push(index, atNs);
  const entry = arrivals.entry(arrivals.tail - 1);
  store<i32>(entry, promptTokens, 4);
  store<i32>(entry, isEndKnown ? outputTokens : -outputTokens, 16);
}

/** The next one is there. */
export function takeArrival(): Request {
  const entry = arrivals.entry(arrivals.head);
  const promptTokens = load<i32>(entry, 4);
  const outputTokens = load<i32>(entry, 16);
  const arrivedNs = arrivals.nextNs;
  const request = pool.take(<i32>arrivals.shift(), promptTokens, abs(outputTokens));
  request.isEndKnown = outputTokens > 0;
  request.arrivedNs = arrivedNs;
  return request;
}

/** Nobody has it any more. */
export function freeRequest(request: Request): void {
  pool.give(request);
}
