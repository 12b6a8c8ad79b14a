/**
 * Replays scenarios recorded from vLLM's own scheduler classes (format 1 of the vLLM golden files) and compares every
 * field of every schedule and update: tokens in order, admissions, victims, queues, block tables, free queue, outputs,
 * finish reasons, prefix-cache counts. The file's `rules` say how the two loops go and which tokens are sampled.
 */
import { z } from "zod";
import { check } from "../../formats/index.js";
import type { SchedulerLimits } from "../../sim/policy/vllm/limits.js";
import { Scheduler } from "../../sim/policy/vllm/scheduler.js";
import type { SchedulerStep } from "../../sim/policy/vllm/scheduler-step.js";
import type { ReplayRequest } from "../../sim/policy/vllm/sequence.js";
import type { GoldenReport } from "./report.js";

const count = z.int().nonnegative();
const ids = z.array(z.string());
const pairs = z.array(z.tuple([z.string(), count]));

/** More would be a mistake, and more than memory holds. */
const MOST_BLOCKS = 2 ** 26;
const MOST_TOKENS = 2 ** 24;

const configSchema = z.strictObject({
  async_scheduling: z.boolean(),
  max_num_seqs: z.int().positive(),
  max_num_batched_tokens: z.int().positive(),
  block_size: z.int().positive().max(MOST_TOKENS),
  num_blocks: z.int().min(2).max(MOST_BLOCKS),
  enable_prefix_caching: z.boolean(),
  long_prefill_token_threshold: count.default(0),
  max_model_len: z.int().positive(),
  policy: z.enum(["fcfs", "priority"]).default("fcfs"),
  watermark: z.number().min(0).max(1).default(0),
  scheduler_reserve_full_isl: z.boolean().default(true),
  enable_chunked_prefill: z.boolean().default(true),
});

const requestSchema = z.strictObject({
  id: z.string(),
  arrive: count.describe("loop index"),
  prompt: z.array(z.tuple([z.int(), z.int().positive().max(MOST_TOKENS)])).min(1),
  max_tokens: z.int().positive().max(MOST_TOKENS),
  eos_at: z.int().positive().optional(),
  min_tokens: count.optional(),
  priority: z.int().optional(),
  arrival_time: z.number().optional().describe("s"),
  cache_salt: z.string().optional(),
});

const noLookUps = { queries: 0, hits: 0, preempted_queries: 0, preempted_hits: 0 };

const scheduleSchema = z.strictObject({
  ev: z.literal("schedule"),
  loop: count,
  step: count,
  added: ids.default([]),
  scheduled: pairs,
  admitted: pairs.default([]),
  preempted: ids.default([]),
  running: ids,
  waiting: ids,
  free: count,
  blocks: z.record(z.string(), z.array(count)).optional(),
});

const updateSchema = z.strictObject({
  ev: z.literal("update"),
  loop: count,
  step: count,
  tokens: z.array(z.tuple([z.string(), z.array(z.int())])),
  finished: z.array(z.tuple([z.string(), z.string()])).default([]),
  running: ids,
  free: count,
  prefix: z
    .strictObject({ queries: count, hits: count, preempted_queries: count, preempted_hits: count })
    .default(noLookUps),
  free_queue: z.array(count).optional(),
});

const scenarioSchema = z.strictObject({
  name: z.string(),
  note: z.string().optional(),
  config: configSchema,
  requests: z.array(requestSchema),
  events: z.array(z.discriminatedUnion("ev", [scheduleSchema, updateSchema])).min(1),
});

export const vllmGolden = z.strictObject({
  format: z.literal(1),
  source: z.string(),
  rules: z.record(z.string(), z.string()),
  scenarios: z.array(scenarioSchema).min(1),
});

type Scenario = z.output<typeof scenarioSchema>;
type Config = z.output<typeof configSchema>;
type RequestRow = z.output<typeof requestSchema>;
type Event = Scenario["events"][number];

/** Replays a whole file. After a scenario's first difference its remaining events count as not identical. */
export function replayVllm(file: unknown, source: string): GoldenReport {
  const { scenarios } = check(vllmGolden, file, { source });
  const report = { scenarios: scenarios.length, identicalScenarios: 0, events: 0, identicalEvents: 0 };
  let firstDifference: string | undefined;
  for (const scenario of scenarios) {
    const got = decisions(scenario);
    const events = Math.max(got.length, scenario.events.length);
    let same = 0;
    let difference: string | undefined;
    while (same < events && (difference = compareEvent(got[same], scenario.events[same])) === undefined) same++;
    report.events += events;
    report.identicalEvents += same;
    if (difference === undefined) report.identicalScenarios++;
    else firstDifference ??= `scenario ${scenario.name}: event ${same} ${difference}`;
  }
  return { ...report, ...(firstDifference === undefined ? {} : { firstDifference }) };
}

/** What differs first between two events, in full. */
function compareEvent(got: Event | undefined, expected: Event | undefined): string | undefined {
  const { ev, loop, step } = (expected ?? got)!;
  const where = `(${ev} of step ${step}, loop ${loop})`;
  if (got === undefined || expected === undefined) {
    return `${where}: got ${canonical(got)}, expected ${canonical(expected)}`;
  }
  for (const [field, value] of Object.entries(expected)) {
    // Victims are recorded as a set.
    const normal =
      field === "preempted" ? (list: unknown): string => canonical([...(list as string[])].sort()) : canonical;
    const text = normal(value);
    const ours = normal((got as Record<string, unknown>)[field]);
    if (ours !== text) return `${where}: ${field}: got ${ours}, expected ${text}`;
  }
  return undefined;
}

