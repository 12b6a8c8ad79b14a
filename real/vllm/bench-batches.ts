/**
 * naive or dynamic in front of a running vLLM server: the policy object that the simulator runs too collects a batch,
 * all its requests are sent at once, and the next batch waits for the last answer. Every member's client has its answer
 * then; each request has its own first token. Memory is the server's KV cache in use, the most seen while the batch
 * ran.
 */
import type { Pool } from "undici";
import { greatest, defined, type RequestRecord, type Run, type Workload } from "../../formats/index.js";
import type { BatchPlan, BatchWork, MemberOutcome } from "../../sim/index.js";
import { realClock } from "../clock.js";
import { drive, RunInterrupted, type BatchOutcome, type DriveResult } from "../drive.js";
import type { BenchVllmInput } from "./bench-input.js";
import { loadSettings } from "./bench-vllm.js";
import { watchSurroundings } from "../surroundings.js";
import { openPool, requestBody, type LoadSettings, makeSending, sendWarmUps } from "./client/index.js";
import { describeRun, infoAtStart } from "./describe-run.js";
import {
  engineFacts,
  rejectOtherEngine,
  findServedModel,
  type ServedModel,
  addressOf,
  type ServerAddress,
} from "./access/index.js";
import { ExchangeLog } from "./exchange-log.js";
import { kvUsage, watchKvUsage } from "./kv-usage.js";
import { withExchange } from "./records.js";

export interface BenchBatchesInput extends Omit<BenchVllmInput, "workers" | "keepsText" | "policySettings"> {
  readonly plan: BatchPlan;
}

/** The server has limits of its own; the policies ask for no more than this. */
const UNKNOWN_MACHINE = { totalBytes: 1, baseBytes: 0, kvBytesPerToken: 1, positions: Number.MAX_SAFE_INTEGER };

/** What is served, on which version; ConfigError for another engine than vLLM, BackendError without metrics. */
async function askBatchServer(
  { baseUrl, model: wanted }: BenchBatchesInput,
  signal: AbortSignal,
): Promise<{ readonly model: ServedModel; readonly version: string | undefined }> {
  const model = await findServedModel(baseUrl, wanted, { signal });
  const why = "what memory a batch takes is read from vLLM's metrics; leave out the policy to send requests singly";
  rejectOtherEngine(model.engine, baseUrl, why);
  const { version } = await engineFacts(baseUrl, model.engine, { signal });
  await kvUsage(baseUrl, { signal });
  return { model, version };
}

/**
 * Runs the workload. A request that fails ends with its error, the others of its batch go on. BackendError where the
 * server does not answer or has no metrics. Throws RunInterrupted on the signal, after the batch under way.
 */
export async function benchBatches(input: BenchBatchesInput): Promise<Run> {
  const { workload, plan, warmUps = 1, onProgress, journal, probeOf } = input;
  const { signal = new AbortController().signal } = input;
  const { model, version } = await askBatchServer(input, signal);
  const settings = loadSettings(input, model, false);
  await sendWarmUps(settings, workload, { count: warmUps, signal });
  const sender = new BatchSender(settings, workload);
  const described = { ...input, policySettings: plan.settings };
  const atStart = infoAtStart(described, { model, version, warmUps, policy: plan.name });
  journal?.begin({ ...atStart, planned_requests: workload.requests.length });
  const endWatch = watchSurroundings();
  const describe = (result: DriveResult, isStopped: boolean): Run => {
    const batched = { policy: plan.name, ...result, requests: recordsOfBatches(input, result, sender) };
    return describeRun(described, {
      exchanges: sender.exchanges,
      originNs: result.originNs,
      around: endWatch(),
      isStopped,
      model,
      version,
      warmUps,
      batched: { ...batched, notes: sender.notes() },
    });
  };
  try {
    const result = await drive({
      workload,
      policy: plan.create(UNKNOWN_MACHINE),
      clock: realClock,
      totalBytes: UNKNOWN_MACHINE.totalBytes,
      runBatch: (work) => sender.run(work),
      signal,
      onBatch: (batch) => journal?.batch(batch),
      onEnded: ({ record, index, originNs }) => {
        const exchange = sender.exchanges.of(index);
        const probe = probeOf?.(workload.requests[index]!, index);
        journal?.request(exchange === undefined ? record : withExchange(record, exchange, { originNs, probe }));
      },
      ...defined({ onProgress }),
    });
    return describe(result, false);
  } catch (error) {
    if (!(error instanceof RunInterrupted)) throw error;
    throw new RunInterrupted(error.message, error.finished, describe(error.finished, true));
  } finally {
    await sender.close();
  }
}

/** Sends whole batches on one pool. */
class BatchSender {
  readonly exchanges: ExchangeLog;
  private readonly pool: Pool;
  private readonly address: ServerAddress;
  private failedReadings = 0;

  constructor(
    private readonly settings: LoadSettings,
    private readonly workload: Workload,
  ) {
    this.exchanges = new ExchangeLog(workload.requests.length);
    this.address = addressOf(settings.baseUrl);
    this.pool = openPool(this.address, settings.limits);
  }

  async run(work: BatchWork): Promise<BatchOutcome> {
    const { body, limits, baseUrl } = this.settings;
    const { requests } = this.workload;
    const { stallMs, requestMs } = limits;
    const options = { address: this.address, endpoint: body.endpoint, stallMs, requestMs, keepsText: false };
    const members = work.requests.map(({ index }) => requests[index]!);
    const bodies = members.map((asked) => ({ asked, bytes: requestBody(asked, body) }));
    const kvInUse = watchKvUsage(baseUrl);
    const intendedNs = realClock.nowNs();
    const sendings = bodies.map(({ asked, bytes }) => {
      const sending = makeSending({ ...options, asked });
      sending.send(this.pool, bytes);
      return sending;
    });
    const ended = await Promise.all(sendings.map(({ done }) => done));
    const endNs = realClock.nowNs();
    for (const [at, exchange] of ended.entries()) {
      const { index } = work.requests[at]!;
      this.exchanges.add({ ...exchange, index, intendedNs });
    }
    const outcomes = ended.map(({ chunkNs, failure }): MemberOutcome => ({
      ...(chunkNs.length === 0 ? {} : { firstTokenNs: chunkNs[0]! }),
      ...(failure === undefined ? {} : { failure: { status: "error", reason: failure.message } }),
    }));
    const firstTokens = outcomes.flatMap(({ firstTokenNs }) => firstTokenNs ?? []);
    const { most: memoryFraction, failed } = await kvInUse();
    this.failedReadings += failed;
    return {
      firstTokenNs: firstTokens.length === 0 ? endNs : greatest(firstTokens),
      memoryFraction,
      members: outcomes,
      endNs,
    };
  }

  notes(): string[] {
    const { failedReadings } = this;
    return failedReadings === 0 ? [] : [`the server's KV usage could not be read ${failedReadings} times`];
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }
}

/** The policy's records with what was seen of each request. */
function recordsOfBatches(
  { workload, probeOf }: BenchBatchesInput,
  { requests, originNs }: DriveResult,
  sender: BatchSender,
): RequestRecord[] {
  const indexOf = new Map(workload.requests.map(({ id }, index) => [id, index]));
  return requests.map((record) => {
    const index = indexOf.get(record.requestId)!;
    const exchange = sender.exchanges.of(index);
    if (exchange === undefined) return record;
    return withExchange(record, exchange, { originNs, probe: probeOf?.(workload.requests[index]!, index) });
  });
}
