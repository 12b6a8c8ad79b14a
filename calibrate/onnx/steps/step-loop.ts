/**
 * Steps as a scheduler makes them, one after the other, in a real run: tells what lies between two steps (scheduling, telling of
 * tokens), and how well single steps speak for those of a run.
 */
import type { ScheduledStepRecord, WorkloadRequest } from "../../../formats/index.js";
import type { StepExecutor } from "../../../real/index.js";
import { stepWork, type Machine, type StepPlan } from "../../../sim/index.js";
import type { StepMeasurement } from "../../fit/index.js";

export interface StepLoopInput {
  readonly bench: Pick<StepExecutor, "drive">;
  readonly plan: StepPlan;
  readonly machine: Machine;
  readonly requests: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** From one request to the next: about two steps, so that they run in any number. */
  readonly gapNs: number;
  /** Of the first measurement. */
  readonly block: number;
  readonly order: number;
  readonly signal?: AbortSignal | undefined;
}

/** Steps that follow at once on another. Rejects with the signal's reason. */
export async function measureLoop(input: StepLoopInput): Promise<StepMeasurement[]> {
  const { bench, plan, machine, promptTokens, outputTokens, gapNs, signal } = input;
  const numbers = Array.from({ length: input.requests }, (_, at) => at);
  const requests = numbers.map((at): WorkloadRequest => ({
    ...{ id: String(at), promptTokens, outputTokens },
    arrivalNs: at * gapNs,
  }));
  const prompt = Array.from({ length: promptTokens }, (_, at) => at);
  const steps: ScheduledStepRecord[] = [];
  await bench.drive(
    {
      workload: { requests, maxConcurrency: Infinity, thinkNs: 0 },
      promptIds: numbers.map(() => prompt),
      ...{ policy: plan.name, settings: plan.settings, machine },
    },
    {
      signal,
      onPart(part) {
        for (const step of part.steps) steps.push(step);
      },
    },
  );
  signal?.throwIfAborted();
  return steps
    .slice(1)
    .flatMap((step, at) => measurementOf(steps[at]!, step) ?? [])
    .map((measurement, at) => ({ ...measurement, kind: "loop", block: input.block, order: input.order + at }));
}

/** Undefined for a step without a request from the one before (the engine may have been idle), or that computed nothing. */
function measurementOf(
  before: ScheduledStepRecord,
  step: ScheduledStepRecord,
): Omit<StepMeasurement, "kind" | "block" | "order"> | undefined {
  const { contextTokens, decodeRequests, decodeContextTokens, computeStartNs, computeEndNs, updateEndNs } = step;
  const isComputed = computeStartNs !== undefined && computeEndNs !== undefined && updateEndNs !== undefined;
  if (!isComputed || before.updateEndNs === undefined || contextTokens === 0) return undefined;
  const moves = step.slotCopies ?? 0;
  return {
    ...stepWork({ ...step, prefillContextTokens: contextTokens - decodeContextTokens }),
    moves,
    // Those of a decode in the mean.
    movedTokens: decodeRequests === 0 ? 0 : Math.round((moves * decodeContextTokens) / decodeRequests),
    stepNs: computeEndNs - computeStartNs,
    scheduleNs: computeStartNs - before.updateEndNs,
    updateNs: updateEndNs - computeEndNs,
  };
}
