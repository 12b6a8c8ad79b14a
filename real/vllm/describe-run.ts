/** A measured load as a run: its records, and everything that a reader needs to judge it. */
import { cpuModel } from "../../machine/index.js";
import {
  tableRun,
  withInfo,
  defined,
  type BatchRecord,
  type RequestRecord,
  type Run,
  type RunInfo,
  type Workload,
  type WorkloadRequest,
} from "../../formats/index.js";
import {
  columnsIn,
  isImpatient,
  quantile,
  summarise,
  summariseSessions,
  type RequestColumns,
  type SessionSummary,
} from "../../sim/index.js";
import type { BenchVllmInput } from "./bench-input.js";
import {
  engineTitle,
  isOtherEngine,
  VLLM,
  type ServedModel,
  addressOf,
  INSECURE_NOTE,
  shownUrl,
} from "./access/index.js";
import type { ExchangeLog } from "./exchange-log.js";
import { sharesPromptsBetweenRuns } from "./client/index.js";
import { giveUpsOf, lookThrough, type SeenLoad } from "./seen-load.js";
import { judge } from "./verdict.js";
import { withClassFigures } from "../class-figures.js";
import { eventLoopDelayMs, roundedMs, type RunSurroundings } from "../surroundings.js";

export interface Measured {
  readonly exchanges: ExchangeLog;
  /** The requests that exchanges are of; absent: the workload's. */
  readonly attempts?: readonly WorkloadRequest[];
  readonly originNs: number;
  readonly around: RunSurroundings;
  readonly isStopped: boolean;
  readonly model: ServedModel;
  readonly version: string | undefined;
  readonly warmUps: number;
  /** Where a batch policy stood between the clients and the server: its own log. */
  readonly batched?: BatchedRun;
}

/** What a policy of whole batches made of the load. */
export interface BatchedRun {
  readonly policy: string;
  readonly requests: readonly RequestRecord[];
  readonly batches: readonly BatchRecord[];
  /** How late requests reached the policy, ns. */
  readonly sendLagsNs: readonly number[];
  readonly notes: readonly string[];
}

/** What is known of a run before its clock starts. */
export function infoAtStart(
  input: BenchVllmInput,
  { policy, ...measured }: Pick<Measured, "model" | "version" | "warmUps"> & { readonly policy?: string },
): RunInfo {
  return {
    version: 1,
    source: "real",
    policy: policy ?? measured.model.engine,
    date: input.date,
    ...serverInfo(input, measured),
    load: input.load,
    ...(input.network === undefined ? {} : { network: { ...input.network } }),
    requests: 0,
    seed: input.seed,
    ...(input.policySettings === undefined ? {} : { policy_settings: { ...input.policySettings } }),
    client: clientSettings(input, measured.warmUps),
  };
}

export function describeRun(input: BenchVllmInput, measured: Measured): Run {
  const { workload } = input;
  const {
    exchanges,
    attempts = workload.requests,
    originNs,
    around,
    isStopped,
    warmUps,
    batched,
    model,
    version,
  } = measured;
  const isRetried = workload.retries !== undefined;
  const atStart = infoAtStart(input, { model, version, warmUps, ...defined({ policy: batched?.policy }) });
  const seen = lookThrough(exchanges, attempts, { originNs, probeOf: input.probeOf, isRetried });
  const run: Run = batched === undefined ? tableRun(atStart, seen.table, []) : { info: atStart, ...batched };
  const columns = columnsIn(run);
  const lagsNs = Float64Array.from([...(batched?.sendLagsNs ?? []), ...seen.lagsNs]).sort();
  const verdict = judge({
    run,
    seen,
    lagsNs,
    around,
    isStopped,
    isWarm: warmUps > 0 || input.isWarm === true,
    percentiles: input.percentiles ?? [50],
    ignoreEos: input.sampling?.ignoreEos ?? true,
    isRetried,
  });
  const notes = [
    ...(addressOf(input.baseUrl).isInsecure ? [INSECURE_NOTE] : []),
    ...otherEngineNotes(measured),
    ...workloadNotes(workload, seen),
    ...(batched?.notes ?? []),
    ...verdict.notes,
  ];
  return withInfo(run, {
    ...atStart,
    requests: columns.rows,
    client: { ...clientInfo(input, measured), lag_ms: lagMs(lagsNs), failures: seen.failures },
    client_lag_ms_p99: lagMs(lagsNs).p99 ?? null,
    merged_chunks: seen.merged,
    summary: summaryOf(run, { input, seen, exchanges }),
    ...(isStopped ? {} : sessionFact(workload, seen)),
    from_sent: fromSent(columns),
    valid: verdict.valid,
    ...(notes.length > 0 ? { notes } : {}),
  });
}

const CACHE_NOTE =
  "the server does not say of every turn what it found cached; start it with --enable-prompt-tokens-details";

