/** What a pass of the scheduler does with a request. */
import { blockSize, holding, register, release } from "./blocks.as";
import { isAsynchronous, slots } from "./limits.as";
import { emptyRoom } from "./memory.as";
import { tellWhenLeft } from "./reports.as";
import { DRAINING, Request, STARVED, STEADY, WAITING } from "./requests.as";
import { running } from "./running.as";
import { steady } from "./steady.as";
import { latestStep, Step } from "./steps.as";
import { putBack } from "./waiting.as";

@unmanaged
class Pass {
  /** When it began. */
  atNs: f64;
  /** Most tokens of one request in it. */
  cap: i32;
  /** Running requests that are PREFILLING or STARVED, in the order of the running list. */
  prefilling: usize;
  prefills: i32;
}
const PASS_AT = memory.data(offsetof<Pass>(), 16);
export const pass = changetype<Pass>(PASS_AT);

export function beginPass(): void {
  memory.fill(PASS_AT, 0, offsetof<Pass>());
  pass.prefilling = emptyRoom(<usize>(slots + 1) * sizeof<usize>());
}

/** Tokens a request outside the steady ones asks for in a pass. */
export function wanted(request: Request): i32 {
  return min(request.target - request.computed, pass.cap);
}

export function blocksToGrow(request: Request, tokens: i32): i32 {
  if (request.state === STEADY) return steady.needsBlock(request) ? 1 : 0;
  return holding(request.computed + tokens) - holding(request.computed);
}

/** A request outside the steady ones computes so many tokens: full blocks of known tokens can be found from now on. */
export function registerComputed(request: Request, tokens: i32): void {
  register(request, min(request.computed + tokens, request.target));
}

/** Computes `tokens` of a request outside the steady ones. Returns whether it samples, and so leaves that state. */
export function compute(request: Request, tokens: i32, step: Step): bool {
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
export function drainEnding(step: Step): void {
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
export function preempt(request: Request, taken: i32, step: Step): void {
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
  running.remove(request);
  putBack(request);
  request.preemptions++;
  step.preempted++;
}

/** Takes a request out of the steady ones: its tokens so far are as of the latest step. */
export function leaveSteady(request: Request): void {
  request.computed = steady.computed(request);
  steady.remove(request);
  tellWhenLeft(request, latestStep());
}

export function prefillAt(at: i32): Request {
  return changetype<Request>(load<usize>(pass.prefilling + <usize>at * sizeof<usize>()));
}

export function putPrefill(at: i32, request: Request): void {
  store<usize>(pass.prefilling + <usize>at * sizeof<usize>(), changetype<usize>(request));
}
