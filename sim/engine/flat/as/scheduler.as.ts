/** The scheduler: the same decisions as count-scheduler.ts. */
import { admit, admitsHead, beginAdmissions, prefillCap } from "./admissions.as";
import { blockSize, forget, freeBlocks, idleHits, isCaching, release, takeBlocks, watchBlocks } from "./blocks.as";
import { beginWalk, runInOrder } from "./in-order.as";
import { budget, isAsynchronous, reserveFullIsl } from "./limits.as";
import {
  beginPass,
  blocksToGrow,
  compute,
  drainEnding,
  pass,
  prefillAt,
  putPrefill,
  registerComputed,
  wanted,
} from "./pass.as";
import { DRAINING, Request, WAITING } from "./requests.as";
import { beginRunning, running } from "./running.as";
import { steady } from "./steady.as";
import { ending, follows, latestStep, newStep, Step } from "./steps.as";
import { addWaiting, beginWaiting, removeWaiting, waitingRequests } from "./waiting.as";

/** A request has ended of which the worker has yet to hear. */
export let unreported: bool = false;
/** Requests of the run that was asked for last. */
let runSize: i32 = 0;

export function beginScheduler(longestOutput: i32): void {
  beginWaiting();
  beginRunning();
  beginPass();
  beginWalk();
  beginAdmissions();
  steady.begin(blockSize, longestOutput);
  unreported = false;
  runSize = 0;
}

export function add(request: Request): void {
  request.state = WAITING;
  request.target = request.promptTokens;
  addWaiting(request);
}

export function hasUnfinished(): bool {
  return (running.length | waitingRequests()) !== 0;
}

/** A pass that begins at `atNs`. */
export function schedule(atNs: f64): Step {
  const step = newStep();
  unreported = false;
  pass.atNs = atNs;
  pass.cap = prefillCap();
  const left = isUnconstrained() ? runAll(step) : runInOrder(step);
  if (step.preempted === 0 && waitingRequests() > 0) admit(step, left);
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
      running.remove(request);
      release(request, request.computed, request.computed);
    } else {
      // Preempted while its last token was in flight.
      removeWaiting(request);
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
  if (size === 0 || size !== running.length || size > budget) return 0;
  const latest = latestStep();
  if (isAsynchronous && !(latest.isSteadyOnly && latest.steady === size)) return 0;
  runSize = size;
  const passes = steady.passesBeforeAnEnd() + isAsynchronous;
  if (passes === 0) return 0;
  if (waitingRequests() > 0) {
    pass.cap = prefillCap();
    if (admitsHead(budget - size)) return 0;
  }
  // Without the full-sequence gate, losing cached blocks that nobody holds can make the head's first chunk cheaper.
  const isAtRisk = isCaching && waitingRequests() > 0 && idleHits > 0 && !reserveFullIsl;
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
  step.steady = runSize;
  if (!isAsynchronous) follows(step);
  return step;
}

/** The outputs of such a run are with the clients. */
export function deliverRun(atNs: f64): void {
  if (!isAsynchronous) latestStep().deliveredNs = atNs;
}

/** Whether every running request gets all it wants, whatever the order. */
function isUnconstrained(): bool {
  let tokens = steady.size;
  let blocks = steady.blocksNextPass();
  const prefills = pass.prefills;
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
  const prefills = pass.prefills;
  let kept = 0;
  for (let at = 0; at < prefills; at++) {
    const request = prefillAt(at);
    const tokens = min(wanted(request), left);
    takeBlocks(blocksToGrow(request, tokens));
    registerComputed(request, tokens);
    left -= tokens;
    if (!compute(request, tokens, step)) putPrefill(kept++, request);
  }
  pass.prefills = kept;
  return left;
}
