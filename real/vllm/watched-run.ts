/**
 * A measured load with the server's own view of it: its metrics before, during and after, and its span of each request
 * where it sends spans. What a span says goes into the columns server_queue_ms, server_prefill_ms, server_decode_ms of
 * the run.
 */
import { requestCount, tableRun, withInfo, type RequestRecord, type Run, messageOf } from "../../formats/index.js";
import { columnsIn } from "../../sim/index.js";
import type { BenchVllmInput } from "./bench-input.js";
import { measureVllm, type VllmMeasurement } from "./bench-vllm.js";
import { engineTitle, isOtherEngine, type ServerRef } from "./access/index.js";
import { sentRequestId } from "./client/index.js";
import {
  joinSpans,
  startOtlpReceiver,
  type JoinedSpans,
  type OtlpReceiver,
  type RequestSpan,
} from "./server/otlp/index.js";
import { type ServerView, startServerWatch, type ServerWatch, type WatchOptions } from "./server/index.js";

export interface WatchedOptions {
  /** Pace of reading /metrics, ms; 0: before and after alone. Absent: no view. */
  readonly everyMs?: number | undefined;
  /** Where to receive spans; absent: nowhere. */
  readonly otlp?: { readonly port: number; readonly host?: string } | undefined;
}

export interface WatchedMeasurement {
  readonly measurement: VllmMeasurement;
  readonly view: ServerView | undefined;
  readonly spans: JoinedSpans | undefined;
  /** Why there is no view or no span, where one was asked for; these are notes of the run, too. */
  readonly remarks: readonly string[];
}

/** Servers send their spans in batches, every five seconds by default. */
const SPANS_WITHIN_MS = 15_000;

/** Spans of a run's requests and warm-ups, some of them twice, and of others that the server answered meanwhile. */
function mostSpans({ workload, warmUps = 1 }: BenchVllmInput): number {
  return 10_000 + 2 * (workload.requests.length + warmUps);
}

/** As measureVllm. A server without metrics is measured anyway, and a remark says so. */
export async function measureWatched(input: BenchVllmInput, options: WatchedOptions): Promise<WatchedMeasurement> {
  const { everyMs, otlp } = options;
  const remarks: string[] = [];
  const receiver = otlp === undefined ? undefined : await startOtlpReceiver({ ...otlp, mostSpans: mostSpans(input) });
  let watch: ServerWatch | undefined;
  try {
    const measured = await measureVllm({
      ...input,
      onWarm: async (model) => {
        await input.onWarm?.(model);
        if (everyMs === undefined) return;
        if (isOtherEngine(model.engine)) remarks.push(`no view of the server: ${noViewOf(model.engine)}`);
        else watch = await startWatch(input.baseUrl, { everyMs, signal: input.signal }, remarks);
      },
    });
    // The run is measured: from here on nothing that a server says or fails to say may cost it.
    const view = await orRemark("no view of the server", remarks, async () => watch?.stop(measured.originNs));
    watch = undefined;
    const spans = await orRemark("no spans", remarks, async () =>
      receiver === undefined ? undefined : receiveSpans(receiver, input, measured.run, remarks),
    );
    const run = withServersWord(measured.run, { input, view, spans, remarks });
    return { measurement: { ...measured, run }, view, spans, remarks };
  } finally {
    await watch?.cancel();
    await receiver?.stop();
  }
}

function noViewOf(engine: string): string {
  return `only vLLM's metrics are read, this is ${engineTitle(engine)} (--no-server-view does not ask for one)`;
}

async function startWatch(
  baseUrl: ServerRef,
  options: WatchOptions,
  remarks: string[],
): Promise<ServerWatch | undefined> {
  return orRemark("no view of the server", remarks, () => startServerWatch(baseUrl, options));
}

/** The result of `work`; where it fails, a remark says why there is none. */
async function orRemark<T>(what: string, remarks: string[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    remarks.push(`${what}: ${messageOf(error)}`);
    return undefined;
  }
}

async function receiveSpans(
  receiver: OtlpReceiver,
  input: BenchVllmInput,
  run: Run,
  remarks: string[],
): Promise<JoinedSpans> {
  const { rows, ok, requestId } = columnsIn(run);
  const answered = Array.from({ length: rows }, (_, row) => row).filter((row) => ok[row] === 1);
  const sent = answered.map((row) => sentRequestId(input.date, requestId(row)));
  await receiver.waitFor(sent.length + (input.warmUps ?? 1), SPANS_WITHIN_MS, input.signal);
  const joined = joinSpans(receiver.spans, sent);
  if (joined.without.length > 0) {
    const why =
      receiver.rejected.first ??
      `the server must have been started with OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf and --otlp-traces-endpoint ${receiver.endpoint}`;
    remarks.push(`no span came for ${joined.without.length} of ${sent.length} requests: ${why}`);
  }
  return joined;
}

interface ServersWord extends Pick<WatchedMeasurement, "view" | "spans" | "remarks"> {
  readonly input: BenchVllmInput;
}

function withServersWord(run: Run, { input, view, spans, remarks }: ServersWord): Run {
  const notes = [...(run.info.notes ?? []), ...(view?.notes ?? []), ...remarks];
  const finished = view?.counters.requests_finished ?? 0;
  const strangers = finished - requestCount(run);
  const valid = run.info.valid ?? { ok: true, reasons: [] };
  const reasons = [
    ...valid.reasons,
    ...(strangers > 0 ? [`the server finished ${strangers} requests of others during the run`] : []),
  ];
  const settings = {
    ...(view?.block_size == null ? {} : { block_size: view.block_size }),
    ...(view?.num_gpu_blocks == null ? {} : { num_gpu_blocks: view.num_gpu_blocks }),
  };
  const { engine } = run.info;
  return withSpans(
    withInfo(run, {
      ...run.info,
      engine: { ...engine, settings: { ...settings, ...engine.settings } },
      ...(view?.counters.preemptions === undefined ? {} : { preemptions: view.counters.preemptions }),
      valid: { ok: valid.ok && strangers <= 0, reasons },
      ...(notes.length > 0 ? { notes } : {}),
    }),
    (requestId) => spans?.spans.get(sentRequestId(input.date, requestId)),
  );
}

/** The run with the columns that the server's spans hold. */
function withSpans(run: Run, spanOf: (requestId: string) => RequestSpan | undefined): Run {
  const text = (value: number | undefined): string => (value === undefined ? "" : String(value));
  const seen = (request: RequestRecord): RequestRecord => {
    const span = spanOf(request.requestId);
    if (span === undefined) return request;
    const columns = {
      server_queue_ms: text(span.queueMs),
      server_prefill_ms: text(span.prefillMs),
      server_decode_ms: text(span.decodeMs),
    };
    return { ...request, extra: { ...request.extra, ...columns } };
  };
  const { table } = run;
  if (table === undefined) return { ...run, requests: run.requests.map(seen) };
  return tableRun(run.info, { ...table, record: (row) => seen(table.record(row)) }, run.batches);
}
