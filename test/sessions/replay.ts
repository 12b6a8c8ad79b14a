/** Sends the turns of a recording to the simulator's scheduler, one at a time, and compares what the prefix cache held. */
import { ConfigError, type ContentRuns } from "../../formats/index.js";
import type { SchedulerLimits } from "../../sim/policy/vllm/limits.js";
import type { SchedulerRequest } from "../../sim/policy/step.js";
import type { Step } from "../../sim/policy/vllm/scheduler/index.js";
import { VllmScheduler } from "../../sim/policy/vllm/vllm-scheduler.js";
import { DEFAULT_VERSION, rulesOf } from "../../sim/policy/vllm/versions.js";
import type { RecordedTurn } from "./recording.js";

export interface Pool {
  readonly blockSize: number;
  /** The reserved block included. */
  readonly numGpuBlocks: number;
}

export interface SessionReport {
  readonly requests: number;
  readonly identicalRequests: number;
  readonly firstDifference?: string;
}

export function replaySessions(rows: readonly RecordedTurn[], pool: Pool): SessionReport {
  requireFits(rows, pool);
  const cached = cachedTokens(requestsOf(rows), pool);
  const differences = rows.flatMap((row, at) => {
    if (cached[at] === row.cached_tokens) return [];
    return [
      `rows[${at}] (session ${row.session}, turn ${row.turn}, ${row.prompt_tokens} prompt tokens): ` +
        `got ${cached[at]!} cached tokens, expected ${row.cached_tokens}`,
    ];
  });
  const [firstDifference] = differences;
  return {
    requests: rows.length,
    identicalRequests: rows.length - differences.length,
    ...(firstDifference === undefined ? {} : { firstDifference }),
  };
}

function requireFits(rows: readonly RecordedTurn[], { blockSize, numGpuBlocks }: Pool): void {
  const longest = Math.max(...rows.map(({ prompt_tokens, output_tokens }) => prompt_tokens + output_tokens));
  const needed = 1 + Math.ceil(longest / blockSize);
  if (numGpuBlocks >= needed) return;
  throw new ConfigError(
    `a turn of ${longest} tokens does not fit into ${numGpuBlocks} KV blocks of ${blockSize}, expected at least ${needed}`,
  );
}

function requestsOf(rows: readonly RecordedTurn[]): SchedulerRequest[] {
  const latest = new Map<RecordedTurn["session"], number>();
  return rows.map((row, index): SchedulerRequest => {
    const before = latest.get(row.session);
    latest.set(row.session, index);
    const { prompt_tokens: promptTokens, output_tokens: outputTokens } = row;
    const request = { promptTokens, outputTokens, answer: runsOf(row.output) };
    if (before === undefined) return { ...request, content: runsOf(row.prompt!) };
    const { prompt_tokens: past, output_tokens: answered } = rows[before]!;
    return { ...request, content: runsOf(row.new_tokens!), follows: { index: before, tokens: past + answered } };
  });
}

function runsOf(tokenIds: readonly number[]): ContentRuns {
  return tokenIds.map((tokenId) => [tokenId, 1] as const);
}

/** Tokens found in the prefix cache when each request was admitted, in a cache that begins empty. */
function cachedTokens(requests: readonly SchedulerRequest[], pool: Pool): number[] {
  const scheduler = new VllmScheduler(limitsOf(requests, pool), requests, { saysWork: true, findsAnswers: true });
  return requests.map((_, index) => {
    scheduler.add(index, index);
    return cachedOfOnly(scheduler);
  });
}

/** Runs the only request in the engine to its end. */
function cachedOfOnly(scheduler: VllmScheduler): number {
  const inFlight: Step[] = [];
  let cached: number | undefined;
  while (scheduler.hasWork() || inFlight.length > 0) {
    if (scheduler.hasWork()) {
      const step = scheduler.schedule();
      if (step.admitted.length > 0) cached ??= step.cachedTokens[0];
      inFlight.push(step);
      if (step.scheduledTokens > 0 && inFlight.length < scheduler.depth) continue;
    }
    scheduler.update(inFlight.shift()!);
  }
  return cached!;
}

/** What decides alone how much is cached when requests come one at a time: the pool. The rest is roomy. */
function limitsOf(requests: readonly SchedulerRequest[], { blockSize, numGpuBlocks }: Pool): SchedulerLimits {
  const longest = Math.max(...requests.map(({ promptTokens, outputTokens }) => promptTokens + outputTokens));
  return {
    rules: rulesOf(DEFAULT_VERSION),
    asyncScheduling: true,
    maxNumSeqs: 128,
    maxNumBatchedTokens: 2048,
    blockSize,
    numGpuBlocks,
    maxModelLen: longest + 1,
    chunkedPrefill: true,
    prefixCaching: true,
    longPrefillTokenThreshold: 0,
    schedulingPolicy: "fcfs",
    watermark: 0,
    reserveFullIsl: true,
  };
}
