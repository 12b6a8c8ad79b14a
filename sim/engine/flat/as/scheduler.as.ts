/** The scheduler: the same decisions as count-scheduler.ts. */
import {
  blockSize,
  forget,
  forgetLookUp,
  freeBlocks,
  hits,
  hold,
  holding,
  idleHits,
  isCaching,
  lookUp,
  register,
  release,
  takeBlocks,
  watchBlocks,
} from "./blocks.as";
import { emptyRoom } from "./memory.as";
import { tellWhenLeft } from "./reports.as";
import { DRAINING, PREFILLING, Request, STARVED, STEADY, WAITING } from "./requests.as";
import { steady } from "./steady.as";
import { ending, follows, latestStep, newStep, Step } from "./steps.as";
import {
  addWaiting,
  beginWaiting,
  firstWaiting,
  isRanked,
  putBack,
  rankedLast,
  removeWaiting,
  takeFirst,
} from "./waiting.as";

/** The limits, set from outside. */
export let isAsynchronous: i32 = 0;
export let budget: i32 = 0;
export let slots: i32 = 0;
export let maxModelLen: i32 = 0;
export let maxNumBatchedTokens: i32 = 0;
export let watermarkBlocks: i32 = 0;
export let longPrefillTokenThreshold: i32 = 0;
export let adaptivePrefillCap: i32 = 0;
export let sparesLoneRequest: i32 = 0;
export let chunkedPrefill: i32 = 0;
export let reserveFullIsl: i32 = 0;

export let waitingRequests: i32 = 0;
export let runningRequests: i32 = 0;
export let unreported: bool = false;

@unmanaged
class Lists {
  head: Request | null;
  tail: Request | null;
  /** Running requests that are PREFILLING or STARVED, in the order of the running list; those that a walk has served, and their tokens. */
  prefilling: usize;
  served: usize;
  servedTokens: usize;
  prefills: i32;
  /** Requests of the run that was asked for last. */
  runSize: i32;
  /** Most tokens of one request in the pass at hand. */
  cap: i32;
  /** When the pass at hand began. */
  passNs: f64;
  admissions: i32;
}
const LISTS_AT = memory.data(offsetof<Lists>(), 16);
const lists = changetype<Lists>(LISTS_AT);

export function beginScheduler(longestOutput: i32): void {
  memory.fill(LISTS_AT, 0, offsetof<Lists>());
  const room = <usize>(slots + 1) * sizeof<usize>();
  lists.prefilling = emptyRoom(room);
  lists.served = emptyRoom(room);
  lists.servedTokens = emptyRoom(room);
  beginWaiting();
  steady.begin(blockSize, longestOutput);
  waitingRequests = runningRequests = 0;
  unreported = false;
}

export function add(request: Request): void {
  request.state = WAITING;
  request.target = request.promptTokens;
  addWaiting(request);
  waitingRequests++;
}

export function hasUnfinished(): bool {
  return (runningRequests | waitingRequests) !== 0;
}

/** A pass that begins at `atNs`. */
export function schedule(atNs: f64): Step {
  const step = newStep();
  unreported = false;
  lists.passNs = atNs;
  lists.cap = prefillCap();
  const left = isUnconstrained() ? runAll(step) : runInOrder(step);
  if (step.preempted === 0 && waitingRequests > 0) admit(step, left);
  drainEnding(step);
  watchBlocks();
  follows(step);
  return step;
}

/** The step's outputs are known: its last ones free slots and blocks. */
export function update(step: Step): void {
  if (isCaching && step.ends > 1) sortByAdmission(step);
  for (let at: u32 = 0; at < step.ends; at++) {
    const request = ending.at(step.endFrom + at);
    if (request.state === DRAINING) {
      removeRunning(request);
      release(request, request.computed, request.computed);
    } else {
      // Preempted while its last token was in flight.
      removeWaiting(request);
      waitingRequests--;
    }
    forget(request);
    request.state = 0;
    unreported = true;
  }
}

