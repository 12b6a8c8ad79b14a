/**
 * The steps of a real run as rows of numbers, which the thread that runs them makes between two steps, and the records of them, which
 * another thread makes of the rows. With the records the scheduler's decisions can be made again (npm run verify:decisions).
 */
import { InvariantError, listedId, type ScheduledStepRecord, type WorkloadRequest } from "../formats/index.js";
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

/** The first numbers of a row, by their place; NaN: there is none. */
const columns = [
  "step",
  "scheduledRequests",
  "scheduledTokens",
  "decodeRequests",
  "decodeContextTokens",
  "prefillRequests",
  "prefillTokens",
  "contextTokens",
  "prefillAttentionPairs",
  "samplingRequests",
  "preempted",
  "scheduleStartNs",
  "scheduleEndNs",
  "running",
  "waiting",
  "waitingBefore",
  "freeBlocks",
  "updateStartNs",
  "updateEndNs",
  "computeStartNs",
  "computeEndNs",
  "runtimeNs",
  "slotCopies",
] as const satisfies readonly (keyof ScheduledStepRecord)[];
const RESULTS = columns.indexOf("updateStartNs");

/** Of a step that was scheduled, and the scheduler after the pass. What becomes of it is put in later. */
export function scheduledRow(
  step: EngineStep,
  work: readonly StepAssignment[],
  {
    scheduler,
    span,
    waitingBefore,
  }: { readonly scheduler: StepScheduler; readonly span: Span; readonly waitingBefore: number },
): number[] {
  const of = recordedCounts(step);
  const row = [of.step, of.scheduledRequests, of.scheduledTokens, of.decodeRequests, of.decodeContextTokens];
  row.push(of.prefillRequests, of.prefillTokens, of.contextTokens, of.prefillAttentionPairs, of.samplingRequests);
  row.push(of.preempted, span.startNs, span.endNs, scheduler.runningRequests, scheduler.waitingRequests);
  row.push(waitingBefore, scheduler.freeBlocks, NaN, NaN, NaN, NaN, NaN, NaN);
  if (row.length !== columns.length) throw new InvariantError("the row of a step does not have its columns");
  // Numbers of chunks of prompts, and three for each; then those that were preempted.
  row.push(of.prefillRequests);
  if (of.prefillRequests > 0) {
    for (const { index, tokens, past, prefills } of work) if (prefills) row.push(index, tokens, past);
  }
  for (const index of step.preempted) row.push(index);
  return row;
}

/** Puts in what became of the step; `times` are absent where nothing had to be computed. */
export function putResults(
  row: number[],
  originNs: number,
  { times, update }: { readonly times: StepTimes | undefined; readonly update: Span },
): void {
  row[RESULTS] = update.startNs;
  row[RESULTS + 1] = update.endNs;
  if (times === undefined) return;
  row[RESULTS + 2] = times.startNs - originNs;
  row[RESULTS + 3] = times.endNs - originNs;
  row[RESULTS + 4] = times.runtimeNs;
  row[RESULTS + 5] = times.slotCopies;
}

export function stepOfRow(row: ArrayLike<number>, requests: readonly WorkloadRequest[]): ScheduledStepRecord {
  const listed = (place: number): string => listedId(requests[row[place]!]!.id);
  const known = columns.flatMap((column, place) => (Number.isNaN(row[place]) ? [] : [[column, row[place]!] as const]));
  const first = columns.length + 1;
  const end = first + 3 * row[columns.length]!;
  const chunks: string[] = [];
  for (let at = first; at < end; at += 3) chunks.push(`${listed(at)}:${row[at + 1]}:${row[at + 2]}`);
  const preempted: string[] = [];
  for (let at = end; at < row.length; at++) preempted.push(listed(at));
  return {
    ...(Object.fromEntries(known) as Record<(typeof columns)[number], number>),
    prefillChunks: chunks.join(";"),
    preemptedIds: preempted.join(";"),
  };
}
