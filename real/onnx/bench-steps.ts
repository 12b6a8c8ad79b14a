/**
 * A real run of continuous batching on ONNX Runtime: the simulator's own scheduler decides on the real clock, in the
 * thread that computes its steps, with a KV cache in slots. Requests join and leave between steps; one that is preempted
 * is computed again. Each token reaches its client when its step has ended.
 */
import {
  BackendError,
  defined,
  type RequestRecord,
  type Run,
  type RunInfo,
  type ScheduledStepRecord,
} from "../../formats/index.js";
import { readPeakRssBytes, resetPeakRss, type ModelFiles } from "../../onnx/index.js";
import { isLastAttempt, quantile, requireIndependent, type Machine, type StepPlan } from "../../sim/index.js";
import { withClassFigures } from "../class-figures.js";
import type { EndedRequest } from "../request-rows.js";
import { RunFailed, RunInterrupted } from "../drive.js";
import type { StepExecutor } from "./step-executor.js";
import { WARM_UP_STEPS, type DrivenEnd } from "./step-protocol.js";
import { roundedMs, watchSurroundings, type RunSurroundings } from "../surroundings.js";
import { runNotes } from "../validity.js";
import { promptIdsOf, judgedInfo, startInfo, type RealRunInput } from "./real-run.js";

export interface StepBenchInput extends RealRunInput {
  readonly executor: StepExecutor;
  readonly model: ModelFiles;
  /** A realStepPlan, and the machine that its policy is made for. */
  readonly plan: StepPlan;
  readonly machine: Machine;
  /** Peak memory since it was last asked, where it is not the process's own (GPU). */
  readonly takePeakBytes?: (() => number) | undefined;
}

/** Throws RunInterrupted on the signal, and RunFailed when a step fails, with a run of the requests that had ended. */
export async function benchSteps(input: StepBenchInput): Promise<Run> {
  const { workload, signal } = input;
  requireIndependent(workload);
  if (signal !== undefined) RunInterrupted.throwBeforeStart(signal);
  const endWatch = watchSurroundings();
  input.journal?.begin({ ...infoAtStart(input), planned_requests: workload.requests.length });
  const isReset = resetPeakRss();
  input.takePeakBytes?.();
  const driven = await drive(input);
  const run = describeRun(input, driven, { around: endWatch(), peak: peakMemory(input, isReset) });
  if (driven.interrupted === undefined) return run;
  const { requests, sendLagsNs, interrupted, hasFailed } = driven;
  if (hasFailed === true) throw new RunFailed(interrupted, run);
  throw new RunInterrupted(interrupted, { requests, batches: [], originNs: 0, sendLagsNs }, run);
}

interface Driven extends DrivenEnd {
  /** That have ended, in the workload's order. */
  readonly requests: RequestRecord[];
  readonly steps: readonly ScheduledStepRecord[];
}

/** Runs the workload in the executor's thread, and keeps what ends as it is told. */
async function drive(input: StepBenchInput): Promise<Driven> {
  const { executor, workload, tokenize, model, plan, machine, journal, signal } = input;
  const ended: EndedRequest[] = [];
  let over = 0;
  const steps: ScheduledStepRecord[] = [];
  const total = workload.requests.length;
  const end = await executor
    .drive(
      {
        workload,
        promptIds: promptIdsOf(workload, tokenize, input.seed, model.shape.vocab),
        ...{ policy: plan.name, settings: plan.settings, machine },
        ...(input.sampling === undefined ? {} : { tokenSeed: input.seed }),
      },
      {
        signal,
        onPart(part) {
          for (const step of part.steps) {
            steps.push(step);
            journal?.step(step);
          }
          for (const one of part.ended) {
            const record = described(one, input);
            ended.push({ ...one, record });
            journal?.request(record);
            // Given up, and to be tried again.
            if (record.status === "aborted" && !isLastAttempt(workload, one.index)) continue;
            input.onProgress?.(++over, total, record);
          }
        },
      },
    )
    .catch((error: unknown) => endOf(error, `${over} of ${total}`, steps));
  const requests = ended.sort((a, b) => a.index - b.index).map(({ record }) => record);
  return { ...end, requests, steps };
}

