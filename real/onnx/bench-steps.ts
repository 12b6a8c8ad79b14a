/**
 * A real run of continuous batching on ONNX Runtime: the simulator's own scheduler decides on the real clock, and each of its steps
 * is computed in a worker thread, with a KV cache in slots. Requests join and leave between steps; one that is preempted is
 * computed again. Each token reaches its client when its step has ended.
 */
import seedrandom from "seedrandom";
import {
  ConfigError,
  type RequestRecord,
  type Run,
  type RunInfo,
  type RunJournal,
  type Workload,
} from "../../formats/index.js";
import type { ModelFiles, RequestStep, SamplingSettings, StepExecutor } from "../../onnx/index.js";
import { quantile, summarise, tableOf, type StepAssignment, type StepPolicy, type Tokenize } from "../../sim/index.js";
import { realClock } from "../clock.js";
import { RunInterrupted } from "../drive.js";
import { driveSteps, type DrivenSteps } from "../drive-steps.js";
import { watchSurroundings } from "../surroundings.js";
import { runNotes, validity, type RunSurroundings } from "../validity.js";
import { promptIdsOf } from "./prompt-ids.js";

export interface StepBenchInput {
  readonly executor: StepExecutor;
  readonly model: ModelFiles;
  readonly workload: Workload;
  /** The policy's name, and the policy made for the machine: one step in flight, no prefix cache. */
  readonly policyName: string;
  readonly policy: StepPolicy;
  readonly tokenize: Tokenize;
  readonly seed: string;
  /** Absent: greedy tokens. The executor must have been started for it. */
  readonly sampling?: SamplingSettings | undefined;
  /** Columns to keep of an answer's token ids; absent: answers are thrown away. */
  readonly describeAnswer?: ((tokenIds: readonly number[]) => Readonly<Record<string, string>>) | undefined;
  readonly load: RunInfo["load"];
  readonly hardware: RunInfo["hardware"];
  /** ISO 8601. */
  readonly date: string;
  readonly signal?: AbortSignal | undefined;
  readonly journal?: RunJournal | undefined;
  readonly onProgress?: (ended: number, total: number) => void;
}

/** Steps run and thrown away before the clock starts. */
const WARM_UP_STEPS = 5;

/** What is not done for real: settings that a user asked for are rejected, the others are switched off. */
export function realStepSettings(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const missing = {
    async_scheduling: "steps run one at a time",
    enable_prefix_caching: "slots are not shared",
  } as const;
  for (const [name, why] of Object.entries(missing)) {
    if (settings[name] === true) {
      throw new ConfigError(`${name}: not available on ONNX Runtime, ${why}; leave it out, or simulate it`);
    }
  }
  return { ...settings, async_scheduling: false, enable_prefix_caching: false };
}

/** Throws RunInterrupted on the signal or when a step fails, with a run of the requests that had ended. */
export async function benchSteps(input: StepBenchInput): Promise<Run> {
  const { workload, executor, journal, signal } = input;
  const promptIds = promptIdsOf(workload, input.tokenize, input.seed, input.model.shape.vocab);
  if (signal !== undefined) RunInterrupted.throwBeforeStart(signal);
  await warmUp(executor);
  const answers = new StepAnswers(input, promptIds);
  const endWatch = watchSurroundings();
  journal?.begin({ ...infoAtStart(input), planned_requests: workload.requests.length });
  let [slotCopies, peakRssBytes] = [0, 0];
  const driven = await driveSteps({
    workload,
    schedulers: input.policy,
    clock: realClock,
    signal,
    ...(input.onProgress === undefined ? {} : { onProgress: input.onProgress }),
    onEnded: (record) => journal?.request(answers.describe(record)),
    async runStep(work, ended) {
      const run = await executor.runStep({ requests: work.map((one) => answers.requestOf(one)), ended });
      slotCopies += run.slotCopies;
      peakRssBytes = Math.max(peakRssBytes, run.peakRssBytes);
      for (const [index, token] of run.tokens) answers.add(index, token);
    },
  });
  const run = describeRun(input, driven, { around: endWatch(), answers, slotCopies, peakRssBytes });
  if (driven.interrupted === undefined) return run;
  const { requests, sendLagsNs, interrupted } = driven;
  throw new RunInterrupted(interrupted, { requests: [...requests], batches: [], originNs: 0, sendLagsNs }, run);
}

/** Of nobody's. */
const WARM_UP_REQUEST = -1;

