/**
 * Steps as a scheduler makes them, one after the other, in a real run. A step costs what the steps before it left in the caches and in
 * the clock: single steps in random order took up to a quarter longer than the same steps in a run, so that the fit needs both. Tells
 * as well what lies between two steps: scheduling, and telling of tokens.
 */
import { greatest, least, type ScheduledStepRecord, type WorkloadRequest } from "../../../formats/index.js";
import type { StepExecutor } from "../../../real/index.js";
import { stepWork, type Machine, type StepPlan } from "../../../sim/index.js";
import { stream } from "../../../sim/kernel/index.js";
import type { StepMeasurement } from "../../fit/index.js";
import type { StepLevels } from "./step-grid.js";

/** What the steps of a loop come from. */
export interface LoopLoad {
  readonly requests: readonly WorkloadRequest[];
  readonly maxConcurrency: number;
}

export interface StepLoopInput extends LoopLoad {
  readonly bench: Pick<StepExecutor, "drive">;
  readonly plan: StepPlan;
  readonly machine: Machine;
  readonly kind: "loop" | "check";
  /** Of the first measurement. */
  readonly block: number;
  readonly order: number;
  readonly signal?: AbortSignal | undefined;
}

/** About so many steps in a loop, where not too many requests are needed for them. */
const LOOP_STEPS = 60;
const LOOP_REQUESTS = 64;

/** Steps that follow at once on another. Rejects with the signal's reason. */
export async function measureLoop(input: StepLoopInput): Promise<StepMeasurement[]> {
  const { bench, plan, machine, requests, maxConcurrency, kind, block, order, signal } = input;
  const steps: ScheduledStepRecord[] = [];
  await bench.drive(
    {
      workload: { requests, maxConcurrency, thinkNs: 0 },
      promptIds: requests.map(({ promptTokens }) => Array.from({ length: promptTokens }, (_, at) => at)),
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
    .map((measurement, at) => ({ ...measurement, kind, block, order: order + at }));
}

/** A closed loop for each round: of as many clients as a level of the batch sizes, prompts and answers as long as the levels are. */
export function closedLoop(
  { batchSizes, promptTokens, decodeSteps }: StepLevels,
  seed: string,
  round: number,
): LoopLoad {
  const random = stream(`${seed}/calibrate/loop/${round}`);
  const between = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
  const [shortest, longest] = [least(promptTokens.filter((tokens) => tokens > 1)), greatest(promptTokens)];
  const mostOutput = greatest(decodeSteps) + 1;
  const clients = batchSizes[round % batchSizes.length]!;
  const requests = Math.max(2 * clients, Math.min(LOOP_REQUESTS, Math.ceil((LOOP_STEPS * clients) / (mostOutput / 2))));
  return {
    maxConcurrency: clients,
    requests: Array.from({ length: requests }, (_, at) => ({
      id: String(at),
      arrivalNs: 0,
      promptTokens: Math.round(shortest * (longest / shortest) ** random()),
      outputTokens: between(2, mostOutput),
    })),
  };
}

/** Requests that come one after the other, faster than they end, so that steps have any number of them. */
export function openLoop(
  requests: number,
  gapNs: number,
  tokens: { readonly prompt: number; readonly output: number },
): LoopLoad {
  return {
    maxConcurrency: Infinity,
    requests: Array.from({ length: requests }, (_, at) => ({
      id: String(at),
      arrivalNs: at * gapNs,
      promptTokens: tokens.prompt,
      outputTokens: tokens.output,
    })),
  };
}

/**
 * Undefined for a step that computed nothing. A step without a request from the one before may have been waited for: what lies
 * before it is none of the loop's.
 */
function measurementOf(
  before: ScheduledStepRecord,
  step: ScheduledStepRecord,
): Omit<StepMeasurement, "kind" | "block" | "order"> | undefined {
  const { contextTokens, decodeRequests, decodeContextTokens, computeStartNs, computeEndNs, updateEndNs } = step;
  const isComputed = computeStartNs !== undefined && computeEndNs !== undefined && updateEndNs !== undefined;
  if (!isComputed || before.updateEndNs === undefined) return undefined;
  const moves = step.slotCopies ?? 0;
  return {
    ...stepWork({ ...step, prefillContextTokens: contextTokens - decodeContextTokens }),
    moves,
    // Those of a decode in the mean.
    movedTokens: decodeRequests === 0 ? 0 : Math.round((moves * decodeContextTokens) / decodeRequests),
    stepNs: computeEndNs - computeStartNs,
    ...(contextTokens === 0
      ? {}
      : { scheduleNs: computeStartNs - before.updateEndNs, updateNs: updateEndNs - computeEndNs }),
  };
}
