/** The record of a real run's steps, with which the scheduler's decisions can be made again (npm run verify:decisions). */
import { defined, listedId, type ScheduledStepRecord, type WorkloadRequest } from "../formats/index.js";
import { recordedCounts, type EngineStep, type StepAssignment, type StepScheduler } from "../sim/index.js";

/** When the worker computed a step, ns on the clock's scale. */
export interface StepTimes {
  readonly startNs: number;
  readonly endNs: number;
  /** Of that, inside the runtime. */
  readonly runtimeNs: number;
  readonly slotCopies: number;
}

/** Times in ns since the run's start. */
export interface Span {
  readonly startNs: number;
  readonly endNs: number;
}

/** A step that was scheduled; its counts, and the scheduler's after the pass. */
export type Decision = Omit<ScheduledStepRecord, "updateStartNs" | "updateEndNs" | "computeStartNs" | "computeEndNs">;

export function decisionOf(
  step: EngineStep,
  work: readonly StepAssignment[],
  {
    scheduler,
    span,
    waitingBefore,
    requests,
  }: {
    readonly scheduler: StepScheduler;
    readonly span: Span;
    readonly waitingBefore: number;
    readonly requests: readonly WorkloadRequest[];
  },
): Decision {
  const listed = (index: number): string => listedId(requests[index]!.id);
  const chunks = work.filter(({ prefills }) => prefills);
  return {
    ...recordedCounts(step),
    scheduleStartNs: span.startNs,
    scheduleEndNs: span.endNs,
    running: scheduler.runningRequests,
    waiting: scheduler.waitingRequests,
    waitingBefore,
    freeBlocks: scheduler.freeBlocks,
    prefillChunks: chunks.map(({ index, tokens, past }) => `${listed(index)}:${tokens}:${past}`).join(";"),
    preemptedIds: step.preempted.map(listed).join(";"),
  };
}

/** The decision with what became of it; `times` are absent where nothing had to be computed. */
export function stepRecord(
  decision: Decision,
  originNs: number,
  { times, update }: { readonly times: StepTimes | undefined; readonly update: Span },
): ScheduledStepRecord {
  return {
    ...decision,
    updateStartNs: update.startNs,
    updateEndNs: update.endNs,
    ...(times && {
      computeStartNs: times.startNs - originNs,
      computeEndNs: times.endNs - originNs,
      runtimeNs: times.runtimeNs,
      slotCopies: times.slotCopies,
    }),
  };
}

/** When a request entered the scheduler and before which step, in the columns of recorded servers. */
export function entryColumns(
  atNs: number,
  step: number,
  priority: number | undefined,
): Readonly<Record<string, string>> {
  return {
    engine_add_us: String(Math.round(atNs / 1e3)),
    engine_add_step: String(step),
    ...defined({ priority: priority?.toString() }),
  };
}