function workloadNotes({ notes = [], sessions }: Workload, { cachedTokens }: SeenLoad): readonly string[] {
  return sessions !== undefined && cachedTokens.includes(-1) ? [...notes, CACHE_NOTE] : notes;
}

/** Of a run that came to its end: row i is request i. */
function sessionFact(
  { requests, sessions }: Workload,
  { table, cachedTokens }: SeenLoad,
): { readonly sessions?: SessionSummary } {
  if (sessions === undefined) return {};
  return { sessions: summariseSessions({ ...table, cachedTokens }, requests, sessions.count) };
}

interface Summarised {
  readonly input: BenchVllmInput;
  readonly seen: SeenLoad;
  readonly exchanges: ExchangeLog;
}

function summaryOf(run: Run, { input, seen, exchanges }: Summarised): Record<string, unknown> {
  const summary = summarise(columnsIn(run), { itl: seen.gapsMs });
  return {
    ...withClassFigures(summary, run.table ?? run.requests, input.load),
    ...(isImpatient(input.workload) ? giveUpsOf(exchanges, input.workload) : {}),
  };
}

/** A run on another engine is measured anyway; nothing of it can be simulated. */
function otherEngineNotes({ model: { engine }, version }: Pick<Measured, "model" | "version">): string[] {
  if (engine === VLLM) return [];
  const title = [engineTitle(engine), ...(version === undefined ? [] : [version])].join(" ");
  const why = "no profile or simulation applies to this run";
  return [
    isOtherEngine(engine)
      ? `measured on ${title}, not on vLLM: ${why}`
      : `the server does not say that it is vLLM (engine "${engine}"): ${why}`,
    ...(sharesPromptsBetweenRuns(engine)
      ? [`${title} takes no cache_salt: a later run with the same seed may find its prompts in the prefix cache`]
      : []),
  ];
}

/** Engine, model and hardware as run.json names them. */
function serverInfo(
  input: Pick<BenchVllmInput, "settings" | "unmodelled" | "hardware" | "baseUrl">,
  { model, version }: Pick<Measured, "model" | "version">,
): Pick<RunInfo, "engine" | "model" | "hardware"> {
  const { name, maxModelLen, engine } = model;
  const { unmodelled = [] } = input;
  return {
    engine: {
      name: engine,
      ...defined({ version }),
      settings: {
        ...defined({ max_model_len: maxModelLen }),
        ...input.settings,
      },
      ...(unmodelled.length === 0 ? {} : { unmodelled }),
    },
    model: { name },
    hardware: input.hardware ?? {},
  };
}

/** How the client sends. */
function clientSettings(input: BenchVllmInput, warmUps: number): Record<string, unknown> {
  const { sampling = { ignoreEos: true }, workers = 1 } = input;
  return {
    base_url: shownUrl(input.baseUrl),
    ...(addressOf(input.baseUrl).isInsecure ? { tls_verified: false } : {}),
    endpoint: input.endpoint ?? "/v1/completions",
    ignore_eos: sampling.ignoreEos,
    ...defined({ temperature: sampling.temperature, top_p: sampling.topP, top_k: sampling.topK }),
    num_warmups: warmUps,
    ...defined({ vocab_size: input.vocab }),
    workers,
  };
}

/** How the client sent, and how well it kept its schedule; milliseconds. */
function clientInfo(input: BenchVllmInput, { around, warmUps }: Measured): Record<string, unknown> {
  const { eventLoop, ownCores, otherCores } = around;
  return {
    ...clientSettings(input, warmUps),
    cpu: { model: cpuModel(), cores: around.cores, own_cores: rounded(ownCores), other_cores: rounded(otherCores) },
    event_loop_delay_ms: eventLoopDelayMs(eventLoop),
  };
}

/** The latencies as a client sees them that counts from when it wrote the request: what a late client hides. */
function fromSent(columns: RequestColumns): Record<string, unknown> {
  const counted: RequestColumns = {
    ...columns,
    arrivalNs: columns.arrivalNs.map((arrivalNs, row) => {
      const sentNs = columns.sentNs[row]!;
      return Number.isNaN(sentNs) ? arrivalNs : sentNs;
    }),
  };
  const isOurs = ([key]: [string, unknown]): boolean => /^(mean|std|p\d+|median)_(ttft|e2el)_ms$/.test(key);
  return Object.fromEntries(Object.entries(summarise(counted)).filter(isOurs));
}

/** Quantiles of sorted lags. */
function lagMs(sorted: Float64Array): { p50?: number; p99?: number; max?: number } {
  if (sorted.length === 0) return {};
  const ms = (p: number): number => roundedMs(quantile(sorted, p));
  return { p50: ms(0.5), p99: ms(0.99), max: ms(1) };
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
