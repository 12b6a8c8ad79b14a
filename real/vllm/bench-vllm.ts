/**
 * A load against a running vLLM server, continuous batching by the server itself: the requests of a workload on their
 * schedule, and a run folder's content of what came back. Also the calibration's way to send probes.
 */
import type { Run, WorkloadRequest } from "../../formats/index.js";
import { RunInterrupted } from "../drive.js";
import type { BenchVllmInput, VllmClientOptions } from "./bench-input.js";
import { watchSurroundings, worstDelay, type RunSurroundings } from "../surroundings.js";
import {
  defaultLimits,
  rejectOwnFields,
  isLast,
  requestIdPrefix,
  runInWorkers,
  runLoad,
  type LoadSettings,
  type SentExchange,
  requireOwnAnswers,
  sendWarmUps,
} from "./client/index.js";
import { describeRun, infoAtStart } from "./describe-run.js";
import { engineFacts, findServedModel, type ServedModel } from "./access/index.js";
import { ExchangeLog } from "./exchange-log.js";
import { isImpatient, withAttempts } from "../../sim/index.js";
import { plainRecordOf, recordOf } from "./records.js";

/** Ids that nearly every vocabulary has. */
const DEFAULT_VOCAB = 32_000;

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
  const { version } = await engineFacts(baseUrl, model.engine, { signal });
  rejectOwnFields(model.engine, input);
  requireOwnAnswers(workload, input, model.engine);
  const returnTokenIds = input.returnTokenIds === true || workload.sessions !== undefined;
  const asked = { ...input, returnTokenIds, countsAlong: isImpatient(workload) };
  const settings = loadSettings(asked, model, input.keepsText ?? false);
  const attempts = withAttempts(workload);
  await sendWarmUps(settings, workload, { count: warmUps, signal });
  await input.onWarm?.(model);
  RunInterrupted.throwBeforeStart(signal);
  const planned_requests = workload.requests.length;
  input.journal?.begin({ ...infoAtStart(input, { model, version, warmUps }), planned_requests });
  const endWatch = watchSurroundings();
  const exchanges = new ExchangeLog(attempts.length);
  const sent = await send(input, { settings, signal, exchanges, attempts });
  const watched = endWatch();
  const isStopped = signal.aborted && sent.ended < workload.requests.length;
  const around = sent.eventLoop === undefined ? watched : { ...watched, eventLoop: sent.eventLoop };
  const measured = { exchanges, attempts, originNs: sent.originNs, around, isStopped };
  const run = describeRun(input, { ...measured, model, version, warmUps });
  if (!isStopped) return { run, exchanges, originNs: sent.originNs };
  const message = `stopped after ${sent.ended} of ${workload.requests.length} requests`;
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
  input: VllmClientOptions & { readonly seed: string; readonly date: string; readonly countsAlong?: boolean },
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
      engine: model.engine,
      endpoint: input.endpoint ?? "/v1/completions",
      sampling: input.sampling ?? { ignoreEos: true },
      seed: input.seed,
      vocab: input.vocab ?? DEFAULT_VOCAB,
      cacheSalt: `servesim ${input.date}`,
      returnTokenIds: input.returnTokenIds ?? false,
      countsAlong: input.countsAlong,
    },
  };
}

interface SendContext {
  readonly settings: LoadSettings;
  readonly signal: AbortSignal;
  /** Takes what the stop did not end. */
  readonly exchanges: ExchangeLog;
  readonly attempts: readonly WorkloadRequest[];
}

interface Sent {
  readonly originNs: number;
  /** Requests that were over before the stop. */
  readonly ended: number;
  /** Of the workers; absent: this thread's. */
  readonly eventLoop?: RunSurroundings["eventLoop"];
}

async function send(input: BenchVllmInput, { settings, signal, exchanges, attempts }: SendContext): Promise<Sent> {
  const { workload, workers = 1, onProgress, journal, probeOf } = input;
  let ended = 0;
  const onExchange = (exchange: SentExchange, originNs: number): void => {
    // Given up by the stop: not finished, and in no result.
    if (exchange.failure?.kind === "aborted") return;
    exchanges.add(exchange);
    const request = attempts[exchange.index]!;
    const options = { originNs, probeOf, isRetried: workload.retries !== undefined };
    journal?.request(recordOf(exchange, request, options));
    if (!isLast(exchange, workload)) return;
    ended++;
    onProgress?.(ended, workload.requests.length, plainRecordOf(exchange, request, options));
  };
  const load = { settings, workload, signal, onExchange };
  if (workers === 1) return { originNs: await runLoad(load), ended };
  const { eventLoops, originNs } = await runInWorkers({ ...load, workers });
  return { originNs, ended, eventLoop: worstDelay(eventLoops) };
}
