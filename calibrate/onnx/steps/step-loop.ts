/**
 * Steps as a scheduler makes them, one after the other, as in a real run: tells what lies between two steps (scheduling, the way to
 * the thread that runs them and back, telling of tokens), and how well single steps speak for those of a run.
 */
import { InvariantError } from "../../../formats/index.js";
import type { RequestStep } from "../../../onnx/index.js";
import {
  StepLog,
  stepWork,
  tokenByToken,
  tokenCounts,
  type EngineStep,
  type StepAssignment,
  type StepPolicy,
} from "../../../sim/index.js";
import type { StepMeasurement } from "../../fit/index.js";
import type { StepBench } from "./run-step.js";

export interface StepLoopInput {
  readonly bench: StepBench;
  readonly policy: StepPolicy;
  readonly requests: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly nowNs: () => number;
  /** Of the first measurement. */
  readonly block: number;
  readonly order: number;
  readonly signal?: AbortSignal | undefined;
}

/** A request joins with every other step. The first step, which follows none, is left out. */
export async function measureLoop(input: StepLoopInput): Promise<StepMeasurement[]> {
  const { bench, policy, nowNs, signal } = input;
  const requests = Array.from({ length: input.requests }, (_, at) => ({
    id: String(at),
    promptTokens: input.promptTokens,
    outputTokens: input.outputTokens,
  }));
  const tokens = tokenCounts(requests);
  const scheduler = policy.choose({ requests, tokens, isReference: true }).make();
  const log = new StepLog(requests, tokens);
  const made: StepMeasurement[] = [];
  let [joined, steps, toldNs] = [0, 0, NaN];
  let ended: readonly number[] | "all" = "all";
  while (joined < requests.length || scheduler.hasUnfinished()) {
    signal?.throwIfAborted();
    if (joined < requests.length && steps % 2 === 0) {
      log.sent(joined, 0, 0);
      scheduler.add(joined++, 0);
    }
    const step = scheduler.schedule();
    if (step.preempted.length > 0) throw new InvariantError("a loop of steps preempts a request");
    for (const [at, index] of step.admitted.entries()) log.admitted(index, step.cachedTokens[at]!, 0);
    const work = scheduler.assignments!(step);
    const run = await bench.runStep({ requests: work.map(requestStep), ended });
    const complete = scheduler.update(step);
    scheduler.deliver(step, nowNs(), tokenByToken(log));
    for (const index of complete) log.completed(index);
    const { startNs, endNs, slotCopies } = run;
    const atNs = nowNs();
    if (steps > 0) {
      made.push({
        ...workIn(step, slotCopies),
        ...{ kind: "loop", block: input.block, order: input.order + made.length, stepNs: endNs - startNs },
        ...{ scheduleNs: startNs - toldNs, updateNs: atNs - endNs },
      });
    }
    toldNs = atNs;
    ended = complete;
    steps++;
  }
  return made;
}

/** What a step did, with the slots that were moved for it; their tokens are those of a decode in the mean. */
function workIn(step: EngineStep, moves: number): ReturnType<typeof stepWork> {
  const { decodeRequests, decodeContextTokens } = step;
  const movedTokens = decodeRequests === 0 ? 0 : Math.round((moves * decodeContextTokens) / decodeRequests);
  return { ...stepWork(step), moves, movedTokens };
}

function requestStep({ index, tokens, past, samples }: StepAssignment): RequestStep {
  const ids = Array.from({ length: tokens }, (_, at) => past + at);
  return { request: index, ids, past, ...(samples ? { next: { uniform: 0 } } : {}) };
}
