/**
 * What every scheduler of continuous batching must keep: it is watched at its own interface while the engine loop drives
 * it, step by step, and each promise that was broken is said in words. steps.conformance.test.ts runs it over all
 * registered policies that run steps.
 * (policy.conformance.ts: the same for policies that run whole batches.)
 */
import type { Workload } from "../../formats/index.js";
import { noHost, type StepCostModel } from "../cost/index.js";
import {
  slotCount,
  stepBudget,
  tokenCounts,
  type EngineStep,
  type StepAssignment,
  type StepScheduler,
  type StepSchedulers,
} from "../policy/index.js";
import { Client } from "../workload/index.js";
import { EngineLoop } from "./server/engine-loop.js";
import { StepLog } from "./log/step-log.js";

/** The numbers of a step as the loop saw it, and whom it completed. */
export interface RanStep {
  readonly counts: EngineStep;
  readonly completed: readonly number[];
  /** Steps in flight once it was scheduled, this one included. */
  readonly inFlight: number;
  readonly runningRequests: number;
  readonly freeBlocks: number;
  /** Requests' tokens in this step, and who samples; empty where the scheduler does not say. */
  readonly tokensOf: ReadonlyMap<number, number>;
  readonly sampling: readonly number[];
}

export interface StepObservation {
  readonly log: StepLog;
  readonly steps: readonly RanStep[];
  readonly policy: StepSchedulers;
  readonly depth: number;
  readonly busyNs: number;
  /** How often each request was completed and rejected by the scheduler, and how many tokens its clients got. */
  readonly completions: readonly number[];
  readonly rejections: readonly number[];
  readonly tokens: number;
  /** KV blocks free before the first step, and after the last one. */
  readonly kvBlocks: number;
  readonly freeBlocks: number;
}

export interface StepScenario {
  readonly workload: Workload;
  readonly policy: StepSchedulers;
  /** Whether the scheduler says what each request does. */
  readonly saysWork: boolean;
  readonly cost: StepCostModel;
}

/** GPU times of a fixed part, per request, per token of a prompt and per cached token; a host that takes no time. */
export function gpuOnly(terms: {
  readonly fixedNs: number;
  readonly perRequestNs?: number;
  readonly perTokenNs?: number;
  readonly perContextNs?: number;
}): StepCostModel {
  const { fixedNs, perRequestNs = 0, perTokenNs = 0, perContextNs = 0 } = terms;
  return {
    host: noHost,
    gpuNs: (step) =>
      fixedNs +
      perRequestNs * step.scheduledRequests +
      perTokenNs * step.prefillTokens +
      perContextNs * step.decodeContextTokens,
    decodeLaw: (requests, contextTokens) => ({
      firstNs: fixedNs + perRequestNs * requests + perContextNs * contextTokens,
      incrementNs: perContextNs * requests,
      steps: Infinity,
    }),
  };
}

/** Runs a workload through one engine loop with a watch on its scheduler; every round by itself, no jumps. */
export function observeSteps({ workload, policy, saysWork, cost }: StepScenario): StepObservation {
  const { requests } = workload;
  const tokenColumns = tokenCounts(requests);
  const log = new StepLog(requests, tokenColumns);
  const scheduler = policy.choose({ requests, tokens: tokenColumns, isReference: true, saysWork }).make();
  const kvBlocks = scheduler.freeBlocks;
  const watched = new WatchedScheduler(scheduler, requests.length);
  const stopsAtEnds = workload.maxConcurrency !== Infinity;
  const loop = new EngineLoop({ scheduler: watched, cost, log, jumps: false, stopsAtEnds });
  const client = new Client(workload);
  for (;;) {
    const arrivalNs = client.nextDueNs;
    const endNs = loop.ended.nextNs;
    const nextNs = Math.min(arrivalNs, endNs, loop.nextNs());
    if (nextNs === Infinity) break;
    if (endNs === nextNs) {
      loop.ended.shift();
      client.ended(endNs);
    } else if (arrivalNs === nextNs) {
      const sent = client.take(arrivalNs)!;
      log.sent(sent.index, sent.arrivalNs, arrivalNs);
      const rejection = watched.rejection(sent.index);
      if (rejection === undefined) {
        loop.arrive(sent.index, arrivalNs);
      } else {
        log.rejected(sent.index, rejection);
        client.ended(arrivalNs);
      }
    } else loop.advance(Math.min(arrivalNs, endNs));
  }
  const { steps, completions, rejections, tokens, freeBlocks, depth } = watched;
  return { log, steps, policy, depth, busyNs: loop.busyNs, completions, rejections, tokens, kvBlocks, freeBlocks };
}

