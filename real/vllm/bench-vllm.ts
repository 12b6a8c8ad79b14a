/**
 * A load against a running vLLM server, continuous batching by the server itself: the requests of a workload on their
 * schedule, and a run folder's content of what came back. Also the calibration's way to send probes.
 */
import type { Run, RunInfo, RunJournal, Workload, WorkloadRequest } from "../../formats/index.js";
import { RunInterrupted } from "../drive.js";
import { watchClient, worstDelay, type ClientWatch } from "./client-watch.js";
import { defaultLimits, type ConnectionLimits } from "./connection.js";
import { describeRun, infoAtStart } from "./describe-run.js";
import { ExchangeLog } from "./exchange-log.js";
import type { Network } from "./network.js";
import type { Endpoint, Sampling } from "./request-body.js";
import { recordOf } from "./records.js";
import { requestIdPrefix } from "./request-id.js";
import { runInWorkers } from "./run-in-workers.js";
import { runLoad, type LoadSettings, type SentExchange } from "./run-load.js";
import { findServedModel, serverVersion, type ServedModel } from "./served-model.js";
import type { ServerRef } from "./server-address.js";
import { sendWarmUps } from "./warm-up.js";

/** Ids that nearly every vocabulary has. */
const DEFAULT_VOCAB = 32_000;

/** How requests are made and sent, whatever the load. */
export interface VllmClientOptions {
  /** Of the server, such as http://127.0.0.1:8000, with what lets a client in where it takes more (addressOf). */
  readonly baseUrl: ServerRef;
  /** Absent: the first that the server serves. */
  readonly model?: string | undefined;
  /** Default /v1/completions. */
  readonly endpoint?: Endpoint | undefined;
  /** Default: ignore_eos, the rest as the server has it. */
  readonly sampling?: Sampling | undefined;
  /** Random token ids are below this (32,000): no more than the model's vocabulary. */
  readonly vocab?: number | undefined;
  /** Requests before the run, one after another (1). The first that fails is a BackendError. */
  readonly warmUps?: number | undefined;
  /** The server has answered requests already, so that a run without warm-ups is valid too. */
  readonly isWarm?: boolean | undefined;
  readonly limits?: Partial<ConnectionLimits> | undefined;
  /** Asks for token ids with every chunk: how many it holds is then recorded, at some cost to the server. */
  readonly returnTokenIds?: boolean | undefined;
}

export interface BenchVllmInput extends VllmClientOptions {
  /** Explicit requests: ids, lengths, arrivals (absent: closed loop of maxConcurrency), text, shared content. */
  readonly workload: Workload;
  readonly load: RunInfo["load"];
  /** Of the token ids. */
  readonly seed: string;
  /** Date to stamp the run with, ISO 8601. */
  readonly date: string;
  /** Label of a request that probes something; becomes the column "probe". */
  readonly probeOf?: ((request: WorkloadRequest, index: number) => string | undefined) | undefined;
  /** Settings of the server, where known, by vLLM's names. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** What the server was seen to use that no profile models: a fit or a replay of the run rejects it. */
  readonly unmodelled?: readonly string[] | undefined;
  /** The way to the server, where it was measured. */
  readonly network?: Network | undefined;
  readonly policySettings?: Readonly<Record<string, unknown>> | undefined;
  readonly hardware?: RunInfo["hardware"] | undefined;
  /** Worker threads that send (1: this thread). */
  readonly workers?: number | undefined;
  /** Percentiles that the run is for, 0 to 100: it is not valid with too few requests for them. Default: 50. */
  readonly percentiles?: readonly number[] | undefined;
  readonly keepsText?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Keeps what ends while the run goes on. */
  readonly journal?: RunJournal | undefined;
  /** Waited for between the warm-ups and the run. */
  readonly onWarm?: (() => Promise<void>) | undefined;
  readonly onProgress?: ((ended: number, total: number) => void) | undefined;
}

/** A run with all that was seen of its requests. */
export interface VllmMeasurement {
  readonly run: Run;
  readonly exchanges: ExchangeLog;
  /** Clock time of the run's start, ns. */
  readonly originNs: number;
}

