/**
 * One vLLM engine and its front end on the virtual clock, compiled: what engine-loop.ts does, where every time is
 * drawn and shares the pace of its host, and nobody watches. Same times to the last bit.
 */
import { beginClocks, clocks, inFlight } from "./clocks.as";
import {
  beginCosts,
  copyNs,
  emptyStepSleepNs,
  later,
  sendNs,
  sooner,
  takeRequestNs,
  updateNs,
  wakeNs,
} from "./costs.as";
import {
  beginFrontEnd,
  frontEnd,
  frontEndNextNs,
  frontEndQuietUntilNs,
  inbox,
  isFreeAt,
  runFrontEnd,
  send,
  serve,
} from "./front-end.as";
import { launchAny, launchDecodes } from "./launches.as";
import { budget, chunkedPrefill, isAsynchronous, maxModelLen, slots } from "./limits.as";
import { clearMemory } from "./memory.as";
import { beginRange } from "./range.as";
import { beginReports, delivery, emptyEnds, endedNs, setEndedNs, stopsAtEnds } from "./reports.as";
import { Request } from "../../../policy/vllm/scheduler/request";
import { Step } from "../../../policy/vllm/scheduler/step";
import { arrivals, beginRequests } from "./requests.as";
import { takeRun } from "./runs.as";
import { beginScheduler, scheduler } from "./scheduler.as";

export { arrive } from "./front-end.as";
export {
  acceptNs,
  attentionPairNs,
  chunkNs,
  contextTokenNs,
  copyNs,
  deliveryNs,
  eagerLead,
  eagerPower,
  emptyStepSleepNs,
  firstChunkNs,
  firstWaitTokenNs,
  fullLead,
  graphTokens,
  hopGapNs,
  hopNs,
  hops,
  outputNs,
  outputTokenNs,
  piecewiseLead,
  piecewisePower,
  prefillRequestNs,
  promptRestIsDecode,
  recencyMemoryNs,
  recencyShare,
  requestNs,
  requestTokenNs,
  sendNs,
  stallTokens,
  takeRequestNs,
  wakeNs,
} from "./costs.as";
export { factors } from "./factors.as";
export { paceCells, paceCellsPerNs, paceFirstCell, paces } from "./pace.as";
export { anyBeyondNs, asked, beyondNs, measuredHigh, measuredLow, totalNs } from "./range.as";
export { ends, gaps, gapValues, gapWeights, stopsAtEnds, tellsFirstTokens } from "./reports.as";
export { blockSize, hits, idleHits, isCaching, isRanked, totalBlocks } from "./scheduler.as";
export * from "./limits.as";

/** How advance() ends: at its limit, or because of a preemption or of a scheduler that is stuck (flat-loop.ts). */
const AT_LIMIT: i32 = 0;
const PREEMPTED: i32 = 1;
const STUCK: i32 = 2;
const LIVELOCK: i32 = 3;

/** As in progress.ts. */
const STUCK_STEPS: i32 = 1000;
const STUCK_PREEMPTIONS: i32 = 10_000;

export let stopsAtPreemption: i32 = 0;
/** Passes by what stopped the admissions. */
export let seatStops: f64 = 0;
export let blockStops: f64 = 0;
export let budgetStops: f64 = 0;
export let noStops: f64 = 0;
/** What was counted, once advance() has ended. */
export let hostNs: f64 = 0;
export let busyNs: f64 = 0;
export let hostBusyNs: f64 = 0;
export let frontEndBusyNs: f64 = 0;
export let steps: f64 = 0;
export let runSteps: f64 = 0;
export let preemptions: f64 = 0;
export let runningRequests: f64 = 0;
export let freeBlocks: f64 = 0;
export let fewestFreeBlocks: f64 = 0;

let outcome: i32 = AT_LIMIT;

/** An engine that has served nothing; everything else was set before. */
export function begin(longestOutput: i32): void {
  clearMemory();
  beginClocks();
  beginCosts(slots, budget);
  beginRange();
  beginRequests();
  beginScheduler(longestOutput);
  beginReports();
  beginFrontEnd();
  seatStops = blockStops = budgetStops = noStops = 0;
  outcome = AT_LIMIT;
  publish();
}

/** When something happens next; Infinity when nothing will without another request. */
export function nextNs(): f64 {
  return sooner(nextRoundNs(), frontEndNextNs());
}

/** A time before which no request ends, whatever happens elsewhere; at least nextNs(). */
export function quietUntilNs(): f64 {
  // Steps give their results in turn: none does before the GPU ends the oldest.
  const resultNs = inFlight.steps === 0 ? nextNs() : later(clocks.hostNs, inFlight.oldestEndNs);
  return sooner(resultNs, frontEndQuietUntilNs());
}

/** Whether what happens next happens in the front end. At one instant it has its turn before the engine. */
export function nextIsFrontEnd(): bool {
  return frontEndNextNs() <= nextRoundNs();
}

/** When the next round starts: the loop is there and has work, or a request wakes it. */
function nextRoundNs(): f64 {
  if (inFlight.steps > 0 || scheduler.hasWork()) return clocks.hostNs;
  return inbox.nextNs <= clocks.hostNs ? clocks.hostNs : inbox.nextNs + wakeNs;
}

