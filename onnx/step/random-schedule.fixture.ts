/** Random schedules of requests on a ContinuousBatch: they join, leave, pause, take chunks of their prompts and are preempted. */
import type { ContinuousBatch, RequestStep } from "./continuous-batch.js";

export interface ScheduledRequest {
  readonly prompt: readonly number[];
  readonly outputTokens: number;
  /** Chooses the tokens where they are sampled; absent: greedy. */
  readonly uniforms?: ArrayLike<number>;
  readonly output: number[];
  /** Tokens that its slot holds. */
  done: number;
}

export interface RandomNumbers {
  /** In [0, 1). */
  next(): number;
  /** A whole number below. */
  below(end: number): number;
}

export function randomRequests(count: number, random: RandomNumbers): ScheduledRequest[] {
  return Array.from({ length: count }, () => ({
    prompt: Array.from({ length: 1 + random.below(random.below(4) === 0 ? 60 : 12) }, () => random.below(512)),
    outputTokens: 1 + random.below(16),
    output: [],
    done: 0,
  }));
}

/** Serves all requests to their ends, with at most `seats` at once; how many were preempted. */
export function runSchedule(
  batch: ContinuousBatch,
  requests: readonly ScheduledRequest[],
  { seats, random }: { readonly seats: number; readonly random: RandomNumbers },
): number {
  const waiting = requests.map((_, index) => index);
  const running: number[] = [];
  let preempted = 0;
  while (waiting.length > 0 || running.length > 0) {
    while (running.length < seats && waiting.length > 0 && random.next() < 0.5) running.push(waiting.shift()!);
    if (running.length > 1 && random.next() < 0.05) {
      // Recomputed from the start, with the tokens it has as a part of its prompt.
      const victim = running.pop()!;
      requests[victim]!.done = 0;
      batch.end(victim);
      waiting.unshift(victim);
      preempted++;
    }
    const steps = running
      .filter(() => random.next() < 0.9)
      .map((index) => nextStep(index, requests[index]!, 1 + random.below(24)));
    if (steps.length === 0) continue;
    // Half the decodes name no token: it is the one that the batch gave last.
    const given = steps.map(({ ids, ...step }) =>
      isLatest(step, requests) && random.next() < 0.5 ? step : { ...step, ids },
    );
    const tokens = batch.step(given);
    for (const { request: index, ids } of steps) {
      const request = requests[index]!;
      request.done += ids.length;
      const token = tokens.get(index);
      if (token !== undefined) request.output.push(token);
      if (request.output.length < request.outputTokens) continue;
      batch.end(index);
      running.splice(running.indexOf(index), 1);
    }
  }
  return preempted;
}

/** Whether all that the request has to compute is its latest token, given in this life of it. */
function isLatest(
  { request, past }: Pick<RequestStep, "request" | "past">,
  requests: readonly ScheduledRequest[],
): boolean {
  const { prompt, output, done } = requests[request]!;
  return output.length > 0 && past > 0 && done === prompt.length + output.length - 1;
}

/** All that is left of prompt and output so far, or a chunk of it. */
function nextStep(
  index: number,
  { prompt, output, done, uniforms }: ScheduledRequest,
  most: number,
): RequestStep & { readonly ids: readonly number[] } {
  const known = [...prompt, ...output];
  const ids = known.slice(done, done + most);
  const isLast = done + ids.length === known.length;
  const next = { uniform: uniforms?.[output.length] ?? 0 };
  return { request: index, ids, past: done, ...(isLast ? { next } : {}) };
}
