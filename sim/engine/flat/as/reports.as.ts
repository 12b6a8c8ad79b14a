/**
 * What the log knows of tokens that reach the clients, as in step-log.ts: gaps between tokens, and requests that are complete.
 */
import { firstToken, takeEnds, takeGap, takeGaps } from "./caller.as";
import { deliveryNs } from "./costs.as";
import { Request } from "../../../policy/vllm/scheduler/request";
import { Step } from "../../../policy/vllm/scheduler/step";
import { TokenSink } from "../../../policy/vllm/scheduler/token-reports";
import { freeRequest } from "./requests.as";
import { scheduler } from "./scheduler.as";

/** Gaps that the caller has not taken, ns, and how often each counts. */
export const GAPS: i32 = 4096;
export const gapValues = memory.data(16384, 16);
export const gapWeights = memory.data(8192, 16);
export let gaps: i32 = 0;
const LONGEST_GAP: f64 = 4294967295;
/** Completed requests that the caller has not taken, each in so many numbers. */
export const ENDS: i32 = 256;
export const END_FIELDS: i32 = 9;
export const ends = memory.data(18432, 16);
let endCount: i32 = 0;
/** Tokens that reached clients so far. */
let tokens: f64 = 0;
/** When the first of the requests that are complete ends for a caller who waits for it; Infinity: none. */
export let endedNs: f64 = Infinity;
export let stopsAtEnds: i32 = 0;
/** Whether the caller wants to know first tokens at once; set from outside. */
export let tellsFirstTokens: i32 = 0;

/** The delivery at hand: when the engine had the output, and how much later first tokens come. */
@unmanaged
class Delivery {
  updatedNs: f64;
  firstLateNs: f64;
  /** When outputs were reported last, and when all first chunks reported are out. */
  deliveredNs: f64;
  firstsOutNs: f64;
}
const DELIVERY_AT = memory.data(offsetof<Delivery>(), 16);
export const delivery = changetype<Delivery>(DELIVERY_AT);
let sink: Clients = changetype<Clients>(0);

export function beginReports(): void {
  memory.fill(DELIVERY_AT, 0, offsetof<Delivery>());
  sink = new Clients();
  gaps = endCount = 0;
  tokens = 0;
  endedNs = Infinity;
}

/** The tokens of a step are at the front end's door at `atNs`. */
export function deliver(step: Step, atNs: f64): void {
  scheduler.deliver(step, atNs, sink);
  delivery.deliveredNs = atNs;
  const ending = step.ending;
  for (let at = 0; at < ending.count; at++) complete(ending.at(at));
  scheduler.done(step);
}

/** One more token for each of so many requests, `gapNs` after their last. */
export function steadyTokens(requests: i32, gapNs: f64): void {
  tokens += <f64>requests;
  Gaps.add(gapNs, requests);
}

export class Gaps {
  @inline static add(gapNs: f64, weight: i32): void {
    if (gapNs > LONGEST_GAP || weight > 65535) takeGap(gapNs, weight);
    else {
      if (gaps === GAPS) emptyGaps();
      store<u32>(gapValues + ((<usize>gaps) << 2), <u32>gapNs);
      store<u16>(gapWeights + ((<usize>gaps) << 1), <u16>weight);
      gaps++;
    }
  }
}

function emptyGaps(): void {
  takeGaps(gaps);
  gaps = 0;
}

export function countTokens(count: f64): void {
  tokens += count;
}

/** The caller takes the completed requests; gaps that are left when all is over it takes by itself. */
export function emptyEnds(): void {
  if (endCount > 0) takeEnds(endCount, tokens);
  endCount = 0;
}

export function setEndedNs(atNs: f64): void {
  endedNs = atNs;
}

class Clients implements TokenSink {
  token(request: Request, atNs: f64): boolean {
    return token(request, atNs);
  }

  steadyTokens(requests: i32, atNs: f64): void {
    steadyTokens(requests, atNs - delivery.deliveredNs);
  }

  lastTokenWas(request: Request, atNs: f64): void {
    tellLast(request, atNs);
  }
}

/** One more token of a request; whether it comes later than `atNs`, behind the first one. */
function token(request: Request, atNs: f64): bool {
  ofEngine(request);
  tokens++;
  const clientNs = atNs + deliveryNs;
  if (isNaN(request.firstTokenNs)) {
    request.firstTokenNs = request.lastTokenNs = clientNs + delivery.firstLateNs;
    if (tellsFirstTokens) firstToken(request.index, request.firstTokenNs);
    return delivery.firstLateNs > 0;
  }
  const latestNs = request.lastTokenNs;
  const chunkNs = clientNs > latestNs ? clientNs : latestNs;
  Gaps.add(chunkNs - latestNs, 1);
  request.lastTokenNs = chunkNs;
  return chunkNs > clientNs;
}

/** A request had its latest token, among steady ones, at that time. */
function tellLast(request: Request, lastNs: f64): void {
  const clientNs = lastNs + deliveryNs;
  if (!(request.lastTokenNs > clientNs)) request.lastTokenNs = clientNs;
  ofEngine(request);
}

/** What the engine knows of its latest token. */
function ofEngine(request: Request): void {
  if (isNaN(request.serverFirstNs)) request.serverFirstNs = delivery.updatedNs;
  request.serverLastNs = delivery.updatedNs;
}

/** All tokens of a request were reported. */
function complete(request: Request): void {
  if (endCount === ENDS) emptyEnds();
  const at = ends + <usize>(endCount++ * END_FIELDS) * 8;
  store<f64>(at, <f64>request.index);
  store<f64>(at, <f64>request.preemptions, 8);
  store<f64>(at, request.scheduledNs, 16);
  store<f64>(at, request.firstTokenNs, 24);
  store<f64>(at, request.lastTokenNs, 32);
  store<f64>(at, request.takenNs, 40);
  store<f64>(at, request.serverFirstNs, 48);
  store<f64>(at, request.serverLastNs, 56);
  store<f64>(at, <f64>request.cachedTokens, 64);
  if (stopsAtEnds) {
    const endNs = request.lastTokenNs - deliveryNs;
    if (endNs < endedNs) endedNs = endNs;
  }
  freeRequest(request);
}
