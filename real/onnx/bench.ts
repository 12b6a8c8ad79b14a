/**
 * A real run on ONNX Runtime: batches of a policy go to the executor's worker thread. Prompts are tokenised before the
 * run; requests known only by length get seeded random ids, since the cost depends on shapes, not on values.
 */
import { ConfigError, greatest, defined, type Run, type RunInfo } from "../../formats/index.js";
import { CopyCount, type OnnxExecutor, type Sampling } from "../../onnx/index.js";
import { columnsOf, summarise, type PolicyPlan } from "../../sim/index.js";
import { withClassFigures } from "../class-figures.js";
import { realClock } from "../clock.js";
import { drive, RunInterrupted, type DriveResult } from "../drive.js";
import { roundedMs, watchSurroundings, type RunSurroundings } from "../surroundings.js";
import { runNotes } from "../validity.js";
import {
  promptIdsOf,
  judgedInfo,
  startInfo,
  tokenSeed,
  withAnswer,
  type Answer,
  type RealRunInput,
} from "./real-run.js";

export interface OnnxBenchInput extends RealRunInput {
  readonly executor: OnnxExecutor;
  readonly plan: PolicyPlan;
  /** Memory that the policy's threshold is a fraction of, and that taken by the model, bytes. */
  readonly totalBytes: number;
  readonly baseBytes: number;
  /** Peak memory since it was last asked, where it is not the process's own (GPU). */
  readonly takePeakBytes?: (() => number) | undefined;
}

/** Batches run and thrown away before the clock starts, so that no warm-up is inside the run. */
const WARM_UP_BATCHES = 3;

/**
 * Runs the workload for real. Throws RunInterrupted on the signal, with a run of the requests that had ended (none, in the
 * warm-ups); ConfigError for a policy that does not run whole batches.
 */
export async function benchOnnx(input: OnnxBenchInput): Promise<Run> {
  const { executor, workload, plan, journal } = input;
  const { model } = executor.info;
  requireBatches(plan);
  const promptIds = promptIdsOf(workload, input.tokenize, input.seed, model.vocab);
  const warmUpsNs = await warmUp(input, promptIds);
  const policy = plan.create({
    totalBytes: input.totalBytes,
    baseBytes: input.baseBytes,
    kvBytesPerToken: model.kvBytesPerToken,
    positions: model.positions,
  });
  const answers = new Map<string, Answer>();
  const copies = new CopyCount();
  const endWatch = watchSurroundings();
  journal?.begin({ ...infoAtStart(input, warmUpsNs), planned_requests: workload.requests.length });
  const story = (): RunStory => ({ warmUpsNs, around: endWatch(), copies, answers });
  try {
    const result = await drive({
      workload,
      policy,
      clock: realClock,
      totalBytes: input.totalBytes,
      signal: input.signal,
      ...defined({ onProgress: input.onProgress }),
      onEnded: ({ record }) => journal?.request(withAnswer(record, answers)),
      onBatch: (batch) => journal?.batch(batch),
      runBatch: async (work) => {
        const run = await executor.runBatch({
          promptIds: work.requests.map(({ index }) => promptIds[index]!),
          outputTokens: work.outputTokens,
          ...samplingOf(input, work.requests),
        });
        copies.add(run);
        for (const [row, { index }] of work.requests.entries()) {
          const { id, outputTokens } = workload.requests[index]!;
          const columns = input.describeAnswer?.(run.tokens[row]!.slice(0, outputTokens));
          if (columns !== undefined) answers.set(id, columns);
        }
        return { firstTokenNs: run.firstTokenNs, peakBytes: input.takePeakBytes?.() ?? run.peakRssBytes };
      },
    });
    return describeRun(input, result, story());
  } catch (error) {
    if (!(error instanceof RunInterrupted)) throw error;
    const run = describeRun(input, error.finished, { ...story(), interrupted: error.message });
    throw new RunInterrupted(error.message, error.finished, run);
  }
}

/** ConfigError for a policy that does not run whole batches. */
function requireBatches(plan: PolicyPlan): asserts plan is PolicyPlan & { readonly work: "batch" } {
  if (plan.work === "batch") return;
  throw new ConfigError(
    `policy "${plan.name}" runs step by step, expected one that runs whole batches; bench --backend onnx runs its steps for real`,
  );
}

interface RunStory {
  /** Wall times of the warm-up batches: the first has what a cold start costs, if the executor was fresh. */
  readonly warmUpsNs: readonly number[];
  readonly around: RunSurroundings;
  readonly copies: CopyCount;
  readonly answers: ReadonlyMap<string, Answer>;
  /** Why the run did not come to its end. */
  readonly interrupted?: string;
}

/** What is known of the run before its clock starts. */
function infoAtStart(input: OnnxBenchInput, warmUpsNs: readonly number[]): RunInfo {
  const { plan } = input;
  const { provider, ortVersion, threads, loadMs, model } = input.executor.info;
  return startInfo(input, {
    policy: plan.name,
    settings: plan.settings,
    model: { ...model },
    engine: {
      provider,
      version: ortVersion,
      threads,
      loadMs,
      warmUp: { warm_up_batches: WARM_UP_BATCHES, warm_up_ms: warmUpsNs.map(roundedMs) },
    },
  });
}

/** The run with everything that a reader needs to judge it. */
function describeRun(
  input: OnnxBenchInput,
  { requests, batches, sendLagsNs }: DriveResult,
  { warmUpsNs, around, copies, answers, interrupted }: RunStory,
): Run {
  const notes = [...runNotes(around), ...copies.describe()];
  const info: RunInfo = {
    ...infoAtStart(input, warmUpsNs),
    requests: requests.length,
    ...judgedInfo(requests, { around, sendLagsNs, notes, interrupted }),
    ...(input.load.classes === undefined
      ? {}
      : { summary: { ...withClassFigures(summarise(columnsOf(requests)), requests, input.load) } }),
  };
  return { info, requests: requests.map((request) => withAnswer(request, answers)), batches };
}

/** A seed of its own for each request: its tokens do not depend on who shares its batch. */
function samplingOf(
  input: OnnxBenchInput,
  requests: readonly { readonly index: number }[],
): { readonly sampling?: Sampling } {
  const { sampling } = input;
  if (sampling === undefined) return {};
  return { sampling: { ...sampling, seeds: requests.map(({ index }) => tokenSeed(input, index)) } };
}

/** Wall times of the batches, ns. */
async function warmUp(input: OnnxBenchInput, promptIds: readonly number[][]): Promise<readonly number[]> {
  const { executor, workload } = input;
  const rows = promptIds.slice(0, 4);
  const outputTokens = Math.max(1, greatest(workload.requests.slice(0, 4).map((request) => request.outputTokens)));
  const wallsNs: number[] = [];
  for (let batch = 0; batch < WARM_UP_BATCHES; batch++) {
    // Only between turns of the event loop is a signal noticed; a batch is one.
    if (input.signal !== undefined) RunInterrupted.throwBeforeStart(input.signal);
    const startNs = realClock.nowNs();
    await executor.runBatch({
      promptIds: rows,
      outputTokens,
      ...samplingOf(
        input,
        rows.map((_, index) => ({ index })),
      ),
    });
    wallsNs.push(realClock.nowNs() - startNs);
  }
  return wallsNs;
}
