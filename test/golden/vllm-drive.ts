/**
 * Drives the scheduler through a recorded scenario as the file's rules say: additions, aborts, schedule and update calls by
 * loop index; what it decides, in the form of the recording.
 */
import { defined } from "../../formats/index.js";
import type { SchedulerLimits } from "../../sim/policy/vllm/limits.js";
import { WAITING, type Step } from "../../sim/policy/vllm/scheduler/index.js";
import { VllmScheduler } from "../../sim/policy/vllm/vllm-scheduler.js";
import type { SchedulerRequest } from "../../sim/policy/step.js";
import { rulesOf } from "../../sim/policy/vllm/versions.js";
import type { Config, Event, RequestRow, ScheduleEvent, Scenario, UpdateEvent } from "./vllm-file.js";

/**
 * The scenario's events as the scheduler makes them. At most one event more than expected, should it go another way; none
 * more than a recording that was cut while requests were unfinished.
 */
export function decisions(scenario: Scenario, version: string): Event[] {
  return new Drive(scenario, version).run();
}

type Aborted = ScheduleEvent["aborted"];
type Runs = readonly (readonly [tokenId: number, tokens: number])[];

const EOS_TOKEN = 2;

class Drive {
  private readonly scheduler: VllmScheduler;
  /** By their place in the list; those that follow another one are known when they arrive. */
  private readonly requests: SchedulerRequest[] = [];
  private readonly rows: readonly RequestRow[];
  private readonly indices: ReadonlyMap<string, number>;
  /** Loop index of arrival; undefined: not known yet, or added. */
  private readonly due: (number | undefined)[];
  /** Outputs delivered. */
  private readonly outputs: number[];
  private readonly live = new Set<number>();
  private added = 0;
  private readonly limits: SchedulerLimits;

  constructor(
    private readonly scenario: Scenario,
    version: string,
  ) {
    this.rows = scenario.requests;
    this.indices = new Map(this.rows.map(({ id }, index) => [id, index]));
    this.due = this.rows.map(({ arrive }) => arrive);
    this.outputs = this.rows.map(() => 0);
    const longestOutput = Math.max(...this.rows.map((row) => row.max_tokens));
    this.limits = limitsOf(scenario.config, version);
    const options = { saysWork: true, findsAnswers: true };
    this.scheduler = new VllmScheduler(this.limits, this.requests, options, { longestOutput });
  }

  run(): Event[] {
    const { scheduler } = this;
    const { config, events } = this.scenario;
    const ended = events.reduce((sum, event) => sum + endsIn(event), 0);
    const most = events.length + (ended < this.rows.length ? 0 : 1);
    const made: Event[] = [];
    const queue: { step: Step; number: number }[] = [];
    let steps = 0;
    for (let loop = 0; made.length < most; loop++) {
      const added = this.addDue(loop);
      const aborted = this.abortDue(loop, "input");
      let hasMore = false;
      if (scheduler.hasWork()) {
        const step = scheduler.schedule();
        made.push({ ...this.scheduleEvent(step), loop, step: steps, added, aborted });
        queue.push({ step, number: steps++ });
        hasMore = step.scheduledTokens > 0 || scheduler.hasWork();
      } else if (queue.length === 0 && this.due.every((at) => at === undefined)) break;
      if (config.async_scheduling && queue.length < 2 && hasMore) continue;
      const oldest = queue.shift();
      if (oldest === undefined) continue;
      const abortedBefore = this.abortDue(loop, "update");
      scheduler.update(oldest.step);
      made.push({ ...this.updateEvent(oldest.step, loop), loop, step: oldest.number, aborted: abortedBefore });
    }
    return made.slice(0, most);
  }

  /** Adds those that have arrived, by arrival, then in the order of the list; their ids. */
  private addDue(loop: number): string[] {
    const due = [...this.rows.keys()].filter((index) => (this.due[index] ?? Infinity) <= loop);
    due.sort((a, b) => this.due[a]! - this.due[b]!);
    return due.map((index) => {
      const row = this.rows[index]!;
      this.requests[index] = this.requestOf(row, index);
      this.scheduler.add(index, row.arrival_time ?? (row.after === undefined ? this.added : this.due[index]!));
      this.due[index] = undefined;
      this.live.add(index);
      this.added++;
      return row.id;
    });
  }

  /** Aborts those whose time has come, in the order of the list. */
  private abortDue(loop: number, when: "input" | "update"): Aborted {
    const aborted: Aborted = [];
    for (const [index, { id, abort }] of this.rows.entries()) {
      if (abort?.when !== when || !this.live.has(index)) continue;
      const state = this.stateOf(index);
      const isDue =
        loop >= (abort.loop ?? Infinity) ||
        this.outputs[index]! >= (abort.outputs ?? Infinity) ||
        state === abort.state;
      if (!isDue) continue;
      this.scheduler.abort(index);
      this.end(index, loop);
      aborted.push([id, state]);
    }
    return aborted;
  }

  private stateOf(index: number): Aborted[number][1] {
    const all = [...this.scheduler.allRunning(), ...this.scheduler.allWaiting()];
    const { state, preemptions } = all.find((one) => one.index === index)!;
    if (state !== WAITING) return "running";
    return preemptions > 0 ? "preempted" : "waiting";
  }

  /** A request is over: those that follow it are due. */
  private end(index: number, loop: number): void {
    this.live.delete(index);
    const { id } = this.rows[index]!;
    for (const [next, { after }] of this.rows.entries()) if (after?.id === id) this.due[next] = loop + after.delay;
  }

