/**
 * Recordings of an engine of which every cost is known: the simulated one, watched from outside as a real server's step
 * log is. When a step was scheduled and its results taken follows from docs/design.md, section 4.
 */
import type { RecordedRun } from "../../calibrate/vllm/index.js";
import {
  InvariantError,
  type EngineStepRecord,
  type VllmEngineCost,
  type WorkloadRequest,
} from "../../formats/index.js";
import { EngineStepCost } from "../../sim/cost/server/engine-step-cost.js";
import { EngineLoop } from "../../sim/engine/server/engine-loop.js";
import { StepLog } from "../../sim/engine/log/step-log.js";
import { recordedCounts } from "../../sim/engine/log/recorded-counts.js";
import { recordsOf } from "../../sim/engine/log/step-records.js";
import {
  atPace,
  defaultCaptureSizes,
  GraphSizes,
  jitterFactors,
  limitsOf,
  serverSettings,
  tokenCounts,
  VllmScheduler,
  type DecodeLaw,
  type HostCost,
  type StepCostModel,
  type StepShape,
} from "../../sim/index.js";
import type { Step } from "../../sim/policy/vllm/scheduler/index.js";

export interface KnownRequest {
  readonly arrivalMs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Its group, of probes. */
  readonly probe?: string;
}

export interface KnownEngine {
  readonly cost: VllmEngineCost;
  readonly settings?: Readonly<Record<string, unknown>>;
}

const smallServer = {
  max_num_seqs: 32,
  max_num_batched_tokens: 1024,
  max_model_len: 4096,
  block_size: 16,
  num_gpu_blocks: 8000,
  enable_prefix_caching: false,
  async_scheduling: true,
};

const config = { num_hidden_layers: 8, hidden_size: 1024, num_attention_heads: 16, num_key_value_heads: 4, intermediate_size: 4096, vocab_size: 32_000 }; // prettier-ignore

/** Requests sent at their times, whatever the engine does; `seed` of the jitter, where its costs have one. */
export function recordEngine(
  { cost, settings: given = {} }: KnownEngine,
  sent: readonly KnownRequest[],
  { name, seed = "1" }: { readonly name: string; readonly seed?: string },
): RecordedRun {
  const settings = { ...smallServer, ...given };
  const isProbes = sent.some(({ probe }) => probe !== undefined);
  const requests = sent.map(({ arrivalMs, promptTokens, outputTokens }, index): WorkloadRequest => {
    return { id: String(index), arrivalNs: Math.round(arrivalMs * 1e6), promptTokens, outputTokens };
  });
  const watched = watch(cost, settings, requests, `${name}/${seed}`);
  const records = recordsOf(watched.log).map((record, index) => {
    const chunks = watched.log.chunksNs[index]!.map((atNs) => ((atNs - record.sentNs!) / 1e6).toFixed(2));
    const extra: Record<string, string> = {
      probe: sent[index]!.probe ?? "",
      engine_add_step: String(watched.addedStep[index]!),
      engine_add_us: String(watched.addedNs[index]! / 1e3),
      chunks: String(chunks.length),
      chunk_ms: chunks.join(";"),
    };
    return { ...record, extra };
  });
  return {
    name,
    run: {
      info: {
        version: 1,
        source: "real",
        policy: "vllm",
        engine: { name: "vllm", version: "0.26.0", settings },
        model: { name: "known", dtype: "bfloat16", config },
        hardware: { gpu: "none" },
        load: { kind: isProbes ? "probes" : "open_loop" },
        requests: records.length,
        preemptions: watched.preemptions,
      },
      requests: records,
      batches: [],
    },
    steps: watched.steps,
  };
}

interface Watched {
  readonly log: ChunkLog;
  readonly steps: readonly EngineStepRecord[];
  readonly addedStep: Int32Array;
  readonly addedNs: Float64Array;
  readonly preemptions: number;
}

function watch(
  cost: VllmEngineCost,
  settings: Readonly<Record<string, unknown>>,
  requests: readonly WorkloadRequest[],
  jitterStream: string,
): Watched {
  const machine = { totalBytes: Infinity, baseBytes: 0, kvBytesPerToken: 1, positions: 4096 };
  const limits = limitsOf(serverSettings.parse(settings), machine);
  const { maxNumSeqs, maxNumBatchedTokens } = limits;
  const graphs = new GraphSizes(defaultCaptureSizes(maxNumSeqs, maxNumBatchedTokens, limits.rules), maxNumSeqs);
  const everything: [number, number] = [0, 1e9];
  const range = { batch: everything, prompt_tokens: everything, context_tokens: everything };
  const factors = cost.jitter === undefined ? undefined : jitterFactors(cost.jitter, jitterStream);
  const clocks = new WatchedCost(new EngineStepCost(atPace(cost, cost.host.pace ?? 1), range, graphs, factors));
  const log = new ChunkLog(requests, tokenCounts(requests));
  const scheduler = new WatchedScheduler(limits, requests);
  const loop = new EngineLoop({ scheduler, cost: clocks, log, jumps: false, stopsAtEnds: false });
  scheduler.watch(clocks, () => loop.hostNs);
  requests
    .map(({ arrivalNs = 0 }, index) => ({ arrivalNs, index }))
    .sort((a, b) => a.arrivalNs - b.arrivalNs)
    .forEach(({ arrivalNs, index }) => {
      const rejection = scheduler.rejection(index);
      if (rejection !== undefined) throw new InvariantError(`request ${index} would be rejected: ${rejection}`);
      loop.advance(arrivalNs);
      log.sent(index, arrivalNs, arrivalNs);
      loop.arrive(index, arrivalNs);
    });
  loop.advance(Infinity);
  log.checkWhole();
  const { addedStep, addedNs } = scheduler;
  return { log, steps: scheduler.engineSteps(), addedStep, addedNs, preemptions: loop.preemptions };
}