/**
 * Sends the workload. A request that fails is a record with status "error"; BackendError only where the server does not
 * answer before the run. Throws RunInterrupted on the signal, with a run of the requests that had ended (none, before it).
 */
export async function benchVllm(input: BenchVllmInput): Promise<Run> {
  return (await measureVllm(input)).run;
}

/** As benchVllm, with the exchanges. */
export async function measureVllm(input: BenchVllmInput): Promise<VllmMeasurement> {
  const { workload, baseUrl, warmUps = 1, signal = new AbortController().signal } = input;
  const model = await findServedModel(baseUrl, input.model, { signal });
  const version = await serverVersion(baseUrl, { signal });
  const settings = loadSettings(input, model, input.keepsText ?? false);
  await sendWarmUps(settings, workload, { count: warmUps, signal });
  await input.onWarm?.();
  RunInterrupted.throwBeforeStart(signal);
  const planned_requests = workload.requests.length;
  input.journal?.begin({ ...infoAtStart(input, { model, version, warmUps }), planned_requests });
  const endWatch = watchClient();
  const exchanges = new ExchangeLog(workload.requests.length);
  const sent = await send(input, { settings, signal, exchanges });
  const watched = endWatch();
  const isStopped = signal.aborted && exchanges.count < workload.requests.length;
  const around = sent.eventLoop === undefined ? watched : { ...watched, eventLoop: sent.eventLoop };
  const measured = { exchanges, originNs: sent.originNs, around, isStopped };
  const run = describeRun(input, { ...measured, model, version, warmUps });
  if (!isStopped) return { run, exchanges, originNs: sent.originNs };
  const message = `stopped after ${exchanges.count} of ${workload.requests.length} requests`;
  const finished = {
    batches: [],
    originNs: sent.originNs,
    sendLagsNs: [],
    get requests() {
      return [...run.requests];
    },
  };
  throw new RunInterrupted(message, finished, run);
}

/** How requests are made and sent, all defaults filled. */
export function loadSettings(
  input: VllmClientOptions & { readonly seed: string; readonly date: string },
  model: ServedModel,
  keepsText: boolean,
): LoadSettings {
  return {
    baseUrl: input.baseUrl,
    limits: { ...defaultLimits, ...input.limits },
    keepsText,
    requestIdPrefix: requestIdPrefix(input.date),
    body: {
      model: model.name,
      endpoint: input.endpoint ?? "/v1/completions",
      sampling: input.sampling ?? { ignoreEos: true },
      seed: input.seed,
      vocab: input.vocab ?? DEFAULT_VOCAB,
      cacheSalt: `servesim ${input.date}`,
      returnTokenIds: input.returnTokenIds ?? false,
    },
  };
}

interface SendContext {
  readonly settings: LoadSettings;
  readonly signal: AbortSignal;
  /** Takes what was not given up. */
  readonly exchanges: ExchangeLog;
}

interface Sent {
  readonly originNs: number;
  /** Of the workers; absent: this thread's. */
  readonly eventLoop?: ClientWatch["eventLoop"];
}

async function send(input: BenchVllmInput, { settings, signal, exchanges }: SendContext): Promise<Sent> {
  const { workload, workers = 1, onProgress, journal, probeOf } = input;
  const onEnded = (ended: number): void => {
    onProgress?.(ended, workload.requests.length);
  };
  const onExchange = (exchange: SentExchange, originNs: number): void => {
    // Given up by the stop: not finished, and in no result.
    if (exchange.failure?.kind === "aborted") return;
    exchanges.add(exchange);
    journal?.request(recordOf(exchange, workload.requests[exchange.index]!, { originNs, probeOf }));
  };
  const load = { settings, workload, signal, onEnded, onExchange };
  if (workers === 1) return { originNs: await runLoad(load) };
  const { eventLoops, originNs } = await runInWorkers({ ...load, workers });
  return { originNs, eventLoop: worstDelay(eventLoops) };
}