/** The order in which a cache gets their blocks. */
function sortByAdmission(step: Step): void {
  for (let at: u32 = 1; at < step.ends; at++) {
    const request = ending.at(step.endFrom + at);
    let place = step.endFrom + at;
    for (; place !== step.endFrom && ending.at(place - 1).admission > request.admission; place--) {
      ending.put(place, ending.at(place - 1));
    }
    ending.put(place, request);
  }
}

/** How many of the next passes schedule exactly the decodes of the latest one again; as StepScheduler.decodeRun. */
export function decodeRun(): i32 {
  const size = steady.size;
  if (size === 0 || size !== runningRequests || size > budget) return 0;
  const latest = latestStep();
  if (isAsynchronous && !(latest.isSteadyOnly && latest.steady === size)) return 0;
  lists.runSize = size;
  const passes = steady.passesBeforeAnEnd() + isAsynchronous;
  if (passes === 0) return 0;
  if (waitingRequests > 0) {
    lists.cap = prefillCap();
    if (admitsHead(budget - size)) return 0;
  }
  // Without the full-sequence gate, losing cached blocks that nobody holds can make the head's first chunk cheaper.
  const isAtRisk = isCaching && waitingRequests > 0 && idleHits > 0 && !reserveFullIsl;
  return steady.passesWithin(isAtRisk ? 0 : freeBlocks, passes);
}

/** Does so many passes of such a run, and the updates that belong to them. */
export function skip(passes: i32): void {
  takeBlocks(steady.skip(passes));
  unreported = false;
  drainEnding(latestStep());
  watchBlocks();
}

/** A pass of such a run whose output is still to be reported; of a synchronous engine the latest. */
export function passOfRun(): Step {
  const step = newStep();
  step.steady = lists.runSize;
  if (!isAsynchronous) follows(step);
  return step;
}

/** The outputs of such a run are with the clients. */
export function deliverRun(atNs: f64): void {
  if (!isAsynchronous) latestStep().deliveredNs = atNs;
}

/** As prefillCap() of limits.ts. */
function prefillCap(): i32 {
  const known = runningRequests + waitingRequests;
  if (longPrefillTokenThreshold === 0 || (sparesLoneRequest && known <= 1)) return i32.MAX_VALUE;
  if (!adaptivePrefillCap) return longPrefillTokenThreshold;
  return known === 0 ? i32.MAX_VALUE : max(longPrefillTokenThreshold, maxNumBatchedTokens / known);
}

function prefillAt(at: i32): Request {
  return changetype<Request>(load<usize>(lists.prefilling + <usize>at * sizeof<usize>()));
}

function putPrefill(at: i32, request: Request): void {
  store<usize>(lists.prefilling + <usize>at * sizeof<usize>(), changetype<usize>(request));
}

/** Whether every running request gets all it wants, whatever the order. */
function isUnconstrained(): bool {
  let tokens = steady.size;
  let blocks = steady.blocksNextPass();
  const prefills = lists.prefills;
  for (let at = 0; at < prefills; at++) {
    const request = prefillAt(at);
    const left = budget - tokens;
    let asked = wanted(request);
    if (asked > left) {
      // Cut short, which is all right where nothing behind it wants tokens.
      if (left <= 0 || at !== prefills - 1 || !isLastThatRuns(request)) return false;
      asked = left;
    }
    tokens += asked;
    blocks += blocksToGrow(request, asked);
  }
  return tokens <= budget && blocks <= freeBlocks;
}

function isLastThatRuns(request: Request): bool {
  let behind = request.next;
  while (behind !== null && behind.state === DRAINING) behind = behind.next;
  return behind === null;
}

/** Gives every running request what it wants. Returns the budget left. */
function runAll(step: Step): i32 {
  const size = steady.size;
  step.steady = size;
  if (size > 0) step.decodes(size, steady.contextTokens);
  takeBlocks(steady.blocksNextPass());
  steady.pass();
  let left = budget - size;
  const prefills = lists.prefills;
  let kept = 0;
  for (let at = 0; at < prefills; at++) {
    const request = prefillAt(at);
    const tokens = min(wanted(request), left);
    takeBlocks(blocksToGrow(request, tokens));
    registerComputed(request, tokens);
    left -= tokens;
    if (!compute(request, tokens, step)) putPrefill(kept++, request);
  }
  lists.prefills = kept;
  return left;
}

