/**
 * What every policy that runs whole batches must keep, whichever it is: it is watched at its own interface while the
 * simulator drives it, and each promise that was broken is said in words. policy.conformance.test.ts runs it over all
 * registered ones. (steps.conformance.ts: the same for schedulers that run steps.)
 */
import type { RequestRecord, Workload } from "../../formats/index.js";
import type { CostModel } from "../cost/index.js";
import { simulate, type SimulationResult } from "../engine/index.js";
import type { BatchWork, Policy } from "./policy.js";

/** A batch as the policy's caller saw it. */
export interface RanWork {
  readonly work: BatchWork;
  readonly startNs: number;
  /** How long the machine stood idle before it while requests waited, ns. */
  readonly idleNs: number;
  /** Batches in flight, this one included. */
  readonly inFlight: number;
}

export interface Observation {
  readonly result: SimulationResult;
  readonly ran: readonly RanWork[];
  readonly isFifo: boolean;
  readonly maxIdleNs: number;
  /** How often each request of the workload was completed and rejected by the policy. */
  readonly completions: readonly number[];
  readonly rejections: readonly number[];
}

/** Terms of an affine cost: fixed + rows + prompt tokens for a prefill, fixed + rows for a decode step. */
export interface AffineTerms {
  readonly fixedNs: number;
  readonly perRowNs?: number;
  readonly perTokenNs?: number;
  /** Peak memory of a batch per row, fraction of the total. */
  readonly memoryPerRow?: number;
}

export function affineCost({ fixedNs, perRowNs = 0, perTokenNs = 0, memoryPerRow = 0 }: AffineTerms): CostModel {
  return {
    totalBytes: 1,
    batch: ({ rows, promptTokens, outputTokens }) => ({
      prefillNs: fixedNs + perRowNs * rows + perTokenNs * rows * promptTokens,
      decodeNs: (outputTokens - 1) * (fixedNs + perRowNs * rows),
      peakBytes: memoryPerRow * rows,
    }),
  };
}

/** Simulates with a watch on the policy. */
export function observe(policy: Policy, workload: Workload, cost: CostModel): Observation {
  const ran: RanWork[] = [];
  const completions = workload.requests.map(() => 0);
  const rejections = workload.requests.map(() => 0);
  let outstanding = 0;
  let inFlight = 0;
  let idleSinceNs = 0;
  const watched: Policy = {
    isFifo: policy.isFifo,
    maxIdleNs: policy.maxIdleNs,
    arrived: (request, nowNs) => {
      const rejection = policy.arrived(request, nowNs);
      if (rejection !== undefined) rejections[request.index]!++;
      else if (outstanding++ === 0) idleSinceNs = nowNs;
      return rejection;
    },
    decide: (nowNs) => {
      const decision = policy.decide(nowNs);
      if (decision.kind === "wait") return decision;
      inFlight++;
      ran.push({ work: decision, startNs: nowNs, idleNs: inFlight > 1 ? 0 : nowNs - idleSinceNs, inFlight });
      return decision;
    },
    finished: (work, nowNs, feedback) => {
      const done = policy.finished(work, nowNs, feedback);
      inFlight--;
      idleSinceNs = nowNs;
      outstanding -= done.length;
      for (const { index } of done) completions[index]!++;
      return done;
    },
  };
  const result = simulate({ workload, policy: watched, cost });
  return { result, ran, isFifo: policy.isFifo, maxIdleNs: policy.maxIdleNs, completions, rejections };
}

/** Requests that did not end exactly once, or ran although they were rejected. */
export function endProblems({ result, completions, rejections }: Observation): string[] {
  return result.requests.flatMap((request, index) => {
    const ends = completions[index]! + rejections[index]!;
    if (ends !== 1) return [`request ${index} ended ${ends} times`];
    const isRejected = rejections[index] === 1;
    if (request.status !== (isRejected ? "refused" : "ok")) return [`request ${index} is logged as ${request.status}`];
    if (isRejected && request.scheduledNs !== undefined) return [`request ${index} was rejected and ran`];
    if (isRejected && (request.error ?? "") === "") return [`request ${index} was rejected without a reason`];
    return [];
  });
}

/** Requests that got other tokens than they asked for. */
export function tokenProblems({ result, ran }: Observation, workload: Workload): string[] {
  const sampled = workload.requests.map(() => 0);
  for (const { work } of ran) {
    for (const { index, outputTokens } of work.requests) sampled[index]! += outputTokens;
  }
  return workload.requests.flatMap(({ outputTokens }, index) => {
    const wanted = result.requests[index]!.status === "refused" ? 0 : outputTokens;
    if (sampled[index] !== wanted) return [`request ${index} got ${sampled[index]!} tokens, expected ${wanted}`];
    return result.requests[index]!.outputTokens === wanted ? [] : [`request ${index} is logged with other tokens`];
  });
}

/** First schedulings out of arrival order; the client sends in workload order, so indices are arrival order. */
export function fifoProblems({ ran, isFifo }: Observation): string[] {
  if (!isFifo) return [];
  const first = [...new Set(ran.flatMap(({ work }) => work.requests.map(({ index }) => index)))];
  return first.flatMap((index, at) =>
    at > 0 && index < first[at - 1]! ? [`request ${index} was first run after request ${first[at - 1]!}`] : [],
  );
}

/** Batches that started while another ran. */
export function overlapProblems({ ran }: Observation): string[] {
  return ran.flatMap(({ work, startNs, inFlight }) =>
    inFlight > 1 ? [`work ${work.id} started at ${startNs} ns as number ${inFlight} in flight`] : [],
  );
}

/** Work before which the machine idled longer than the policy promises while requests waited. */
export function idleProblems({ ran, maxIdleNs }: Observation): string[] {
  return ran.flatMap(({ work, idleNs }) =>
    idleNs > maxIdleNs ? [`${idleNs} ns idle before work ${work.id} while requests waited, bound ${maxIdleNs} ns`] : [],
  );
}

/** Requests whose times go back. */
export function timeProblems({ result }: Observation): string[] {
  return result.requests.flatMap((request) => (isMonotone(request) ? [] : [JSON.stringify(request)]));
}

/** Whether the times of a request, as far as it got, are whole ns and do not go back. */
export function isMonotone({ arrivalNs, sentNs, scheduledNs, firstTokenNs, lastTokenNs }: RequestRecord): boolean {
  const times = [arrivalNs, sentNs, scheduledNs, firstTokenNs, lastTokenNs].filter((time) => time !== undefined);
  return times.every((time, at) => Number.isInteger(time) && (at === 0 || time >= times[at - 1]!));
}
