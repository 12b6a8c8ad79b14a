/** steps.csv[.gz] of a run folder: one row per step of the engine, microseconds on the run's clock. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { EngineStepRecord } from "../engine-step.js";
import { checkRows, readCsv } from "./csv.js";

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
  const path = ["steps.csv", "steps.csv.gz"].map((name) => join(folder, name)).find((name) => existsSync(name));
  if (path === undefined) return undefined;
  const required = Object.entries(stepRow.in.shape).filter(([, field]) => !field.safeParse(undefined).success);
  const columns = required.map(([column]) => column);
  return checkRows(stepRow, await readCsv(path, columns), path);
}
