/** The front end; as in front-end.ts, with the outputs of one engine. */
import {
  acceptNs,
  drawnHopGapNs,
  drawnHopNs,
  decodesJobNs,
  firstWaitNs,
  handlingNs,
  hops,
  jobNs,
  later,
  meansOf,
  restNs,
  sooner,
} from "./costs.as";
import { deliver, delivery } from "./reports.as";
import { Request } from "../../../policy/vllm/scheduler/request";
import { Step } from "../../../policy/vllm/scheduler/step";
import { addArrival, arrivals, takeArrival } from "./requests.as";
import { Ring } from "./ring.as";

/** What is in service: nothing; a request; outputs, until they are reported, and the rest of their job. */
const NOTHING: i32 = 0;
const REQUEST: i32 = 1;
const TELLING: i32 = 2;
const REST: i32 = 3;
/** In the queue, where all outputs that wait when they are served have their turn. */
const OUTPUTS: usize = 0;

@unmanaged
class FrontEnd {
  /** Time of all jobs begun, ns. */
  busyNs: f64;
  freeNs: f64;
  /** The last of those on a turn is back then. */
  turnedNs: f64;
  servedNs: f64;
  /** What happens up to and at this time is done. */
  untilNs: f64;
  /** What the outputs in service take beyond `servedNs`, and how much later than the others first chunks come. */
  restNs: f64;
  firstLateNs: f64;
  serving: i32;
  request: Request | null;
  /** Requests that have come in and are not with the engine. */
  requests: i32;
  /** Of the outputs, from the front: those in service, then those that wait in the queue. */
  servedOutputs: i32;
  waitingOutputs: i32;
  completes: bool;
}
const FRONT_END_AT = memory.data(offsetof<FrontEnd>(), 16);
export const frontEnd = changetype<FrontEnd>(FRONT_END_AT);

/** Jobs in the order in which they joined; requests on a turn round the event loop; outputs, and when those were sent that have not joined. */
const QUEUE_AT = memory.data(offsetof<Ring>(), 16);
const queue = changetype<Ring>(QUEUE_AT);
const TURNING_AT = memory.data(offsetof<Ring>(), 16);
const turning = changetype<Ring>(TURNING_AT);
const OUTPUTS_AT = memory.data(offsetof<Ring>(), 16);
const outputs = changetype<Ring>(OUTPUTS_AT);
const SENT_AT = memory.data(offsetof<Ring>(), 16);
const sent = changetype<Ring>(SENT_AT);
/** The engine's input queue. */
const INBOX_AT = memory.data(offsetof<Ring>(), 16);
export const inbox = changetype<Ring>(INBOX_AT);

export function beginFrontEnd(): void {
  memory.fill(FRONT_END_AT, 0, offsetof<FrontEnd>());
  queue.begin(64);
  turning.begin(64);
  outputs.begin(64);
  sent.begin(64);
  inbox.begin(64);
}

/** A request reaches the server. */
export function arrive(index: i32, promptTokens: i32, outputTokens: i32, isEndKnown: bool, atNs: f64): void {
  addArrival(index, promptTokens, outputTokens, isEndKnown, atNs + acceptNs);
}

/** The engine sends the output of a step. */
export function send(step: Step, atNs: f64): void {
  outputs.push(changetype<usize>(step), atNs);
  sent.push(OUTPUTS, atNs);
}

export function frontEndNextNs(): f64 {
  if (frontEnd.serving !== NOTHING) return frontEnd.servedNs;
  return queue.length > 0 ? frontEnd.freeNs : later(frontEnd.freeNs, nextArrivalNs());
}

/** Whether all it has is outputs in service, or nothing, so that until a request comes in only time changes it. */
export function hasOnlyServedOutputs(): bool {
  return (frontEnd.requests | sent.length | queue.length) === 0;
}

/** A time before which no request ends of which the engine has sent the last output; Infinity: there is none. */
export function frontEndQuietUntilNs(): f64 {
  if (servedComplete()) return frontEnd.servedNs;
  const here = frontEnd.servedOutputs + frontEnd.waitingOutputs;
  for (let at = frontEnd.servedOutputs; at < outputs.length; at++) {
    if (changetype<Step>(outputs.at(at)).ending.count === 0) continue;
    return at < here ? frontEndNextNs() : later(frontEndNextNs(), sent.nextNs);
  }
  return Infinity;
}

export function servedComplete(): bool {
  return frontEnd.serving === TELLING && frontEnd.completes;
}

export function isFreeFromNs(): f64 {
  const serving = frontEnd.serving;
  if (serving === NOTHING) return frontEnd.freeNs;
  return serving === TELLING ? frontEnd.servedNs + frontEnd.restNs : frontEnd.servedNs;
}