/** Keeps when each chunk came to its client: tokens at one instant are one chunk. */
class ChunkLog extends StepLog {
  readonly chunksNs: number[][] = Array.from({ length: this.rows }, () => []);

  override token(row: number, atNs: number, firstLateNs = 0): boolean {
    const isLate = super.token(row, atNs, firstLateNs);
    const chunks = this.chunksNs[row]!;
    const chunkNs = this.lastTokenNs[row]!;
    if (chunks.at(-1) !== chunkNs) chunks.push(chunkNs);
    return isLate;
  }
}

/** Passes an engine's costs on, and keeps the GPU's clock by them. */
class WatchedCost implements StepCostModel {
  readonly host: HostCost;
  readonly frontEnd?: NonNullable<StepCostModel["frontEnd"]>;
  readonly isSampled = true;
  scheduledNs = NaN;
  gpuEndNs = 0;
  updateNs = NaN;
  private beginsNs = NaN;
  private launchedNs = NaN;

  constructor(private readonly of: EngineStepCost) {
    const { host } = of;
    if (of.frontEnd !== undefined) this.frontEnd = of.frontEnd;
    this.host = Object.assign(Object.create(host) as HostCost, {
      launchNs: (step: StepShape, atNs: number) => {
        const launchNs = host.launchNs(step, atNs);
        this.scheduledNs = atNs;
        this.launchedNs = atNs + launchNs;
        return launchNs;
      },
      leadNs: (step: StepShape, launchNs: number) => {
        const leadNs = host.leadNs(step, launchNs);
        this.beginsNs = this.launchedNs - launchNs + leadNs;
        this.gpuEndNs =
          this.gpuEndNs <= this.beginsNs
            ? this.launchedNs - launchNs + host.idleSpanNs(step, launchNs, this.computedNs)
            : Math.max(this.gpuEndNs + this.computedNs, this.launchedNs);
        return leadNs;
      },
      // Asks for the lead itself, which is not one more step.
      idleSpanNs: (step: StepShape, launchNs: number, gpuNs: number) => host.idleSpanNs(step, launchNs, gpuNs),
      updateNs: (requests: number, atNs: number) => (this.updateNs = host.updateNs(requests, atNs)),
    });
  }

  private computedNs = 0;

  /** The loop asks before it asks for the lead. */
  gpuNs(step: StepShape): number {
    return (this.computedNs = this.of.gpuNs(step));
  }

  decodeLaw(requests: number, contextTokens: number): DecodeLaw {
    return this.of.decodeLaw(requests, contextTokens);
  }
}

interface Watching {
  readonly step: Step;
  readonly startNs: number;
  readonly record: Omit<EngineStepRecord, "scheduleEndNs">;
  endNs: number;
  gpuEndNs: number;
  updateStartNs: number;
  updateEndNs: number;
}

/** Keeps when the engine called it, and with which requests it was handed at which step. */
class WatchedScheduler extends VllmScheduler {
  readonly addedStep: Int32Array;
  readonly addedNs: Float64Array;
  private readonly watched: Watching[] = [];
  private clocks!: WatchedCost;
  private nowNs!: () => number;
  /** The call whose end the costs have not told yet. */
  private settleCall: (() => void) | undefined;

  constructor(limits: ConstructorParameters<typeof VllmScheduler>[0], requests: readonly WorkloadRequest[]) {
    super(limits, requests, { saysWork: true, findsAnswers: false });
    this.addedStep = new Int32Array(requests.length);
    this.addedNs = new Float64Array(requests.length);
  }

  watch(clocks: WatchedCost, nowNs: () => number): void {
    this.clocks = clocks;
    this.nowNs = nowNs;
  }

  override add(index: number, arrivalNs: number): void {
    this.settleLast();
    super.add(index, arrivalNs);
    this.addedStep[index] = this.watched.length;
    this.addedNs[index] = this.nowNs();
  }

  override schedule(): Step {
    this.settleLast();
    const startNs = this.nowNs();
    const step = super.schedule();
    const watching: Watching = {
      step,
      startNs,
      record: { ...recordedCounts(step), scheduleStartNs: startNs },
      endNs: NaN,
      gpuEndNs: 0,
      updateStartNs: NaN,
      updateEndNs: NaN,
    };
    this.watched.push(watching);
    this.settleCall = () => {
      watching.endNs = step.scheduledTokens === 0 ? startNs : this.clocks.scheduledNs;
      watching.gpuEndNs = step.scheduledTokens === 0 ? -Infinity : this.clocks.gpuEndNs;
    };
    return step;
  }

  override update(step: Step): readonly number[] {
    this.settleLast();
    const watching = this.watched[step.id]!;
    const readyNs = watching.gpuEndNs + this.clocks.host.copyNs;
    watching.updateStartNs = Math.max(readyNs, this.nowNs());
    this.settleCall = () => {
      watching.updateEndNs = watching.updateStartNs + this.clocks.updateNs;
    };
    return super.update(step);
  }

  engineSteps(): EngineStepRecord[] {
    this.settleLast();
    return this.watched.map(({ record, endNs, updateStartNs, updateEndNs }) => {
      const isTaken = !Number.isNaN(updateStartNs);
      return { ...record, scheduleEndNs: endNs, ...(isTaken ? { updateStartNs, updateEndNs } : {}) };
    });
  }

  private settleLast(): void {
    this.settleCall?.();
    this.settleCall = undefined;
  }
}
