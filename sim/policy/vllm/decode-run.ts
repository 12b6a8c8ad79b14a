/**
 * Runs of passes in which the same requests decode one token each and nothing else happens. Their effect is known in
 * advance, so they can be done at once, at a cost of the running requests and the blocks they take.
 */
import type { KvCache } from "./kv-cache.js";
import type { SchedulerLimits } from "./limits.js";
import type { SchedulerStep } from "./scheduler-step.js";
import type { Sequence } from "./sequence.js";

/**
 * Whether all running requests decoded in the latest pass and in those still in flight, each a token after one in the
 * step before, and no other did. In asynchronous mode at least one pass must be in flight: before the first the
 * pipeline is being filled.
 */
export function isSteady(
  running: readonly Sequence[],
  latest: SchedulerStep,
  inFlight: readonly SchedulerStep[],
  isAsync: boolean,
): boolean {
  const flying = inFlight.length;
  if (running.length === 0 || flying > (isAsync ? 2 : 1) || (isAsync && flying === 0)) return false;
  if (flying > 0 && inFlight[flying - 1] !== latest) return false;
  if (!isOfAll(latest, running.length)) return false;
  for (const step of inFlight) if (!step.followsOn || !isOfAll(step, running.length)) return false;
  const placeholders = isAsync ? flying : 0;
  for (let at = 0; at < running.length; at++) {
    const sequence = running[at]!;
    if (latest.scheduled[at] !== sequence || sequence.known + flying - sequence.computed !== 1) return false;
    if (sequence.inFlight !== flying || sequence.placeholders !== placeholders) return false;
  }
  return true;
}

function isOfAll(step: SchedulerStep, requests: number): boolean {
  return step.isAllDecodes && step.scheduled.length === requests;
}

/**
 * Passes up to the one that schedules somebody's last token, without it in synchronous mode, where it is updated before the
 * next; fewer if they need more than `blocks` additional blocks.
 */
export function longestRun(running: readonly Sequence[], limits: SchedulerLimits, blocks: number): number {
  let most = Infinity;
  for (const sequence of running) {
    const left = sequence.promptTokens + lastOutput(sequence, limits.maxModelLen) - 1 - sequence.computed;
    if (left < most) most = left;
  }
  if (!limits.asyncScheduling) most--;
  if (most <= 0) return 0;
  if (blocksTaken(running, limits.blockSize, most) <= blocks) return most;
  let [fits, tooLong] = [0, most];
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2);
    if (blocksTaken(running, limits.blockSize, middle) <= blocks) fits = middle;
    else tooLong = middle;
  }
  return fits;
}

/** The output that may end the request, counted from 1. */
function lastOutput({ request, outputs, promptTokens, maxTokens }: Sequence, maxModelLen: number): number {
  let last = Math.min(maxTokens, maxModelLen - promptTokens);
  if (request.eosAt !== undefined && request.eosAt > outputs) last = Math.min(last, request.eosAt);
  if (request.stopAt !== undefined && request.stopAt > outputs) last = Math.min(last, request.stopAt);
  return last;
}

function blocksTaken(running: readonly Sequence[], blockSize: number, steps: number): number {
  let taken = 0;
  for (const { computed, blocks } of running) taken += Math.ceil((computed + steps) / blockSize) - blocks.length;
  return taken;
}

/** Does `steps` passes and as many updates of such a run: blocks are taken in the order the passes would take them. */
export function decodeSteps(running: readonly Sequence[], kv: KvCache, limits: SchedulerLimits, steps: number): void {
  const { blockSize, asyncScheduling, prefixCaching } = limits;
  /** Requests by the pass, from 1, that needs their next block; then every blockSize passes. */
  const takers: Sequence[][] = [];
  for (const sequence of running) {
    const pass = sequence.blocks.length * blockSize - sequence.computed + 1;
    (takers[pass] ??= []).push(sequence);
  }
  const passes = Object.keys(takers).map(Number);
  for (let done = 0; done < steps; done += blockSize) {
    for (const pass of passes) {
      if (done + pass > steps) break;
      for (const sequence of takers[pass]!) sequence.blocks.push(kv.pool.take());
    }
  }
  for (const sequence of running) {
    sequence.computed += steps;
    sequence.known += steps;
    sequence.outputs += steps;
    sequence.sampledIn += steps;
    // A running request's own blocks cannot be lost, so they can be registered at the end. The last token computed is
    // known to a synchronous pass; in asynchronous mode it is in flight.
    if (prefixCaching) kv.cacheUpTo(sequence, sequence.computed - (asyncScheduling ? 1 : 0));
  }
}
