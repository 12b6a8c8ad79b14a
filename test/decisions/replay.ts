/**
 * Makes a recorded server's scheduling decisions again, from its settings, its requests, the step before which each
 * entered the engine, and the order of its schedule and update calls; compares every step with the recording.
 */
import { listedId } from "../../formats/index.js";
import type { Step } from "../../sim/policy/vllm/scheduler/index.js";
import { VllmScheduler } from "../../sim/policy/vllm/vllm-scheduler.js";
import type { Recording, RequestRow, StepRow } from "./recording.js";

export interface DecisionReport {
  readonly steps: number;
  readonly identicalSteps: number;
  /** The first step that differs, every field of it that does. */
  readonly firstDifference?: string;
}

/** Steps after the first difference count as not identical: they follow from another state. */
export function replayDecisions({ limits, requests, steps }: Recording): DecisionReport {
  const scheduler = new VllmScheduler(
    limits,
    requests.map((row) => ({
      promptTokens: row.prompt_tokens,
      outputTokens: row.output_tokens,
      priority: row.priority,
    })),
    { saysWork: true, findsAnswers: false },
  );
  const arrivals = entries(requests);
  const made = new Map<StepRow, Step>();
  let entered = 0;
  let identicalSteps = 0;
  for (const { row, isUpdate } of calls(steps)) {
    if (isUpdate) {
      scheduler.update(made.get(row)!);
      made.delete(row);
      continue;
    }
    while (entered < arrivals.length && requests[arrivals[entered]!]!.engine_add_step <= row.step) {
      scheduler.add(arrivals[entered]!, entered);
      entered++;
    }
    const waitingBefore = scheduler.waitingRequests;
    const step = scheduler.schedule();
    made.set(row, step);
    const differences = compare(rowOf(scheduler, step, requests, waitingBefore), row);
    if (differences.length > 0) {
      return { steps: steps.length, identicalSteps, firstDifference: `step ${row.step}: ${differences.join("; ")}` };
    }
    identicalSteps++;
  }
  return { steps: steps.length, identicalSteps };
}

/** Requests in the order in which they entered the engine, which is also that of their arrival at the front end. */
function entries(requests: readonly RequestRow[]): number[] {
  const order = requests.map((_, index) => index);
  return order.sort((a, b) => {
    const [first, second] = [requests[a]!, requests[b]!];
    const bySteps = first.engine_add_step - second.engine_add_step;
    return bySteps || (first.engine_add_us ?? 0) - (second.engine_add_us ?? 0);
  });
}

interface Call {
  readonly row: StepRow;
  readonly isUpdate: boolean;
}

/** The engine's calls in order of time; a step that was not updated before the recording ended has one only. */
function calls(steps: readonly StepRow[]): Call[] {
  const timed = steps.flatMap((row) => [
    { row, isUpdate: false, startUs: row.schedule_start_us },
    ...(row.update_start_us === undefined ? [] : [{ row, isUpdate: true, startUs: row.update_start_us }]),
  ]);
  // The engine is one thread: at one microsecond an older step's update comes before a newer step's schedule.
  return timed.sort(
    (a, b) => a.startUs - b.startUs || a.row.step - b.row.step || Number(a.isUpdate) - Number(b.isUpdate),
  );
}

type Comparable = Omit<StepRow, "step" | "schedule_start_us" | "update_start_us">;

function rowOf(
  scheduler: VllmScheduler,
  step: Step,
  requests: readonly RequestRow[],
  waitingBefore: number,
): Comparable {
  const listed = (index: number): string => listedId(requests[index]!.request_id);
  const chunks = step.work
    .filter(({ prefills }) => prefills)
    .map(({ index, tokens, past }) => `${listed(index)}:${tokens}:${past}`);
  return {
    scheduled_requests: step.scheduledRequests,
    scheduled_tokens: step.scheduledTokens,
    decode_requests: step.decodeRequests,
    prefill_requests: step.prefillRequests,
    prefill_tokens: step.prefillTokens,
    context_tokens: step.decodeContextTokens + step.prefillContextTokens,
    decode_context_tokens: step.decodeContextTokens,
    prefill_attention_pairs: step.prefillAttentionPairs,
    sampling_requests: step.samplingRequests,
    preempted: step.preempted.length,
    running: scheduler.runningRequests,
    waiting: scheduler.waitingRequests,
    waiting_before: waitingBefore,
    free_blocks: scheduler.freeBlocks,
    prefill_chunks: chunks.join(";"),
    preempted_ids: step.preempted.map(listed).join(";"),
  };
}

/** Victims are recorded in no order. */
function compare(got: Comparable, expected: StepRow): string[] {
  return Object.entries(got).flatMap(([field, value]) => {
    const [ours, theirs] = [String(value), String(expected[field])];
    const same = field === "preempted_ids" ? sorted(ours) === sorted(theirs) : ours === theirs;
    return same ? [] : [`${field}: got ${ours || "none"}, expected ${theirs || "none"}`];
  });
}

function sorted(ids: string): string {
  return ids.split(";").sort().join(";");
}