/** JSON with the keys of objects in order. */
function canonical(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null || typeof value !== "object" || Array.isArray(value)) return JSON.stringify(value);
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/**
 * Drives the scheduler as the rules say. At most one event more than expected, should it go another way; none more than
 * a recording that was cut while requests were unfinished.
 */
function decisions({ config, requests, events }: Scenario): Event[] {
  const scheduler = new Scheduler(limits(config), requests.map(replayRequest));
  const arrivals = requests.map((_, index) => index).sort((a, b) => requests[a]!.arrive - requests[b]!.arrive);
  const idOf = (index: number): string => requests[index]!.id;
  const ended = events.reduce((sum, event) => sum + (event.ev === "update" ? event.finished.length : 0), 0);
  const most = events.length + (ended < requests.length ? 0 : 1);
  const made: Event[] = [];
  const queue: { step: SchedulerStep; number: number }[] = [];
  let added = 0;
  let steps = 0;
  for (let loop = 0; made.length < most; loop++) {
    const first = added;
    for (; added < arrivals.length && requests[arrivals[added]!]!.arrive <= loop; added++) {
      scheduler.add(arrivals[added]!, requests[arrivals[added]!]!.arrival_time ?? added);
    }
    let scheduled = false;
    if (scheduler.hasWork()) {
      const step = scheduler.schedule();
      made.push({
        ...scheduleEvent(scheduler, step, config, idOf),
        loop,
        step: steps,
        added: arrivals.slice(first, added).map(idOf),
      });
      queue.push({ step, number: steps++ });
      scheduled = step.scheduledTokens > 0 || scheduler.hasWork();
    } else if (queue.length === 0 && added === arrivals.length) break;
    if (config.async_scheduling && queue.length < 2 && scheduled) continue;
    const oldest = queue.shift();
    if (oldest === undefined) continue;
    scheduler.update(oldest.step);
    made.push({ ...updateEvent(scheduler, oldest.step, requests), loop, step: oldest.number });
  }
  return made.slice(0, most);
}

type Unplaced<E> = Omit<E, "loop" | "step" | "added">;

function scheduleEvent(
  scheduler: Scheduler,
  step: SchedulerStep,
  { policy }: Config,
  idOf: (index: number) => string,
): Unplaced<z.output<typeof scheduleSchema>> {
  const { running } = scheduler;
  const admitted = step.admitted.map((index, at): [string, number] => [idOf(index), step.cachedTokens[at]!]);
  // The recording lists new requests first, then resumed ones.
  const resumed = new Set(step.scheduled.filter(({ preemptions }) => preemptions > 0).map(({ index }) => idOf(index)));
  const waiting = scheduler.allWaiting().map(({ index }) => idOf(index));
  return {
    ev: "schedule",
    scheduled: step.scheduled.map(({ index }, at) => [idOf(index), step.tokens[at]!]),
    admitted: [...admitted.filter(([id]) => !resumed.has(id)), ...admitted.filter(([id]) => resumed.has(id))],
    preempted: step.preempted.map(idOf),
    running: running.map(({ index }) => idOf(index)),
    waiting: policy === "priority" ? waiting.sort() : waiting,
    free: scheduler.freeBlocks,
    blocks: Object.fromEntries(running.map(({ index, blocks }) => [idOf(index), [...blocks]])),
  };
}

function updateEvent(
  scheduler: Scheduler,
  { delivered, finished, finishReasons }: SchedulerStep,
  requests: readonly RequestRow[],
): Unplaced<z.output<typeof updateSchema>> {
  const { queries, hits, preemptedQueries, preemptedHits } = scheduler.takePrefixStatistics();
  return {
    ev: "update",
    tokens: delivered.map(({ index, outputs }) => {
      return [requests[index]!.id, [sampledToken(requests[index]!, index, outputs - 1)]];
    }),
    finished: finished.map((index, at) => [requests[index]!.id, finishReasons[at]!]),
    running: scheduler.running.map(({ index }) => requests[index]!.id),
    free: scheduler.freeBlocks,
    prefix: { queries, hits, preempted_queries: preemptedQueries, preempted_hits: preemptedHits },
    free_queue: scheduler.freeQueue(),
  };
}

const EOS_TOKEN = 2;

/** Id of the output at `position`, from 0, of the request listed at `index`. */
function sampledToken({ eos_at }: RequestRow, index: number, position: number): number {
  return position + 1 === eos_at ? EOS_TOKEN : 1_000_000 + 10_000 * index + position;
}

function replayRequest(row: RequestRow, index: number): ReplayRequest {
  return {
    id: row.id,
    promptTokens: row.prompt.reduce((sum, [, tokens]) => sum + tokens, 0),
    outputTokens: row.max_tokens,
    content: row.prompt,
    outputToken: (position) => sampledToken(row, index, position),
    ...(row.priority === undefined ? {} : { priority: row.priority }),
    ...(row.eos_at === undefined ? {} : { eosAt: row.eos_at }),
    ...(row.min_tokens === undefined ? {} : { minTokens: row.min_tokens }),
    ...(row.cache_salt === undefined ? {} : { salt: row.cache_salt }),
  };
}

function limits(config: Config): SchedulerLimits {
  return {
    asyncScheduling: config.async_scheduling,
    maxNumSeqs: config.max_num_seqs,
    maxNumBatchedTokens: config.max_num_batched_tokens,
    blockSize: config.block_size,
    numGpuBlocks: config.num_blocks,
    maxModelLen: config.max_model_len,
    chunkedPrefill: config.enable_chunked_prefill,
    prefixCaching: config.enable_prefix_caching,
    longPrefillTokenThreshold: config.long_prefill_token_threshold,
    schedulingPolicy: config.policy,
    watermark: config.watermark,
    reserveFullIsl: config.scheduler_reserve_full_isl,
  };
}