/** Requests that did not end exactly once, or ran although they were rejected. */
export function endProblems({ log, completions, rejections }: StepObservation): string[] {
  return [...completions.keys()].flatMap((index) => {
    const ends = completions[index]! + rejections[index]!;
    if (ends !== 1) return [`request ${index} ended ${ends} times`];
    const isRejected = rejections[index] === 1;
    if ((log.ok[index] === 1) === isRejected) return [`request ${index} is logged as ${isRejected ? "ok" : "refused"}`];
    if (!isRejected) return [];
    if (!Number.isNaN(log.scheduledNs[index]!)) return [`request ${index} was rejected and ran`];
    return (log.rejections.get(index) ?? "") === "" ? [`request ${index} was rejected without a reason`] : [];
  });
}

/** Tokens that were sampled, delivered or called first ones too often or too seldom. */
export function tokenProblems({ log, steps, rejections, tokens }: StepObservation, { requests }: Workload): string[] {
  const served = requests.filter((_, index) => rejections[index] === 0);
  const wanted = served.reduce((sum, { outputTokens }) => sum + outputTokens, 0);
  const sum = (of: (step: EngineStep) => number): number => steps.reduce((total, { counts }) => total + of(counts), 0);
  const logged = log.outputTokens.reduce((total, count) => total + count, 0);
  const got: readonly [string, number, number][] = [
    ["tokens sampled", sum((step) => step.samplingRequests), wanted],
    ["tokens delivered", tokens, wanted],
    ["tokens logged", logged, wanted],
    ["first tokens", sum((step) => step.firstTokens), served.length],
  ];
  return got.flatMap(([what, count, expected]) => (count === expected ? [] : [`${count} ${what}, not ${expected}`]));
}

/**
 * Tokens sampled without the KV of all tokens before them, computed since the request's latest admission or cached.
 * Nothing can be said where the scheduler does not name whom it scheduled.
 */
export function kvProblems({ steps }: StepObservation, { requests }: Workload): string[] {
  const computed = requests.map(() => 0);
  const sampled = requests.map(() => 0);
  const problems: string[] = [];
  for (const { counts, tokensOf, sampling } of steps) {
    if (tokensOf.size === 0 && counts.scheduledRequests > 0) return ["the step does not say whom it scheduled"];
    for (const index of counts.preempted) computed[index] = 0;
    counts.admitted.forEach((index, at) => (computed[index] = counts.cachedTokens[at]!));
    for (const [index, tokens] of tokensOf) computed[index]! += tokens;
    for (const index of sampling) {
      const before = requests[index]!.promptTokens + sampled[index]!++;
      if (computed[index] === before) continue;
      problems.push(`step ${counts.id}: request ${index} sampled after ${computed[index]!} tokens, expected ${before}`);
    }
  }
  return problems;
}

/** Steps whose counts do not add up, or that go beyond the limits. */
export function limitProblems({ steps, policy, kvBlocks: allBlocks, freeBlocks }: StepObservation): string[] {
  const [budget, slots] = [stepBudget(policy.limits), slotCount(policy.limits)];
  const leaked = freeBlocks === allBlocks ? [] : [`${freeBlocks} of ${allBlocks} KV blocks are free at the end`];
  const problems = steps.flatMap(({ counts, runningRequests, freeBlocks: free }) => {
    const { id, scheduledTokens, scheduledRequests, decodeRequests, prefillRequests, prefillTokens } = counts;
    const broken: readonly [string, boolean][] = [
      ["more tokens than the budget", scheduledTokens > budget],
      ["more requests than slots", runningRequests > slots],
      ["blocks that are not there", free < 0 || free > allBlocks],
      ["tokens of neither decodes nor prefills", scheduledTokens !== decodeRequests + prefillTokens],
      ["requests of neither kind", scheduledRequests !== decodeRequests + prefillRequests],
      ["more samples than requests", counts.samplingRequests > scheduledRequests],
      ["admissions beside preemptions", counts.admitted.length > 0 && counts.preempted.length > 0],
    ];
    return broken.flatMap(([what, isBroken]) => (isBroken ? [`step ${id} has ${what}`] : []));
  });
  return [...problems, ...leaked];
}

/** First admissions out of the order of arrival, where the policy promises it. */
export function fifoProblems({ steps, policy }: StepObservation): string[] {
  if (!policy.isFifo) return [];
  const first = [...new Set(steps.flatMap(({ counts }) => counts.admitted))];
  return first.flatMap((index, at) =>
    at > 0 && index < first[at - 1]! ? [`request ${index} was first run after request ${first[at - 1]!}`] : [],
  );
}

/** Steps scheduled with more in flight than the depth. */
export function overlapProblems({ steps, depth }: StepObservation): string[] {
  return steps.flatMap(({ counts, inFlight }) =>
    inFlight > depth ? [`step ${counts.id} was number ${inFlight} in flight, depth ${depth}`] : [],
  );
}