/** Whether an output sent at `atNs` is a job of its own that begins at once; then what is in service has been told of. */
export function isFreeAt(atNs: f64, mayTellEnds: bool): bool {
  if (!hasOnlyServedOutputs() || isFreeFromNs() > atNs) return false;
  if (frontEnd.serving === NOTHING) return true;
  if (!mayTellEnds && servedComplete()) return false;
  endOutput();
  return true;
}

/** The job of such an output of a step, which is then reported. */
export function serve(step: Step, atNs: f64): void {
  const tokens = step.samplingRequests;
  const firstTokens = step.firstTokens;
  let ns: f64;
  let afterNs: f64;
  if (firstTokens > 0) {
    afterNs = restNs(tokens, firstTokens);
    ns = jobNs(tokens, tokens, firstTokens, atNs);
    delivery.firstLateNs = frontEnd.firstLateNs = afterNs + firstWaitNs(tokens);
    delivery.firstsOutNs = later(delivery.firstsOutNs, atNs + ns - afterNs + delivery.firstLateNs);
  } else {
    afterNs = meansOf(tokens).restNs;
    ns = decodesJobNs(tokens, atNs);
  }
  frontEnd.busyNs += ns;
  frontEnd.freeNs = atNs + ns;
  deliver(step, frontEnd.freeNs - afterNs);
}

/** Ends the output in service before its time has come, when nothing can change it. */
export function endOutput(): void {
  const serving = frontEnd.serving;
  const servedNs = frontEnd.servedNs;
  frontEnd.freeNs = isFreeFromNs();
  frontEnd.serving = NOTHING;
  frontEnd.restNs = 0;
  if (serving === TELLING) tell(servedNs);
}

/** Does all up to and at `atNs`; stops when a request is ready for the engine or complete, and returns true. */
export function runFrontEnd(atNs: f64): bool {
  frontEnd.untilNs = atNs;
  while (true) {
    if (frontEnd.serving !== NOTHING) {
      if (frontEnd.servedNs > atNs) return false;
      if (end()) return true;
    } else if (queue.length > 0) {
      const job = queue.shift();
      if (job === OUTPUTS) beginOutputs();
      else if (serveInTurn(changetype<Request>(job))) return true;
    } else {
      const startNs = later(frontEnd.freeNs, nextArrivalNs());
      if (startNs > atNs || startNs === Infinity) return false;
      frontEnd.freeNs = startNs;
      if (!isForOne()) join();
      else if (serveAlone()) return true;
    }
  }
}

/** Whether all that is here at `freeNs` is one request, come in or back from a turn. */
function isForOne(): bool {
  const freeNs = frontEnd.freeNs;
  if (sent.nextNs <= freeNs) return false;
  if (arrivals.nextNs > freeNs) return frontEnd.requests === 1;
  return frontEnd.requests === 0 && arrivals.secondNs > freeNs;
}

/** The request that came in first. */
function admit(): Request {
  frontEnd.requests++;
  return takeArrival();
}

/** The only request goes its way from `freeNs` on, as far as nothing else comes; true when it is ready for the engine. */
function serveAlone(): bool {
  const untilNs = frontEnd.untilNs;
  const request = turning.length > 0 ? changetype<Request>(turning.shift()) : admit();
  const otherNs = sooner(sent.nextNs, arrivals.nextNs);
  let nowNs = frontEnd.freeNs;
  let isReady = false;
  for (;;) {
    const servedNs = nowNs + serviceNs(request, nowNs);
    frontEnd.busyNs += servedNs - nowNs;
    if (servedNs >= otherNs || servedNs > untilNs) {
      frontEnd.serving = REQUEST;
      frontEnd.request = request;
      frontEnd.servedNs = servedNs;
      break;
    }
    nowNs = servedNs;
    isReady = ++request.served > hops;
    if (isReady) break;
    const gapNs = drawnHopGapNs(nowNs);
    if (gapNs === 0) continue;
    frontEnd.turnedNs = later(frontEnd.turnedNs, nowNs + gapNs);
    if (frontEnd.turnedNs >= otherNs || frontEnd.turnedNs > untilNs) {
      turning.push(changetype<usize>(request), frontEnd.turnedNs);
      break;
    }
    nowNs = frontEnd.turnedNs;
  }
  frontEnd.freeNs = nowNs;
  if (isReady) leave(request);
  return isReady;
}

function nextArrivalNs(): f64 {
  return sooner(sooner(arrivals.nextNs, turning.nextNs), sent.nextNs);
}

