/** The scheduler: the same decisions as count-scheduler.ts, first come first served and without a prefix cache. */
import { emptyRoom } from "./memory.as";
import { tellWhenLeft } from "./reports.as";
import { DRAINING, PREFILLING, Request, STARVED, STEADY, WAITING } from "./requests.as";
import { Ring } from "./ring.as";
import { steady } from "./steady.as";
import { ending, follows, latestStep, newStep, Step } from "./steps.as";

/** The limits, set from outside. */
export let isAsynchronous: i32 = 0;
export let budget: i32 = 0;
export let slots: i32 = 0;
export let maxModelLen: i32 = 0;
export let maxNumBatchedTokens: i32 = 0;
export let watermarkBlocks: i32 = 0;
export let blockSize: i32 = 0;
export let longPrefillTokenThreshold: i32 = 0;
export let adaptivePrefillCap: i32 = 0;
export let sparesLoneRequest: i32 = 0;
export let chunkedPrefill: i32 = 0;
export let reserveFullIsl: i32 = 0;

/** KV blocks that no request holds, and the fewest of them after any pass; set from outside for the beginning. */
export let freeBlocks: i32 = 0;
export let fewestFreeBlocks: i32 = 0;
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
}
const LISTS_AT = memory.data(offsetof<Lists>(), 16);
const lists = changetype<Lists>(LISTS_AT);
const WAITING_AT = memory.data(offsetof<Ring>(), 16);
const waiting = changetype<Ring>(WAITING_AT);

export function beginScheduler(longestOutput: i32): void {
  memory.fill(LISTS_AT, 0, offsetof<Lists>());
  const room = <usize>(slots + 1) * sizeof<usize>();
  lists.prefilling = emptyRoom(room);
  lists.served = emptyRoom(room);
  lists.servedTokens = emptyRoom(room);
  waiting.begin(64);
  steady.begin(blockSize, longestOutput);
  waitingRequests = runningRequests = 0;
  unreported = false;
}

export function add(request: Request): void {
  request.state = WAITING;
  request.target = request.promptTokens;
  waiting.push(changetype<usize>(request), 0);
  waitingRequests++;
}

@inline
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
  watch();
  follows(step);
  return step;
}

/** The step's outputs are known: its last ones free slots and blocks. */
export function update(step: Step): void {
  for (let at: u32 = 0; at < step.ends; at++) {
    const request = ending.at(step.endFrom + at);
    if (request.state === DRAINING) {
      removeRunning(request);
      freeBlocks += holding(request.computed);
    } else {
      // Preempted while its last token was in flight.
      waiting.remove(changetype<usize>(request));
      waitingRequests--;
    }
    request.state = 0;
    unreported = true;
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
  return steady.passesWithin(freeBlocks, passes);
}

/** Does so many passes of such a run, and the updates that belong to them. */
export function skip(passes: i32): void {
  freeBlocks -= steady.skip(passes);
  unreported = false;
  drainEnding(latestStep());
  watch();
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

function watch(): void {
  if (freeBlocks < fewestFreeBlocks) fewestFreeBlocks = freeBlocks;
}

/** As prefillCap() of limits.ts. */
function prefillCap(): i32 {
  const known = runningRequests + waitingRequests;
  if (longPrefillTokenThreshold === 0 || (sparesLoneRequest && known <= 1)) return i32.MAX_VALUE;
  if (!adaptivePrefillCap) return longPrefillTokenThreshold;
  return known === 0 ? i32.MAX_VALUE : max(longPrefillTokenThreshold, maxNumBatchedTokens / known);
}

@inline
function prefillAt(at: i32): Request {
  return changetype<Request>(load<usize>(lists.prefilling + <usize>at * sizeof<usize>()));
}

@inline
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
  freeBlocks -= steady.blocksNextPass();
  steady.pass();
  let left = budget - size;
  const prefills = lists.prefills;
  let kept = 0;
  for (let at = 0; at < prefills; at++) {
    const request = prefillAt(at);
    const tokens = min(wanted(request), left);
    freeBlocks -= blocksToGrow(request, tokens);
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
    // The latest one gives way, which has not had its turn yet: in the end the request itself.
    while (blocks > freeBlocks && lists.tail !== request) preempt(lists.tail!, step);
    if (blocks > freeBlocks) {
      preempt(request, step);
      break;
    }
    freeBlocks -= blocks;
    left -= tokens;
    store<usize>(lists.served + <usize>served * sizeof<usize>(), changetype<usize>(request));
    store<i32>(lists.servedTokens + (<usize>served << 2), tokens);
    served++;
    request = request.next;
  }
  settle(served, step);
  return left;
}

@inline
function servedAt(at: i32): Request {
  return changetype<Request>(load<usize>(lists.served + <usize>at * sizeof<usize>()));
}

@inline
function servedTokensAt(at: i32): i32 {
  return load<i32>(lists.servedTokens + (<usize>at << 2));
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

@inline
function isPrefilling(request: Request): bool {
  return request.state === PREFILLING || request.state === STARVED;
}

function admit(step: Step, budgetLeft: i32): void {
  let left = budgetLeft;
  while (waitingRequests > 0 && admitsHead(left)) {
    const request = changetype<Request>(waiting.shift());
    waitingRequests--;
    request.computed = 0;
    const tokens = min(wanted(request), left);
    pushRunning(request);
    request.state = PREFILLING;
    if (isNaN(request.scheduledNs)) request.scheduledNs = lists.passNs;
    freeBlocks -= holding(tokens);
    left -= tokens;
    if (!compute(request, tokens, step)) putPrefill(lists.prefills++, request);
  }
}

/** Whether the next waiting request can start with so much budget left. */
function admitsHead(left: i32): bool {
  if (left <= 0 || runningRequests >= slots) return false;
  const request = changetype<Request>(waiting.at(0));
  const known = request.target;
  const asked = min(known, lists.cap);
  if (!chunkedPrefill && asked > left) return false;
  const guard = runningRequests > 0 ? watermarkBlocks : 0;
  const gated = reserveFullIsl ? known : min(asked, left);
  return holding(gated) + guard <= freeBlocks;
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

/** Puts a running request back that has had nothing in this pass. */
function preempt(request: Request, step: Step): void {
  const state = request.state;
  if (state === STEADY) leaveSteady(request);
  freeBlocks += holding(request.computed);
  // A decoding request has sampled a token for every one computed from its prompt's last on.
  if (state === STEADY || state === DRAINING) request.target = request.computed + 1;
  request.computed = 0;
  request.state = WAITING;
  removeRunning(request);
  waiting.pushFront(changetype<usize>(request));
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
@inline
function wanted(request: Request): i32 {
  return min(request.target - request.computed, lists.cap);
}

function blocksToGrow(request: Request, tokens: i32): i32 {
  if (request.state === STEADY) return steady.needsBlock(request) ? 1 : 0;
  return holding(request.computed + tokens) - holding(request.computed);
}

/** Blocks that hold so many tokens. */
@inline
function holding(tokens: i32): i32 {
  return (tokens + blockSize - 1) / blockSize;
}