/** GPU time against the time in which some request was there: equal where the host takes none. */
export function idleProblems({ log, busyNs }: Pick<StepObservation, "log" | "busyNs">): string[] {
  const stays = Array.from({ length: log.rows }, (_, row) => [log.sentNs[row]!, log.lastTokenNs[row]!] as const)
    .filter((_, row) => log.ok[row] === 1)
    .sort(([a], [b]) => a - b);
  let presentNs = 0;
  let untilNs = -Infinity;
  for (const [fromNs, toNs] of stays) {
    presentNs += Math.max(0, toNs - Math.max(fromNs, untilNs));
    untilNs = Math.max(untilNs, toNs);
  }
  return presentNs === busyNs ? [] : [`busy for ${busyNs} ns, requests were there for ${presentNs} ns`];
}

/** Passes everything on, and takes notes. */
class WatchedScheduler implements StepScheduler {
  readonly steps: RanStep[] = [];
  readonly completions: number[];
  readonly rejections: number[];
  tokens = 0;
  private inFlight = 0;

  constructor(
    private readonly scheduler: StepScheduler,
    requests: number,
  ) {
    this.completions = new Array<number>(requests).fill(0);
    this.rejections = new Array<number>(requests).fill(0);
  }

  get depth(): 1 | 2 {
    return this.scheduler.depth;
  }
  get runningRequests(): number {
    return this.scheduler.runningRequests;
  }
  get waitingRequests(): number {
    return this.scheduler.waitingRequests;
  }
  get freeBlocks(): number {
    return this.scheduler.freeBlocks;
  }
  get fewestFreeBlocks(): number {
    return this.scheduler.fewestFreeBlocks;
  }
  get contextTokens(): number {
    return this.scheduler.contextTokens;
  }

  rejection(index: number): string | undefined {
    const rejection = this.scheduler.rejection(index);
    if (rejection !== undefined) this.rejections[index]!++;
    return rejection;
  }

  add(index: number, arrivalNs: number): void {
    this.scheduler.add(index, arrivalNs);
  }

  hasWork(): boolean {
    return this.scheduler.hasWork();
  }

  hasUnfinished(): boolean {
    return this.scheduler.hasUnfinished();
  }

  schedule(): EngineStep {
    const step = this.scheduler.schedule();
    const completed: number[] = [];
    this.steps.push({
      counts: countsOf(step),
      completed,
      inFlight: ++this.inFlight,
      runningRequests: this.runningRequests,
      freeBlocks: this.freeBlocks,
      ...namesOf(this.scheduler.assignments?.(step) ?? []),
    });
    this.completedOf.set(step, completed);
    return step;
  }

  update(step: EngineStep): readonly number[] {
    const complete = this.scheduler.update(step);
    this.inFlight--;
    for (const index of complete) this.completions[index]!++;
    const completed = this.completedOf.get(step)!;
    for (const index of complete) completed.push(index);
    return complete;
  }

  deliver(step: EngineStep, atNs: number, sink: Parameters<StepScheduler["deliver"]>[2]): void {
    this.scheduler.deliver(step, atNs, {
      token: (index, timeNs) => {
        this.tokens++;
        return sink.token(index, timeNs);
      },
      steadyTokens: (requests, timeNs) => {
        this.tokens += requests;
        sink.steadyTokens(requests, timeNs);
      },
      lastTokenWas: (index, timeNs) => {
        sink.lastTokenWas(index, timeNs);
      },
    });
  }

  decodeRun(): number {
    return this.scheduler.decodeRun();
  }

  skip(steps: number, latest: EngineStep | undefined): void {
    this.scheduler.skip(steps, latest);
  }

  passOfRun(isLatest: boolean): EngineStep {
    return this.scheduler.passOfRun(isLatest);
  }

  deliverRun(atNs: number, sink: Parameters<StepScheduler["deliverRun"]>[1]): void {
    this.scheduler.deliverRun(atNs, sink);
  }

  private readonly completedOf = new Map<EngineStep, number[]>();
}

/** The numbers of a step as they are now: a scheduler may go on writing to its own object. */
function countsOf(step: EngineStep): EngineStep {
  return {
    id: step.id,
    scheduledRequests: step.scheduledRequests,
    scheduledTokens: step.scheduledTokens,
    decodeRequests: step.decodeRequests,
    decodeContextTokens: step.decodeContextTokens,
    prefillRequests: step.prefillRequests,
    prefillTokens: step.prefillTokens,
    prefillContextTokens: step.prefillContextTokens,
    prefillAttentionPairs: step.prefillAttentionPairs,
    samplingRequests: step.samplingRequests,
    firstTokens: step.firstTokens,
    admitted: [...step.admitted],
    cachedTokens: [...step.cachedTokens],
    preempted: [...step.preempted],
  };
}

/** Who was scheduled with how many tokens, and who samples. */
function namesOf(work: readonly StepAssignment[]): Pick<RanStep, "tokensOf" | "sampling"> {
  return {
    tokensOf: new Map(work.map(({ index, tokens }) => [index, tokens])),
    sampling: work.filter(({ samples }) => samples).map(({ index }) => index),
  };
}