/** All that came by `freeNs` joins the queue in the order of coming. */
function join(): void {
  const freeNs = frontEnd.freeNs;
  for (;;) {
    if (sent.nextNs <= freeNs && sent.nextNs <= turning.nextNs && sent.nextNs <= arrivals.nextNs) {
      sent.shift();
      if (frontEnd.waitingOutputs++ === 0) queue.push(OUTPUTS, 0);
    } else if (turning.nextNs <= freeNs && turning.nextNs <= arrivals.nextNs) {
      queue.push(turning.shift(), 0);
    } else if (arrivals.nextNs <= freeNs) {
      queue.push(changetype<usize>(admit()), 0);
    } else return;
  }
}

/** Requests from the queue one after the other, up to `untilNs`, or until an output has its turn. True when one is ready for the engine. */
function serveInTurn(first: Request): bool {
  let request = first;
  let nowNs = frontEnd.freeNs;
  while (true) {
    const servedNs = nowNs + serviceNs(request, nowNs);
    frontEnd.busyNs += servedNs - nowNs;
    if (servedNs > frontEnd.untilNs) {
      frontEnd.serving = REQUEST;
      frontEnd.request = request;
      frontEnd.servedNs = servedNs;
      return false;
    }
    nowNs = servedNs;
    frontEnd.freeNs = nowNs;
    if (nextArrivalNs() <= nowNs) join();
    if (endRequest(request)) return true;
    if (queue.length === 0) return false;
    const job = queue.shift();
    if (job === OUTPUTS) {
      beginOutputs();
      return false;
    }
    request = changetype<Request>(job);
  }
}

function serviceNs(request: Request, atNs: f64): f64 {
  return request.served === 0 ? handlingNs(request.promptTokens, atNs) : drawnHopNs(atNs);
}

/** All outputs that wait are one job. Those of one engine are mostly of the same requests: their chunks are taken to be those of the largest. */
function beginOutputs(): void {
  frontEnd.serving = TELLING;
  const served = frontEnd.waitingOutputs;
  frontEnd.servedOutputs = served;
  frontEnd.waitingOutputs = 0;
  let tokens = 0;
  let chunks = 0;
  let firstTokens = 0;
  let completes = false;
  for (let at = 0; at < served; at++) {
    const step = changetype<Step>(outputs.at(at));
    const sampling = step.samplingRequests;
    tokens += sampling;
    chunks = max(chunks, sampling);
    firstTokens += step.firstTokens;
    completes = completes || step.ending.count > 0;
  }
  frontEnd.completes = completes;
  frontEnd.restNs = restNs(chunks, firstTokens);
  frontEnd.firstLateNs = frontEnd.restNs + firstWaitNs(chunks);
  const ns = jobNs(tokens, chunks, firstTokens, frontEnd.freeNs);
  frontEnd.servedNs = frontEnd.freeNs + ns - frontEnd.restNs;
  frontEnd.busyNs += ns;
}

/** Ends what is in service at `servedNs`; true when a request is ready for the engine or complete. */
function end(): bool {
  if (frontEnd.serving === TELLING) {
    const toldNs = frontEnd.servedNs;
    const completes = frontEnd.completes;
    if (frontEnd.restNs > 0) {
      frontEnd.serving = REST;
      frontEnd.servedNs = toldNs + frontEnd.restNs;
    } else becomeFree();
    tell(toldNs);
    return completes;
  }
  const wasRequest = frontEnd.serving === REQUEST;
  becomeFree();
  return wasRequest && endRequest(frontEnd.request!);
}

function becomeFree(): void {
  frontEnd.serving = NOTHING;
  frontEnd.restNs = 0;
  frontEnd.freeNs = frontEnd.servedNs;
  if (nextArrivalNs() <= frontEnd.freeNs) join();
}

/** The clients hear of the outputs in service. */
function tell(atNs: f64): void {
  for (; frontEnd.servedOutputs > 0; frontEnd.servedOutputs--) {
    const step = changetype<Step>(outputs.shift());
    delivery.firstLateNs = frontEnd.firstLateNs;
    if (step.firstTokens > 0) delivery.firstsOutNs = later(delivery.firstsOutNs, atNs + frontEnd.firstLateNs);
    delivery.updatedNs = step.updatedNs;
    deliver(step, atNs);
  }
}

/** A request is ready for the engine at `freeNs`. */
function leave(request: Request): void {
  inbox.push(changetype<usize>(request), frontEnd.freeNs);
  frontEnd.requests--;
}

/** A request was served until `freeNs`: true if it is ready for the engine; else it goes round the event loop. */
function endRequest(request: Request): bool {
  if (++request.served > hops) {
    leave(request);
    return true;
  }
  const gapNs = drawnHopGapNs(frontEnd.freeNs);
  if (gapNs === 0) queue.push(changetype<usize>(request), 0);
  else {
    // It does not overtake the one before it.
    frontEnd.turnedNs = later(frontEnd.turnedNs, frontEnd.freeNs + gapNs);
    turning.push(changetype<usize>(request), frontEnd.turnedNs);
  }
  return false;
}
