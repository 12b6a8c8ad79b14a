/** A pass that goes through the running list, because blocks or budget run short: then the order decides. */
import { takeBlocks, freeBlocks } from "./blocks.as";
import { budget, slots } from "./limits.as";
import { emptyRoom } from "./memory.as";
import { blocksToGrow, compute, leaveSteady, pass, preempt, putPrefill, registerComputed, wanted } from "./pass.as";
import { DRAINING, PREFILLING, Request, STARVED, STEADY, WAITING } from "./requests.as";
import { running } from "./running.as";
import { steady } from "./steady.as";
import { Step } from "./steps.as";
import { isRanked, rankedLast } from "./waiting.as";

/** Requests that the walk has served, and their tokens. */
@unmanaged
class Walk {
  served: usize;
  servedTokens: usize;
}
const WALK_AT = memory.data(offsetof<Walk>(), 16);
const walk = changetype<Walk>(WALK_AT);

export function beginWalk(): void {
  walk.served = emptyRoom(<usize>(slots + 1) * sizeof<usize>());
  walk.servedTokens = emptyRoom(<usize>(slots + 1) * sizeof<i32>());
}

/** Goes through the running list front to back, preempting where blocks run out. Returns the budget left. */
export function runInOrder(step: Step): i32 {
  let served = 0;
  let left = budget;
  let request = running.head;
  while (request !== null && left > 0) {
    if (request.state === DRAINING) {
      request = request.next;
      continue;
    }
    const tokens = request.state === STEADY ? 1 : min(wanted(request), left);
    const blocks = blocksToGrow(request, tokens);
    while (blocks > freeBlocks) {
      const victim = isRanked ? rankedLast(running.head!) : running.tail!;
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
  return changetype<Request>(load<usize>(walk.served + <usize>at * sizeof<usize>()));
}

function servedTokensAt(at: i32): i32 {
  return load<i32>(walk.servedTokens + ((<usize>at) << 2));
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
  store<usize>(walk.served + <usize>at * sizeof<usize>(), changetype<usize>(request));
  store<i32>(walk.servedTokens + ((<usize>at) << 2), tokens);
}

/** Books what a walk in order decided, and takes those it passed over out of the steady ones. */
function settle(served: i32, step: Step): void {
  let at = 0;
  let request = running.head;
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
  request = running.head;
  while (request !== null) {
    if (isPrefilling(request)) putPrefill(prefills++, request);
    request = request.next;
  }
  pass.prefills = prefills;
}

function isPrefilling(request: Request): bool {
  return request.state === PREFILLING || request.state === STARVED;
}