/** As ServerLoop.advance(); `firstEndNs`: when the first of the requests that the caller knows to be complete ends. */
export function advance(limitNs: f64, quietNs: f64, frontEndNs: f64, firstEndNs: f64): i32 {
  setEndedNs(firstEndNs);
  for (;;) {
    const roundNs = nextRoundNs();
    const untilNs = sooner(roundNs, sooner(frontEndNs, endedNs) - 1);
    if (frontEndNextNs() <= untilNs && (runFrontEnd(untilNs) || nextRoundNs() < roundNs)) continue;
    if (roundNs >= limitNs || roundNs >= endedNs) break;
    round(roundNs, sooner(limitNs, endedNs), sooner(quietNs, endedNs));
    if (outcome !== AT_LIMIT) break;
  }
  emptyEnds();
  publish();
  return outcome;
}

function publish(): void {
  hostNs = clocks.hostNs;
  busyNs = clocks.busyNs;
  hostBusyNs = clocks.hostBusyNs;
  frontEndBusyNs = frontEnd.busyNs;
  steps = <f64>clocks.steps;
  runSteps = <f64>clocks.runSteps;
  preemptions = <f64>clocks.preemptions;
  runningRequests = <f64>scheduler.running.length;
  freeBlocks = <f64>scheduler.blocks.free;
  fewestFreeBlocks = <f64>scheduler.blocks.fewestFree;
}

export function waitingRequests(): i32 {
  return scheduler.waiting.length;
}

/** The fewest free blocks are those that are free now. */
export function watchBlocks(): void {
  scheduler.blocks.fewestFree = scheduler.blocks.free;
  publish();
}

/** The next round, or a run of them, which ends before the limits. */
function round(startNs: f64, limitNs: f64, quietNs: f64): void {
  clocks.outputLimitNs = sooner(limitNs, arrivals.nextNs);
  clocks.hostNs = startNs;
  if (inbox.nextNs > startNs && limitNs === quietNs) {
    const rounds = takeRun(clocks.outputLimitNs, !stopsAtEnds);
    if (rounds > 0) {
      countStop(scheduler.running.length, <f64>rounds);
      clocks.emptySteps = clocks.fruitlessPreemptions = 0;
      return;
    }
  }
  clocks.waitedNs = 0;
  takeRequests(startNs);
  let scheduledTokens = 0;
  if (scheduler.hasWork()) {
    const step = scheduler.scheduleAt(clocks.hostNs);
    if (!goesOn(step)) return;
    scheduledTokens = step.scheduledTokens;
    countStop(scheduledTokens, 1);
    clocks.steps++;
    if (scheduledTokens > 0 && step.prefillRequests === 0) launchDecodes(step);
    else launchAny(step);
  }
  afterPass(scheduledTokens);
  clocks.hostBusyNs += clocks.hostNs - startNs - clocks.waitedNs;
}

function takeRequests(startNs: f64): void {
  while (inbox.nextNs <= startNs) {
    const request = changetype<Request>(inbox.shift());
    clocks.hostNs += takeRequestNs;
    scheduler.enter(request);
    request.takenNs = clocks.hostNs;
  }
}

/** Whether the engine goes on after a pass: it may be stuck, or not be meant to preempt. */
function goesOn(step: Step): bool {
  const preempted = step.preemptions.count;
  if (preempted > 0) {
    clocks.preemptions += preempted;
    if (stopsAtPreemption) outcome = PREEMPTED;
  }
  const isIdle = step.scheduledTokens === 0 && scheduler.hasUnfinished();
  clocks.emptySteps = isIdle ? clocks.emptySteps + 1 : 0;
  clocks.fruitlessPreemptions = step.samplingRequests > 0 ? 0 : clocks.fruitlessPreemptions + preempted;
  if (clocks.emptySteps >= STUCK_STEPS) outcome = STUCK;
  else if (clocks.fruitlessPreemptions >= STUCK_PREEMPTIONS) outcome = LIVELOCK;
  return outcome === AT_LIMIT;
}

/** As countStop() of admission-stops.ts. */
function countStop(scheduledTokens: i32, passes: f64): void {
  const wanted = chunkedPrefill ? 1 : min(maxModelLen, budget);
  if (waitingRequests() === 0) noStops += passes;
  else if (scheduler.running.length >= slots) seatStops += passes;
  else if (budget - scheduledTokens >= wanted) blockStops += passes;
  else budgetStops += passes;
}

function afterPass(scheduledTokens: i32): void {
  const isFilling = inFlight.steps <= isAsynchronous && (scheduledTokens > 0 || scheduler.hasWork());
  if (!isFilling && inFlight.steps > 0) updateOldest();
  // Also after the last request ended, whose end the worker has yet to hear of.
  if (scheduledTokens === 0 && scheduler.hasWork()) {
    clocks.hostNs += emptyStepSleepNs;
    clocks.waitedNs += emptyStepSleepNs;
  }
}

/** Takes the results of the oldest step in flight. */
function updateOldest(): void {
  const step = inFlight.oldest!;
  const readyNs = step.scheduledTokens === 0 ? inFlight.oldestEndNs : inFlight.oldestEndNs + copyNs;
  const launchedNs = clocks.hostNs;
  inFlight.shift();
  scheduler.settle(step);
  const takenNs = later(readyNs, launchedNs);
  clocks.waitedNs += takenNs - launchedNs;
  const updatedNs = takenNs + updateNs(step.scheduledRequests, takenNs);
  clocks.hostNs = updatedNs + sendNs;
  if (step.samplingRequests === 0) scheduler.done(step);
  else if (clocks.hostNs >= clocks.outputLimitNs || !isFreeAt(clocks.hostNs, !stopsAtEnds)) {
    step.updatedNs = updatedNs;
    send(step, clocks.hostNs);
  } else {
    delivery.updatedNs = updatedNs;
    serve(step, clocks.hostNs);
  }
}