/** The first steps of a session are slow. Afterwards no slot is taken, by this or an earlier run that was stopped. */
async function warmUp(executor: StepExecutor): Promise<void> {
  const next = { uniform: 0 };
  const decode = (past: number): RequestStep => ({ request: WARM_UP_REQUEST, ids: [0], past, next });
  for (let past = 0; past < WARM_UP_STEPS; past++) {
    await executor.runStep({ requests: [decode(past)], ended: past === 0 ? "all" : [] });
  }
  await executor.runStep({ requests: [], ended: "all" });
}

/** Tokens of all requests: prompts, and what has come so far. */
class StepAnswers {
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
    return { request: index, ids, past, ...(samples ? { next: { uniform: this.uniform(index) } } : {}) };
  }

  add(index: number, token: number): void {
    this.outputs[index]!.push(token);
  }

  describe(record: RequestRecord): RequestRecord {
    const { describeAnswer, workload } = this.input;
    if (describeAnswer === undefined || record.status !== "ok") return record;
    const index = workload.requests.findIndex(({ id }) => id === record.requestId);
    return { ...record, extra: { ...record.extra, ...describeAnswer(this.outputs[index]!) } };
  }

  /** A seed of its own for each request, as in static batches. */
  private uniform(index: number): number {
    const { sampling, seed, workload } = this.input;
    if (sampling === undefined) return 0;
    let draw = this.uniforms.get(index);
    if (draw === undefined) {
      const random = seedrandom.alea(`${seed}/${workload.requests[index]!.id}`);
      draw = () => random.quick();
      this.uniforms.set(index, draw);
    }
    return draw();
  }
}

function infoAtStart({
  executor,
  model,
  policy,
  policyName,
  hardware,
  load,
  seed,
  date,
  sampling,
}: StepBenchInput): RunInfo {
  const { name, shape, precision, fused, parameters, weightBytes, kvBytesPerToken } = model;
  return {
    version: 1,
    source: "real",
    policy: policyName,
    date,
    engine: {
      name: "onnxruntime-cpu",
      version: executor.ortVersion,
      settings: {
        threads: executor.threads,
        load_ms: ms(executor.loadMs * 1e6),
        warm_up_steps: WARM_UP_STEPS,
        kv_cache_bytes: executor.cacheBytes,
        ...(sampling === undefined ? {} : { sampling }),
      },
    },
    model: { ...shape, name, precision, fused, parameters, weightBytes, kvBytesPerToken },
    hardware,
    load,
    requests: 0,
    seed,
    policy_settings: { ...policy.settings },
  };
}

interface RunStory {
  readonly around: RunSurroundings;
  readonly answers: StepAnswers;
  readonly slotCopies: number;
  readonly peakRssBytes: number;
}

function describeRun(input: StepBenchInput, driven: DrivenSteps, story: RunStory): Run {
  const { requests, log, steps, preemptions, kvBlocks, sendLagsNs, interrupted } = driven;
  const { around, answers, slotCopies, peakRssBytes } = story;
  const { reasons } = validity(requests, sendLagsNs, around);
  const all = interrupted === undefined ? reasons : [`the run was interrupted: ${interrupted}`, ...reasons];
  const notes = runNotes(around);
  const info: RunInfo = {
    ...infoAtStart(input),
    requests: requests.length,
    work_items: steps,
    preemptions,
    kv_blocks: { total: kvBlocks.total, high_water: [kvBlocks.highWater] },
    slot_copies: slotCopies,
    between_steps_ms: spread(driven.betweenNs),
    peak_rss_bytes: peakRssBytes,
    other_cores: Number(around.otherCores.toPrecision(3)),
    event_loop_delay_ms: {
      p50: ms(around.eventLoop.p50Ns),
      p99: ms(around.eventLoop.p99Ns),
      max: ms(around.eventLoop.maxNs),
    },
    valid: { ok: all.length === 0, reasons: all },
    ...(notes.length > 0 ? { notes } : {}),
    ...(interrupted === undefined ? { summary: { ...summarise(tableOf(log), { itl: log.gaps }) } } : {}),
  };
  return { info, requests: requests.map((record) => answers.describe(record)), batches: [] };
}

/** What scheduling and telling of tokens takes between steps that follow at once. */
function spread(timesNs: readonly number[]): { readonly p50: number; readonly p95: number } | null {
  if (timesNs.length === 0) return null;
  const sorted = Float64Array.from(timesNs).sort();
  return { p50: ms(quantile(sorted, 0.5)), p95: ms(quantile(sorted, 0.95)) };
}

const ms = (ns: number): number => Math.round(ns / 1e3) / 1e3;
