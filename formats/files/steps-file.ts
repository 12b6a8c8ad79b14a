/** Reads and writes steps.csv[.gz] of a run folder: one row per step of the engine, microseconds on the run's clock. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { EngineStepRecord, ScheduledStepRecord } from "../engine-step.js";
import { checkRows, readCsv, writeCsv } from "./csv.js";

const count = z.string().pipe(z.coerce.number<string>()).pipe(z.int().nonnegative());
const timeNs = z
  .string()
  .pipe(z.coerce.number<string>())
  .pipe(z.number().nonnegative())
  .transform((us) => Math.round(us * 1e3));

const stepRow = z
  .looseObject({
    step: count,
    schedule_start_us: timeNs,
    schedule_end_us: timeNs,
    update_start_us: timeNs.optional(),
    update_end_us: timeNs.optional(),
    scheduled_requests: count,
    scheduled_tokens: count,
    decode_requests: count,
    decode_context_tokens: count,
    prefill_requests: count,
    prefill_tokens: count,
    context_tokens: count,
    prefill_attention_pairs: count,
    sampling_requests: count,
    preempted: count.optional(),
  })
  .transform((row): EngineStepRecord => ({
    step: row.step,
    scheduleStartNs: row.schedule_start_us,
    scheduleEndNs: row.schedule_end_us,
    updateStartNs: row.update_start_us,
    updateEndNs: row.update_end_us,
    scheduledRequests: row.scheduled_requests,
    scheduledTokens: row.scheduled_tokens,
    decodeRequests: row.decode_requests,
    decodeContextTokens: row.decode_context_tokens,
    prefillRequests: row.prefill_requests,
    prefillTokens: row.prefill_tokens,
    contextTokens: row.context_tokens,
    prefillAttentionPairs: row.prefill_attention_pairs,
    samplingRequests: row.sampling_requests,
    preempted: row.preempted ?? 0,
  }));

/** The engine steps of a run folder; undefined where it has none. Problems name file and line. */
export async function readSteps(folder: string): Promise<readonly EngineStepRecord[] | undefined> {
  const path = stepsPath(folder);
  if (path === undefined) return undefined;
  return checkRows(stepRow, await readCsv(path, required(stepRow.in)), path);
}

function required({ shape }: z.ZodObject): string[] {
  const fields = Object.entries(shape).filter(([, field]) => !z.safeParse(field, undefined).success);
  return fields.map(([column]) => column);
}

/** The further columns of servesim's own runs. */
const scheduledRow = z.looseObject({
  running: count,
  waiting: count,
  waiting_before: count,
  free_blocks: count,
  prefill_chunks: z.string().default(""),
  preempted_ids: z.string().default(""),
  compute_start_us: timeNs.optional(),
  compute_end_us: timeNs.optional(),
});

/** The steps of a real run by servesim itself; undefined where a folder has none, or those of a vLLM server. */
export async function readScheduledSteps(folder: string): Promise<readonly ScheduledStepRecord[] | undefined> {
  const path = stepsPath(folder);
  if (path === undefined) return undefined;
  const rows = await readCsv(path, required(stepRow.in));
  const isOwn = rows.every((row) => "prefill_chunks" in row && "compute_end_us" in row);
  if (!isOwn) return undefined;
  const further = checkRows(scheduledRow, rows, path);
  return checkRows(stepRow, rows, path).map((step, at) => {
    const row = further[at]!;
    return {
      ...step,
      running: row.running,
      waiting: row.waiting,
      waitingBefore: row.waiting_before,
      freeBlocks: row.free_blocks,
      prefillChunks: row.prefill_chunks,
      preemptedIds: row.preempted_ids,
      computeStartNs: row.compute_start_us,
      computeEndNs: row.compute_end_us,
    };
  });
}

/** KV blocks after a pass that every running request took part in. */
export interface BlockCounts {
  readonly requests: number;
  /** Held by them, those of the pass included. */
  readonly tokens: number;
  readonly freeBlocks: number;
}

const blockRow = z.looseObject({
  scheduled_requests: count,
  scheduled_tokens: count,
  context_tokens: count,
  running: count,
  free_blocks: count,
});

/** Undefined where a folder has no steps, or none that say how many blocks were free. */
export async function readBlockCounts(folder: string): Promise<readonly BlockCounts[] | undefined> {
  const path = stepsPath(folder);
  if (path === undefined) return undefined;
  const rows = await readCsv(path, required(stepRow.in));
  if (!rows.every((row) => "running" in row && "free_blocks" in row)) return undefined;
  return checkRows(blockRow, rows, path)
    .filter(({ scheduled_requests: scheduled, running }) => scheduled > 0 && scheduled === running)
    .map(({ running: requests, scheduled_tokens, context_tokens, free_blocks: freeBlocks }) => ({
      ...{ requests, tokens: context_tokens + scheduled_tokens, freeBlocks },
    }));
}

function stepsPath(folder: string): string | undefined {
  return ["steps.csv", "steps.csv.gz"].map((name) => join(folder, name)).find((name) => existsSync(name));
}

const us = (ns: number | undefined): number | undefined => (ns === undefined ? undefined : Math.round(ns / 1e3));

/** The columns of recorded vLLM servers, then those of the worker that computed the step. Whole microseconds, as theirs. */
const columns: Readonly<Record<string, (step: ScheduledStepRecord) => string | number | undefined>> = {
  step: ({ step }) => step,
  schedule_start_us: ({ scheduleStartNs }) => us(scheduleStartNs),
  schedule_end_us: ({ scheduleEndNs }) => us(scheduleEndNs),
  update_start_us: ({ updateStartNs }) => us(updateStartNs),
  update_end_us: ({ updateEndNs }) => us(updateEndNs),
  scheduled_requests: ({ scheduledRequests }) => scheduledRequests,
  scheduled_tokens: ({ scheduledTokens }) => scheduledTokens,
  decode_requests: ({ decodeRequests }) => decodeRequests,
  prefill_requests: ({ prefillRequests }) => prefillRequests,
  prefill_tokens: ({ prefillTokens }) => prefillTokens,
  context_tokens: ({ contextTokens }) => contextTokens,
  decode_context_tokens: ({ decodeContextTokens }) => decodeContextTokens,
  prefill_attention_pairs: ({ prefillAttentionPairs }) => prefillAttentionPairs,
  sampling_requests: ({ samplingRequests }) => samplingRequests,
  preempted: ({ preempted }) => preempted,
  running: ({ running }) => running,
  waiting: ({ waiting }) => waiting,
  waiting_before: ({ waitingBefore }) => waitingBefore,
  free_blocks: ({ freeBlocks }) => freeBlocks,
  prefill_chunks: ({ prefillChunks }) => prefillChunks,
  preempted_ids: ({ preemptedIds }) => preemptedIds,
  compute_start_us: ({ computeStartNs }) => us(computeStartNs),
  compute_end_us: ({ computeEndNs }) => us(computeEndNs),
  runtime_us: ({ runtimeNs }) => us(runtimeNs),
  slot_copies: ({ slotCopies }) => slotCopies,
};

/** Writes steps.csv.gz into a run folder. */
export async function writeSteps(folder: string, steps: readonly ScheduledStepRecord[]): Promise<void> {
  await writeCsv(join(folder, "steps.csv.gz"), Object.keys(columns), rowsOf(steps));
}

function* rowsOf(steps: readonly ScheduledStepRecord[]): Generator<Record<string, string | number | undefined>> {
  for (const step of steps) {
    yield Object.fromEntries(Object.entries(columns).map(([name, cell]) => [name, cell(step)]));
  }
}