/** The record with the columns of its answer. */
function described({ record, tokens }: EndedRequest, { describeAnswer }: StepBenchInput): RequestRecord {
  const columns = record.status === "ok" ? describeAnswer?.(tokens) : undefined;
  return columns === undefined ? record : { ...record, extra: { ...record.extra, ...columns } };
}

/** The end of a run whose thread died or hung: what it had told until then is kept. */
function endOf(error: unknown, progress: string, steps: readonly ScheduledStepRecord[]): DrivenEnd {
  if (!(error instanceof BackendError)) throw error;
  const preemptions = steps.reduce((sum, { preempted }) => sum + preempted, 0);
  const interrupted = `the run failed after ${progress} requests: ${error.message}`;
  return { preemptions, sendLagsNs: [], interrupted, hasFailed: true };
}

/** Of the process since the start of the run, and of the GPU. */
function peakMemory({ takePeakBytes }: StepBenchInput, isReset: boolean): Readonly<Record<string, number>> {
  return { peak_rss_bytes: readPeakRssBytes(isReset), ...defined({ peak_gpu_bytes: takePeakBytes?.() }) };
}

function infoAtStart(input: StepBenchInput): RunInfo {
  const { executor, plan, machine } = input;
  const { name, shape, precision, fused, parameters, weightBytes, kvBytesPerToken } = input.model;
  return startInfo(input, {
    policy: plan.name,
    settings: plan.create(machine).settings,
    model: { ...shape, name, precision, fused, parameters, weightBytes, kvBytesPerToken },
    engine: {
      provider: executor.device,
      version: executor.ortVersion,
      threads: executor.threads,
      loadMs: executor.loadMs,
      warmUp: { warm_up_steps: WARM_UP_STEPS, kv_cache_bytes: executor.cacheBytes },
    },
  });
}

interface RunStory {
  readonly around: RunSurroundings;
  readonly peak: Readonly<Record<string, number>>;
}

function describeRun(input: StepBenchInput, driven: Driven, { around, peak }: RunStory): Run {
  const { requests, steps, preemptions, kvBlocks, sendLagsNs, interrupted, summary } = driven;
  const info: RunInfo = {
    ...infoAtStart(input),
    requests: requests.length,
    work_items: steps.filter(({ computeStartNs }) => computeStartNs !== undefined).length,
    preemptions,
    ...(kvBlocks && { kv_blocks: { total: kvBlocks.total, high_water: [kvBlocks.highWater] } }),
    slot_copies: steps.reduce((sum, { slotCopies = 0 }) => sum + slotCopies, 0),
    step_overhead_ms: overhead(steps),
    ...peak,
    ...judgedInfo(requests, { around, sendLagsNs, notes: runNotes(around), interrupted }),
    ...(summary && { summary: { ...withClassFigures(summary, requests, input.load) } }),
  };
  return { info, requests, batches: [], steps };
}

/** What comes between the runtime's work on steps that follow at once: arranging slots and tensors, scheduling, reporting tokens. */
function overhead(steps: readonly ScheduledStepRecord[]): { readonly p50: number; readonly p95: number } | null {
  const computed = steps.filter(({ computeStartNs }) => computeStartNs !== undefined);
  const timesNs = computed.slice(1).flatMap((step, at) => {
    // Without a request from the step before, the engine may have been idle.
    if (step.contextTokens === 0) return [];
    return step.computeEndNs! - computed[at]!.computeEndNs! - step.runtimeNs!;
  });
  if (timesNs.length === 0) return null;
  const sorted = Float64Array.from(timesNs).sort();
  return { p50: roundedMs(quantile(sorted, 0.5)), p95: roundedMs(quantile(sorted, 0.95)) };
}
