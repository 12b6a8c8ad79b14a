/**
 * What real runs on ONNX Runtime have in common, of whole batches and of steps: their input, and what they report.
 */
import type { OnProgress } from "../live-figures.js";
import { defined, type RequestRecord, type RunInfo, type RunJournal, type Workload } from "../../formats/index.js";
import type { SamplingSettings } from "../../onnx/index.js";
import { stream, type Tokenize } from "../../sim/index.js";
import { eventLoopDelayMs, roundedMs, type RunSurroundings } from "../surroundings.js";
import { validity } from "../validity.js";

export interface RealRunInput {
  readonly workload: Workload;
  readonly tokenize: Tokenize;
  readonly seed: string;
  /** Absent: greedy tokens. The executor must have been started for it. */
  readonly sampling?: SamplingSettings | undefined;
  /** Columns to keep of an answer's token ids; absent: answers are thrown away. */
  readonly describeAnswer?: ((tokenIds: readonly number[]) => Answer) | undefined;
  readonly load: RunInfo["load"];
  readonly hardware: RunInfo["hardware"];
  /** Date to stamp the run with, ISO 8601. */
  readonly date: string;
  readonly signal?: AbortSignal | undefined;
  /** Keeps what ends while the run goes on. */
  readonly journal?: RunJournal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Columns of one answer. */
export type Answer = Readonly<Record<string, string>>;

/** The record with what is kept of its answer, by its id. */
export function withAnswer(request: RequestRecord, answers: ReadonlyMap<string, Answer>): RequestRecord {
  const extra = answers.get(request.requestId);
  return extra === undefined ? request : { ...request, extra: { ...request.extra, ...extra } };
}

/** Of a request's tokens, which do not depend on who runs beside it. */
export function tokenSeed({ seed, workload }: Pick<RealRunInput, "seed" | "workload">, index: number): string {
  return `${seed}/${workload.requests[index]!.id}`;
}

/** run.json of a run before its clock starts, without the counts and verdicts of its end. */
export function startInfo(
  { load, hardware, seed, date, sampling }: RealRunInput,
  {
    policy,
    settings,
    model,
    engine,
  }: {
    readonly policy: string;
    readonly settings: Readonly<Record<string, unknown>>;
    readonly model: RunInfo["model"];
    /** `loadMs`: from starting the executor to a loaded model; `warmUp`: what ran before the clock. */
    readonly engine: {
      readonly provider: string;
      readonly version: string;
      readonly threads: number;
      readonly loadMs: number;
      readonly warmUp: Readonly<Record<string, unknown>>;
    };
  },
): RunInfo {
  return {
    version: 1,
    source: "real",
    policy,
    date,
    engine: {
      name: `onnxruntime-${engine.provider}`,
      version: engine.version,
      settings: {
        threads: engine.threads,
        load_ms: roundedMs(engine.loadMs * 1e6),
        ...engine.warmUp,
        ...defined({ sampling }),
      },
    },
    model: { ...model },
    hardware,
    load,
    requests: 0,
    seed,
    policy_settings: { ...settings },
  };
}

export interface RealRunStory {
  readonly around: RunSurroundings;
  readonly sendLagsNs: readonly number[];
  readonly notes: readonly string[];
  /** Why the run did not come to its end. */
  readonly interrupted?: string | undefined;
}

/** What a reader needs to judge a run, for run.json. */
export function judgedInfo(
  requests: readonly RequestRecord[],
  { around, sendLagsNs, notes, interrupted }: RealRunStory,
): Pick<RunInfo, "valid" | "notes"> & Readonly<Record<string, unknown>> {
  const { reasons } = validity(requests, sendLagsNs, around);
  const all = interrupted === undefined ? reasons : [`the run was interrupted: ${interrupted}`, ...reasons];
  return {
    other_cores: Number(around.otherCores.toPrecision(3)),
    event_loop_delay_ms: eventLoopDelayMs(around.eventLoop),
    valid: { ok: all.length === 0, reasons: all },
    ...(notes.length > 0 ? { notes: [...notes] } : {}),
  };
}

/** Token ids of prompts: tokenised, or seeded random where a request is known only by length, since costs depend on shapes alone. */
export function promptIdsOf(workload: Workload, tokenize: Tokenize, seed: string, vocab: number): number[][] {
  const random = stream(`${seed}/0/token-ids`);
  return workload.requests.map((request) =>
    request.prompt === undefined
      ? Array.from({ length: request.promptTokens }, () => Math.floor(random() * vocab))
      : tokenize(request.prompt),
  );
}