/** Goes through the running list front to back, preempting where blocks run out. Returns the budget left. */
function runInOrder(step: Step): i32 {
  let served = 0;
  let left = budget;
  let request = lists.head;
  while (request !== null && left > 0) {
    if (request.state === DRAINING) {
      request = request.next;
      continue;
    }
    const tokens = request.state === STEADY ? 1 : min(wanted(request), left);
    const blocks = blocksToGrow(request, tokens);
    while (blocks > freeBlocks) {
      const victim = isRanked ? rankedLast(lists.head!) : lists.tail!;
      const place = isRanked ? placeAmong(served, victim) : -1;
      let taken = 0;
      if (place >= 0) {
        taken = servedTokensAt(place);
        left += taken;
        removeServed(place, served--);
      }
      preempt(victim, taken, step);
      if (victim === request) break;
    }
    if (request.state === WAITING) break;
    takeBlocks(blocks);
    if (request.state !== STEADY) registerComputed(request, tokens);
    left -= tokens;
    serve(served++, request, tokens);
    request = request.next;
  }
  settle(served, step);
  return left;
}

function servedAt(at: i32): Request {
  return changetype<Request>(load<usize>(lists.served + <usize>at * sizeof<usize>()));
}

function servedTokensAt(at: i32): i32 {
  return load<i32>(lists.servedTokens + ((<usize>at) << 2));
}

/** The place of a request among those served; -1: it is not among them. First come first served, the latest one gives way, which is not. */
function placeAmong(served: i32, request: Request): i32 {
  for (let at = 0; at < served; at++) if (servedAt(at) === request) return at;
  return -1;
}

function removeServed(place: i32, served: i32): void {
  for (let at = place; at < served - 1; at++) serve(at, servedAt(at + 1), servedTokensAt(at + 1));
}

function serve(at: i32, request: Request, tokens: i32): void {
  store<usize>(lists.served + <usize>at * sizeof<usize>(), changetype<usize>(request));
  store<i32>(lists.servedTokens + ((<usize>at) << 2), tokens);
}

/** Books what a walk in order decided, and takes those it passed over out of the steady ones. */
function settle(served: i32, step: Step): void {
  let at = 0;
  let request = lists.head;
  while (request !== null) {
    if (at < served && servedAt(at) === request) at++;
    else if (request.state === STEADY) {
      leaveSteady(request);
      request.state = STARVED;
      request.target = request.computed + 1;
    }
    request = request.next;
  }
  step.steady = steady.size;
  if (steady.size > 0) step.decodes(steady.size, steady.contextTokens);
  steady.pass();
  for (at = 0; at < served; at++) {
    const one = servedAt(at);
    if (isPrefilling(one)) compute(one, servedTokensAt(at), step);
  }
  let prefills = 0;
  request = lists.head;
  while (request !== null) {
    if (isPrefilling(request)) putPrefill(prefills++, request);
    request = request.next;
  }
  lists.prefills = prefills;
}

function isPrefilling(request: Request): bool {
  return request.state === PREFILLING || request.state === STARVED;
}

function admit(step: Step, budgetLeft: i32): void {
  let left = budgetLeft;
  while (waitingRequests > 0 && admitsHead(left)) {
    const request = firstWaiting();
    const found = hits;
    const cachedTokens = found * blockSize;
    request.computed = cachedTokens;
    const tokens = min(wanted(request), left);
    takeFirst();
    waitingRequests--;
    pushRunning(request);
    request.admission = lists.admissions++;
    request.state = PREFILLING;
    if (isNaN(request.scheduledNs)) {
      request.scheduledNs = lists.passNs;
      request.cachedTokens = cachedTokens;
    }
    hold(request);
    takeBlocks(holding(cachedTokens + tokens) - found);
    registerComputed(request, tokens);
    left -= tokens;
    if (!compute(request, tokens, step)) putPrefill(lists.prefills++, request);
  }
}

