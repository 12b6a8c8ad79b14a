/**
 * A real run on ONNX Runtime: batches of a policy go to the executor's worker thread. Prompts are tokenised before the
 * run; requests known only by length get seeded random ids, since the cost depends on shapes, not on values.
 */
import { ConfigError, type RunInfo, type Run, type Workload } from "../../formats/index.js";
import type { OnnxExecutor } from "../../backend/onnx/index.js";
import { stream, type PolicyPlan, type Tokenize } from "../../sim/index.js";
import { realClock } from "../clock.js";
import { drive } from "../drive.js";
import { validity } from "../validity.js";

export interface OnnxBenchInput {
  readonly executor: OnnxExecutor;
  readonly workload: Workload;
  readonly plan: PolicyPlan;
  readonly tokenize: Tokenize;
  readonly seed: string;
  /** Memory that the policy's threshold is a fraction of, and that taken by the model, bytes. */
  readonly totalBytes: number;
  readonly baseBytes: number;
  readonly load: RunInfo["load"];
  readonly hardware: RunInfo["hardware"];
  /** Date to stamp the run with, ISO 8601. */
  readonly date: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (ended: number, total: number) => void;
}

/** Batches run and thrown away before the clock starts, so that no warm-up is inside the run. */
const WARM_UP_BATCHES = 3;

export async function benchOnnx(input: OnnxBenchInput): Promise<Run> {
  const { executor, workload, plan } = input;
  const { model } = executor.info;
  if (plan.work !== "batch") {
    throw new ConfigError(
      `policy "${plan.name}" runs step by step, which --backend onnx cannot do for real; simulate it, or use naive or dynamic`,
    );
  }
  const promptIds = idsOfRequests(workload, input.tokenize, input.seed, model.vocab);
  await warmUp(executor, promptIds, workload);
  const policy = plan.create({
    totalBytes: input.totalBytes,
    baseBytes: input.baseBytes,
    kvBytesPerToken: 2 * model.layers * model.width * 4,
    positions: model.positions,
  });
  const result = await drive({
    workload,
    policy,
    clock: realClock,
    totalBytes: input.totalBytes,
    signal: input.signal,
    ...(input.onProgress === undefined ? {} : { onProgress: input.onProgress }),
    runBatch: async (work) => {
      const run = await executor.runBatch({
        promptIds: work.requests.map(({ index }) => promptIds[index]!),
        outputTokens: work.outputTokens,
      });
      return { firstTokenNs: run.firstTokenNs, peakBytes: run.peakRssBytes };
    },
  });
  const { requests, batches } = result;
  const info: RunInfo = {
    version: 1,
    source: "real",
    policy: plan.name,
    date: input.date,
    engine: {
      name: `onnxruntime-${executor.info.provider}`,
      version: executor.info.ortVersion,
      settings: { threads: executor.info.threads, warm_up_batches: WARM_UP_BATCHES },
    },
    model: { ...model },
    hardware: input.hardware,
    load: input.load,
    requests: requests.length,
    seed: input.seed,
    policy_settings: { ...plan.settings },
    valid: validity(requests, result.sendLagsNs),
  };
  return { info, requests, batches };
}

function idsOfRequests(workload: Workload, tokenize: Tokenize, seed: string, vocab: number): number[][] {
  const random = stream(`${seed}/0/token-ids`);
  return workload.requests.map((request) =>
    request.prompt === undefined
      ? Array.from({ length: request.promptTokens }, () => Math.floor(random() * vocab))
      : tokenize(request.prompt),
  );
}

async function warmUp(executor: OnnxExecutor, promptIds: readonly number[][], workload: Workload): Promise<void> {
  const rows = promptIds.slice(0, 4);
  const outputTokens = Math.max(1, ...workload.requests.slice(0, 4).map((request) => request.outputTokens));
  for (let batch = 0; batch < WARM_UP_BATCHES; batch++) await executor.runBatch({ promptIds: rows, outputTokens });
}
