/**
 * Tokens that reach the clients, as in token-reports.ts, and what the log knows of them, as in step-log.ts: gaps between tokens, and
 * requests that are complete.
 */
import { firstToken, takeEnds, takeGap, takeGaps } from "./caller.as";
import { deliveryNs } from "./costs.as";
import { moved, room } from "./memory.as";
import { freeRequest, Request } from "./requests.as";
import { Ring } from "./ring.as";
import { done, ending, joining, leaving, Step } from "./steps.as";

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
  /** Steady requests whose next token is reported by itself, and room for those of the next step. */
  late: usize;
  later: usize;
  room: i32;
  lates: i32;
}
const DELIVERY_AT = memory.data(offsetof<Delivery>(), 16);
export const delivery = changetype<Delivery>(DELIVERY_AT);
/** Requests that left the steady ones after a step whose tokens were at the client already. */
const LEFT_AT = memory.data(offsetof<Ring>(), 16);
const left = changetype<Ring>(LEFT_AT);

export function beginReports(): void {
  memory.fill(DELIVERY_AT, 0, offsetof<Delivery>());
  delivery.room = 64;
  delivery.late = room(<usize>delivery.room * sizeof<usize>());
  delivery.later = room(<usize>delivery.room * sizeof<usize>());
  left.begin(16);
  gaps = endCount = 0;
  tokens = 0;
  endedNs = Infinity;
}

/** A request leaves the steady ones; `latest` is the last step that gave it a token. */
export function tellWhenLeft(request: Request, latest: Step): void {
  if (isNaN(latest.deliveredNs)) latest.leave(request);
  else left.push(changetype<usize>(request), latest.deliveredNs);
}

/** The tokens of a step are at the front end's door at `atNs`. */
export function deliver(step: Step, atNs: f64): void {
  step.deliveredNs = atNs;
  if (step.isSteadyOnly && left.length === 0 && delivery.lates === 0) {
    steadyTokens(step.steady, atNs - delivery.deliveredNs);
  } else deliverEach(step, atNs);
  delivery.deliveredNs = atNs;
  for (let at: u32 = 0; at < step.ends; at++) complete(ending.at(step.endFrom + at));
  joining.leave(step.joinFrom, step.joins);
  ending.leave(step.endFrom, step.ends);
  leaving.leave(step.leaveFrom, step.leaves);
  done(step);
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

function deliverEach(step: Step, atNs: f64): void {
  while (left.length > 0) {
    const lastNs = left.nextNs;
    tellLast(changetype<Request>(left.shift()), lastNs);
  }
  const lates = delivery.lates;
  if (step.steady > lates) steadyTokens(step.steady - lates, atNs - delivery.deliveredNs);
  reserveLate(lates + <i32>step.joins);
  let stillLate = 0;
  for (let at = 0; at < lates; at++) {
    const request = lateAt(at);
    if (token(request, atNs)) putLater(stillLate++, request);
  }
  for (let at: u32 = 0; at < step.joins; at++) {
    const request = joining.at(step.joinFrom + at);
    if (token(request, atNs)) putLater(stillLate++, request);
  }
  const late = delivery.late;
  delivery.late = delivery.later;
  delivery.later = late;
  delivery.lates = stillLate;
  for (let at: u32 = 0; at < step.ends; at++) tellLast(ending.at(step.endFrom + at), atNs);
  for (let at: u32 = 0; at < step.leaves; at++) tellLast(leaving.at(step.leaveFrom + at), atNs);
}

function lateAt(at: i32): Request {
  return changetype<Request>(load<usize>(delivery.late + <usize>at * sizeof<usize>()));
}

function putLater(at: i32, request: Request): void {
  store<usize>(delivery.later + <usize>at * sizeof<usize>(), changetype<usize>(request));
}

function reserveLate(count: i32): void {
  if (count <= delivery.room) return;
  const bytes = <usize>delivery.room * sizeof<usize>();
  while (delivery.room < count) delivery.room *= 2;
  const largerBytes = <usize>delivery.room * sizeof<usize>();
  delivery.late = moved(delivery.late, bytes, largerBytes);
  delivery.later = room(largerBytes);
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

/** The request is no longer steady, nor late; it had its latest token at that time. */
function tellLast(request: Request, lastNs: f64): void {
  const clientNs = lastNs + deliveryNs;
  if (!(request.lastTokenNs > clientNs)) request.lastTokenNs = clientNs;
  ofEngine(request);
  let kept = 0;
  for (let at = 0; at < delivery.lates; at++) {
    const late = lateAt(at);
    if (late === request) continue;
    store<usize>(delivery.late + <usize>kept * sizeof<usize>(), changetype<usize>(late));
    kept++;
  }
  delivery.lates = kept;
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