/** Whether the next waiting request can start with so much budget left. */
function admitsHead(left: i32): bool {
  forgetLookUp();
  if (left <= 0 || runningRequests >= slots) return false;
  const request = firstWaiting();
  const known = request.target;
  lookUp(request, known);
  const cachedTokens = hits * blockSize;
  const asked = min(known - cachedTokens, lists.cap);
  if (!chunkedPrefill && asked > left) return false;
  const guard = runningRequests > 0 ? watermarkBlocks : 0;
  const gated = reserveFullIsl ? known : cachedTokens + min(asked, left);
  return holding(gated) - hits + idleHits + guard <= freeBlocks;
}

/** Computes `tokens` of a request outside the steady ones. Returns whether it samples, and so leaves that state. */
function compute(request: Request, tokens: i32, step: Step): bool {
  const before = request.computed;
  const after = before + tokens;
  if (request.state === STARVED) step.decodes(1, <f64>before);
  else step.prefills(tokens, before, request.target);
  request.computed = after;
  if (after < request.target) return false;
  step.join(request, after === request.promptTokens);
  const remaining = request.promptTokens + request.outputTokens - 1 - after;
  if (remaining === 0) drain(request, after, step);
  else {
    request.state = STEADY;
    steady.add(request, after, remaining);
  }
  return true;
}

/** Those whose last token the latest pass scheduled, in that step. */
function drainEnding(step: Step): void {
  for (let ended = steady.endingNow(); ended !== null; ended = steady.endingNow()) {
    drain(ended, steady.computed(ended), step);
    steady.remove(ended);
  }
}

function drain(request: Request, computed: i32, step: Step): void {
  request.state = DRAINING;
  request.computed = computed;
  step.end(request);
}

/** Puts a running request back; `taken` tokens were given to it in this pass. */
function preempt(request: Request, taken: i32, step: Step): void {
  const state = request.state;
  if (state === STEADY) leaveSteady(request);
  const tokens = request.computed + taken;
  const samples = state === STEADY || state === DRAINING;
  // The token in flight is not known yet.
  const registered = isAsynchronous && samples ? max(request.target, tokens - 1) : tokens;
  release(request, tokens, registered);
  // A decoding request has sampled a token for every one computed from its prompt's last on.
  if (samples) request.target = request.computed + 1;
  request.computed = 0;
  request.state = WAITING;
  removeRunning(request);
  putBack(request);
  waitingRequests++;
  request.preemptions++;
  step.preempted++;
}

/** Takes a request out of the steady ones: its tokens so far are as of the latest step. */
function leaveSteady(request: Request): void {
  request.computed = steady.computed(request);
  steady.remove(request);
  tellWhenLeft(request, latestStep());
}

function pushRunning(request: Request): void {
  const tail = lists.tail;
  request.next = null;
  request.previous = tail;
  if (tail === null) lists.head = request;
  else tail.next = request;
  lists.tail = request;
  runningRequests++;
}

function removeRunning(request: Request): void {
  const next = request.next;
  const previous = request.previous;
  if (previous === null) lists.head = next;
  else previous.next = next;
  if (next === null) lists.tail = previous;
  else next.previous = previous;
  runningRequests--;
}

/** Tokens a request outside the steady ones asks for in a pass. */
function wanted(request: Request): i32 {
  return min(request.target - request.computed, lists.cap);
}

function blocksToGrow(request: Request, tokens: i32): i32 {
  if (request.state === STEADY) return steady.needsBlock(request) ? 1 : 0;
  return holding(request.computed + tokens) - holding(request.computed);
}

/** A request outside the steady ones computes so many tokens: full blocks of known tokens can be found from now on. */
function registerComputed(request: Request, tokens: i32): void {
  register(request, min(request.computed + tokens, request.target));
}