  private requestOf(row: RequestRow, index: number): SchedulerRequest {
    const before = row.after === undefined ? [] : this.conversationOf(this.indices.get(row.after.id)!);
    const content: Runs = [...before, ...row.prompt];
    const promptTokens = content.reduce((sum, [, tokens]) => sum + tokens, 0);
    const outputTokens = endOf(row, promptTokens, this.limits);
    return {
      id: row.id,
      promptTokens,
      outputTokens,
      maxTokens: row.max_tokens,
      content,
      answer: Array.from({ length: outputTokens }, (_, position) => [sampledToken(row, index, position), 1] as const),
      ...defined({ priority: row.priority, salt: row.cache_salt }),
    };
  }

  /** Prompt and delivered outputs of a request that is over. */
  private conversationOf(index: number): Runs {
    const row = this.rows[index]!;
    const outputs = Array.from({ length: this.outputs[index]! }, (_, at) => [sampledToken(row, index, at), 1] as const);
    return [...this.requests[index]!.content!, ...outputs];
  }

  private readonly idOf = (index: number): string => this.rows[index]!.id;

  private scheduleEvent(step: Step): Omit<ScheduleEvent, "loop" | "step" | "added" | "aborted"> {
    const { scheduler, idOf } = this;
    const running = scheduler.allRunning();
    const admitted = step.admitted.map((index, at): [string, number] => [idOf(index), step.cachedTokens[at]!]);
    // The recording lists new requests first, then resumed ones.
    const resumed = new Set(step.work.filter(({ request }) => request.preemptions > 0).map(({ index }) => idOf(index)));
    const waiting = scheduler.allWaiting().map(({ index }) => idOf(index));
    return {
      ev: "schedule",
      scheduled: step.work.map(({ index, tokens }) => [idOf(index), tokens]),
      admitted: [...admitted.filter(([id]) => !resumed.has(id)), ...admitted.filter(([id]) => resumed.has(id))],
      preempted: step.preempted.map(idOf),
      running: running.map(({ index }) => idOf(index)),
      waiting: this.scenario.config.policy === "priority" ? waiting.sort() : waiting,
      free: scheduler.freeBlocks,
      blocks: Object.fromEntries(running.map(({ index }) => [idOf(index), [...scheduler.blocksOf(index)]])),
    };
  }

  private updateEvent(step: Step, loop: number): Omit<UpdateEvent, "loop" | "step" | "aborted"> {
    const { scheduler, idOf } = this;
    const finished = Array.from({ length: step.ending.count }, (_, at) => step.ending.at(at).index);
    const delivered = scheduler.deliveredOf(step);
    for (const index of delivered) this.outputs[index]!++;
    for (const index of finished) this.end(index, loop);
    const { queries, hits, preemptedQueries, preemptedHits } = scheduler.cached!.takeStatistics();
    return {
      ev: "update",
      tokens: delivered.map((index) => [
        idOf(index),
        [sampledToken(this.rows[index]!, index, this.outputs[index]! - 1)],
      ]),
      finished: finished.map((index) => [
        idOf(index),
        this.outputs[index] === this.rows[index]!.eos_at ? "stop" : "length",
      ]),
      running: scheduler.allRunning().map(({ index }) => idOf(index)),
      free: scheduler.freeBlocks,
      prefix: { queries, hits, preempted_queries: preemptedQueries, preempted_hits: preemptedHits },
      free_queue: [...scheduler.cached!.freeQueue()],
    };
  }
}

function endsIn(event: Event): number {
  return event.aborted.length + (event.ev === "update" ? event.finished.length : 0);
}

/** Id of the output at `position`, from 0, of the request listed at `index`. */
function sampledToken({ eos_at }: RequestRow, index: number, position: number): number {
  return position + 1 === eos_at ? EOS_TOKEN : 1_000_000 + 10_000 * index + position;
}

/** The output after which a request ends. What min_tokens guards since 0.29, the detection of repetitions, is not modelled. */
function endOf(row: RequestRow, promptTokens: number, { maxModelLen, rules }: SchedulerLimits): number {
  const { max_tokens, eos_at = Infinity, min_tokens = 0 } = row;
  const least = rules.endsBelowMinTokens ? 0 : min_tokens;
  const longest = Math.max(least, Math.min(max_tokens, maxModelLen - promptTokens));
  return eos_at >= least ? Math.min(eos_at, longest) : longest;
}

function limitsOf(config: Config, version: string): SchedulerLimits {
  return {
    rules: rulesOf(version),
    asyncScheduling: config.async_scheduling,
    maxNumSeqs: config.max_num_seqs,
    maxNumActiveSeqs: config.max_num_active_seqs ?? undefined,
    maxNumBatchedTokens: config.max_num_batched_tokens,
    maxNumScheduledTokens: config.max_num_scheduled_tokens ?? undefined,
    blockSize: config.block_size,
    numGpuBlocks: config.num_blocks,
    maxModelLen: config.max_model_len,
    chunkedPrefill: config.enable_chunked_prefill,
    prefixCaching: config.enable_prefix_caching,
    longPrefillTokenThreshold: config.long_prefill_token_threshold,
    adaptivePrefillCap: config.long_prefill_token_threshold_adaptive,
    schedulingPolicy: config.policy,
    watermark: config.watermark,
    reserveFullIsl: config.scheduler_reserve_full_isl,
  };
}
