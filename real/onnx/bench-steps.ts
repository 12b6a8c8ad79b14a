/**
 * A real run of continuous batching on ONNX Runtime: the simulator's own scheduler decides on the real clock, and each
 * of its steps is computed in a worker thread, with a KV cache in slots. Requests join and leave between steps; one
 * that is preempted is computed again. Each token reaches its client when its step has ended.
 */
import seedrandom from "seedrandom";
import { defined, type Run, type RunInfo, type ScheduledStepRecord } from "../../formats/index.js";
import {
  readPeakRssBytes,
  resetPeakRss,
  type ModelFiles,
  type RequestStep,
  type StepExecutor,
} from "../../onnx/index.js";
import { quantile, summarise, tableOf, type StepAssignment, type StepPolicy } from "../../sim/index.js";
import { realClock } from "../clock.js";
import { RunFailed, RunInterrupted } from "../drive.js";
import { driveSteps } from "../drive-steps.js";
import type { DrivenSteps } from "../steps-run.js";
import { roundedMs, watchSurroundings } from "../surroundings.js";
import { runNotes, type RunSurroundings } from "../validity.js";
import {
  promptIdsOf,
  judgedInfo,
  startInfo,
  tokenSeed,
  withAnswer,
  type Answer,
  type RealRunInput,
} from "./real-run.js";

export interface StepBenchInput extends RealRunInput {
  readonly executor: StepExecutor;
  readonly model: ModelFiles;
  /** The policy's name, and the policy made for the machine, of a realStepPlan. */
  readonly policyName: string;
  readonly policy: StepPolicy;
  /** Peak memory since it was last asked, where it is not the process's own (GPU). */
  readonly takePeakBytes?: (() => number) | undefined;
}

/** Steps run and thrown away before the clock starts. */
const WARM_UP_STEPS = 5;

/** Throws RunInterrupted on the signal, and RunFailed when a step fails, with a run of the requests that had ended. */
export async function benchSteps(input: StepBenchInput): Promise<Run> {
  const { workload, executor, journal, signal } = input;
  const promptIds = promptIdsOf(workload, input.tokenize, input.seed, input.model.shape.vocab);
  if (signal !== undefined) RunInterrupted.throwBeforeStart(signal);
  await warmUp(executor);
  const tokens = new RequestTokens(input, promptIds);
  const answers = new Map<string, Answer>();
  const endWatch = watchSurroundings();
  journal?.begin({ ...infoAtStart(input), planned_requests: workload.requests.length });
  const isReset = resetPeakRss();
  input.takePeakBytes?.();
  const driven = await driveSteps({
    workload,
    schedulers: input.policy,
    clock: realClock,
    signal,
    ...defined({ onProgress: input.onProgress }),
    onEnded: (record, index) => {
      const columns = record.status === "ok" ? input.describeAnswer?.(tokens.output(index)) : undefined;
      if (columns !== undefined) answers.set(record.requestId, columns);
      journal?.request(withAnswer(record, answers));
    },
    onStep: (step) => journal?.step(step),
    async runStep(work, ended) {
      const run = await executor.runStep({ requests: work.map((one) => tokens.requestOf(one)), ended });
      for (const [index, token] of run.tokens) tokens.add(index, token);
      return run;
    },
  });
  const run = describeRun(input, driven, { around: endWatch(), answers, peak: peakMemory(input, isReset) });
  if (driven.interrupted === undefined) return run;
  const { requests, sendLagsNs, interrupted, hasFailed } = driven;
  if (hasFailed === true) throw new RunFailed(interrupted, run);
  throw new RunInterrupted(interrupted, { requests: [...requests], batches: [], originNs: 0, sendLagsNs }, run);
}

/** Of the process since the start of the run, and of the GPU. */
function peakMemory({ takePeakBytes }: StepBenchInput, isReset: boolean): Readonly<Record<string, number>> {
  return { peak_rss_bytes: readPeakRssBytes(isReset), ...defined({ peak_gpu_bytes: takePeakBytes?.() }) };
}

/** Belongs to no request. */
const WARM_UP_REQUEST = -1;

/** The first steps of a session are slow. Afterwards no slot is taken, by this or an earlier run that was stopped. */
async function warmUp(executor: StepExecutor): Promise<void> {
  const first: RequestStep = { request: WARM_UP_REQUEST, ids: [0], past: 0, next: { uniform: 0 } };
  for (let step = 0; step < WARM_UP_STEPS; step++) await executor.runStep({ requests: [first], ended: "all" });
  await executor.runStep({ requests: [], ended: "all" });
}

/** Tokens of all requests: prompts, and what has come so far. */
class RequestTokens {
  private readonly outputs: number[][];
  private readonly uniforms = new Map<number, () => number>();

  constructor(
    private readonly input: StepBenchInput,
    private readonly promptIds: readonly (readonly number[])[],
  ) {
    this.outputs = promptIds.map(() => []);
  }

  requestOf({ index, tokens, past, samples }: StepAssignment): RequestStep {
    const [prompt, output] = [this.promptIds[index]!, this.outputs[index]!];
    const inPrompt = prompt.slice(past, past + tokens);
    const start = Math.max(0, past - prompt.length);
    const ids = [...inPrompt, ...output.slice(start, start + tokens - inPrompt.length)];
    // The token that a step in flight is about to give: only the worker knows it in time.
    const known = ids.length === tokens ? { ids } : {};
    return { request: index, past, ...known, ...(samples ? { next: { uniform: this.uniform(index) } } : {}) };
  }

  add(index: number, token: number): void {
    this.outputs[index]!.push(token);
  }

  output(index: number): readonly number[] {
    return this.outputs[index]!;
  }

  /** A seed of its own for each request, as in static batches. */
  private uniform(index: number): number {
    if (this.input.sampling === undefined) return 0;
    let draw = this.uniforms.get(index);
    if (draw === undefined) {
      const random = seedrandom.alea(tokenSeed(this.input, index));
      draw = () => random.quick();
      this.uniforms.set(index, draw);
    }
    return draw();
  }
}

function infoAtStart(input: StepBenchInput): RunInfo {
  const { executor, policy, policyName } = input;
  const { name, shape, precision, fused, parameters, weightBytes, kvBytesPerToken } = input.model;
  return startInfo(input, {
    policy: policyName,
    settings: policy.settings,
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
  readonly answers: ReadonlyMap<string, Answer>;
  readonly peak: Readonly<Record<string, number>>;
}

function describeRun(input: StepBenchInput, driven: DrivenSteps, story: RunStory): Run {
  const { requests, log, steps, preemptions, kvBlocks, sendLagsNs, interrupted } = driven;
  const { around, answers, peak } = story;
  const info: RunInfo = {
    ...infoAtStart(input),
    requests: requests.length,
    work_items: steps.filter(({ computeStartNs }) => computeStartNs !== undefined).length,
    preemptions,
    kv_blocks: { total: kvBlocks.total, high_water: [kvBlocks.highWater] },
    slot_copies: steps.reduce((sum, { slotCopies = 0 }) => sum + slotCopies, 0),
    step_overhead_ms: overhead(steps),
    ...peak,
    ...judgedInfo(requests, { around, sendLagsNs, notes: runNotes(around), interrupted }),
    ...(interrupted === undefined ? { summary: { ...summarise(tableOf(log), { itl: log.gaps }) } } : {}),
  };
  return { info, requests: requests.map((record) => withAnswer(record, answers)), batches: [], steps };
}

/**
 * What comes between the runtime's work on steps that follow at once: arranging slots and tensors, reporting tokens,
 * scheduling, and messages between the threads.
 */
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
