/**
 * A recorded run of a vLLM server, or of vllm on ONNX Runtime, as its folder has it: run.json (settings), requests.csv[.gz]
 * (when each request entered the engine) and steps.csv[.gz] (one row per schedule() call). Times are microseconds on one clock.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ArtifactError, check, ConfigError, listedId } from "../../formats/index.js";
import { checkRows, readCsv, readJson, type CsvRow } from "../../formats/files/index.js";
import type { SchedulerLimits } from "../../sim/policy/vllm/limits.js";
import { DEFAULT_VERSION, rulesOf } from "../../sim/policy/vllm/versions.js";

const count = z
  .string("expected a whole number, got an empty field")
  .pipe(z.coerce.number<string>())
  .pipe(z.int().nonnegative());
/** More would be a mistake, and more than memory holds. */
const MAX_BLOCKS = 2 ** 26;
const MAX_TOKENS = 2 ** 24;
const positive = count.pipe(z.int().positive().max(MAX_TOKENS));

const stepRow = z.looseObject({
  step: count,
  schedule_start_us: count,
  update_start_us: count.optional(),
  scheduled_requests: count,
  scheduled_tokens: count,
  decode_requests: count,
  prefill_requests: count,
  prefill_tokens: count,
  context_tokens: count,
  decode_context_tokens: count,
  prefill_attention_pairs: count,
  sampling_requests: count,
  preempted: count,
  running: count,
  waiting: count,
  waiting_before: count,
  free_blocks: count,
  prefill_chunks: z
    .string()
    .regex(/^[^:;]+:\d+:\d+(;[^:;]+:\d+:\d+)*$/, 'expected "id:q:c;..."')
    .default(""),
  preempted_ids: z.string().default(""),
});

const requestRow = z.looseObject({
  request_id: z.string(),
  prompt_tokens: positive,
  output_tokens: positive,
  status: z.literal("ok", "expected ok: requests cut short cannot be replayed").default("ok"),
  priority: z.string().pipe(z.coerce.number<string>()).pipe(z.int()).default(0),
  engine_add_us: count.optional(),
  engine_add_step: count,
});

const off = (name: string): z.ZodOptional<z.ZodUnknown> =>
  z
    .unknown()
    .refine((value) => value === null || value === false || value === undefined, `"${name}" is not modelled`)
    .optional();

/** Of a server, its engine's settings; of a run by servesim itself, those of its policy. */
const runJson = z.preprocess(
  (value) => {
    const run = value as {
      policy?: unknown;
      policy_settings?: { vllm_version?: unknown };
      engine?: { name?: unknown };
    };
    const isOwn = typeof run.engine?.name === "string" && run.engine.name.startsWith("onnxruntime");
    if (!isOwn) return value;
    return {
      policy: run.policy,
      engine: { version: run.policy_settings?.vllm_version, settings: run.policy_settings },
    };
  },
  z.looseObject({
    policy: z.literal("vllm", "expected vllm, whose decisions are made again").default("vllm"),
    engine: z.looseObject({
      version: z.string().default(DEFAULT_VERSION),
      settings: z.looseObject({
        max_num_seqs: z.int().positive(),
        max_num_active_seqs: z.int().positive().nullish(),
        max_num_batched_tokens: z.int().positive(),
        max_num_scheduled_tokens: z.int().positive().nullish(),
        max_model_len: z.int().positive(),
        block_size: z.int().positive().max(MAX_TOKENS).default(16),
        num_gpu_blocks: z.int().min(2).max(MAX_BLOCKS),
        enable_chunked_prefill: z.boolean().default(true),
        enable_prefix_caching: z.boolean().default(true),
        async_scheduling: z.boolean().default(true),
        scheduling_policy: z.enum(["fcfs", "priority"]).default("fcfs"),
        long_prefill_token_threshold: z.int().nonnegative().default(0),
        long_prefill_token_threshold_adaptive: z.boolean().default(false),
        watermark: z.number().min(0).max(1).default(0),
        scheduler_reserve_full_isl: z.boolean().default(true),
        speculative_config: off("speculative_config"),
        kv_transfer_config: off("kv_transfer_config"),
        enable_lora: off("enable_lora"),
      }),
    }),
  }),
);

export type StepRow = z.output<typeof stepRow>;
export type RequestRow = z.output<typeof requestRow>;

export interface Recording {
  readonly limits: SchedulerLimits;
  readonly requests: readonly RequestRow[];
  readonly steps: readonly StepRow[];
}

/** Run folders at and below a folder, in order of name; none for a file beside them. ConfigError when it has none. */
export function findRuns(folder: string): string[] {
  if (!existsSync(folder)) throw new ConfigError(`${folder}: no such folder`);
  if (!statSync(folder).isDirectory()) return [];
  const runs = runsBelow(folder);
  if (runs.length === 0) throw new ConfigError(`${folder}: no run in it, expected run.json and steps.csv[.gz]`);
  return runs;
}

function runsBelow(folder: string): string[] {
  if (existsSync(join(folder, "run.json"))) return [folder];
  const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return inner.flatMap(({ name }) => runsBelow(join(folder, name))).sort();
}

/** Reads a run folder; ArtifactError names file and line. */
export async function readRecording(folder: string): Promise<Recording> {
  const path = join(folder, "run.json");
  const { version, settings } = check(runJson, readJson(path), { source: path, Failure: ArtifactError }).engine;
  const steps = await rowsOf(stepRow, folder, "steps");
  const requests = await rowsOf(requestRow, folder, "requests", ({ status }) => status !== "refused");
  requireWhole(folder, requests, steps);
  if (steps.length === 0) throw new ArtifactError(`${join(folder, "steps.csv")}: no step, expected at least one`);
  return {
    limits: {
      rules: rulesOf(version),
      asyncScheduling: settings.async_scheduling,
      // As vLLM cuts it.
      maxNumSeqs: Math.min(settings.max_num_seqs, settings.max_num_batched_tokens),
      maxNumActiveSeqs: settings.max_num_active_seqs ?? undefined,
      maxNumBatchedTokens: settings.max_num_batched_tokens,
      maxNumScheduledTokens: settings.max_num_scheduled_tokens ?? undefined,
      blockSize: settings.block_size,
      numGpuBlocks: settings.num_gpu_blocks,
      maxModelLen: settings.max_model_len,
      chunkedPrefill: settings.enable_chunked_prefill,
      prefixCaching: settings.enable_prefix_caching,
      longPrefillTokenThreshold: settings.long_prefill_token_threshold,
      adaptivePrefillCap: settings.long_prefill_token_threshold_adaptive,
      schedulingPolicy: settings.scheduling_policy,
      watermark: settings.watermark,
      reserveFullIsl: settings.scheduler_reserve_full_isl,
    },
    requests,
    steps,
  };
}

/** ArtifactError where a step has a request that is not listed, or takes its results before it was made. */
function requireWhole(folder: string, requests: readonly RequestRow[], steps: readonly StepRow[]): void {
  const known = new Set(requests.map((row) => listedId(row.request_id)));
  for (const row of steps) {
    const where = `${join(folder, "steps.csv")}: step ${row.step}`;
    const ids = row.prefill_chunks === "" ? [] : row.prefill_chunks.split(";").map((chunk) => chunk.split(":")[0]!);
    const stranger = ids.find((id) => !known.has(id));
    if (stranger !== undefined) {
      throw new ArtifactError(`${where} has request "${stranger}", which requests.csv lacks; it may be truncated`);
    }
    const { schedule_start_us: startUs, update_start_us: updateUs } = row;
    if (updateUs !== undefined && updateUs < startUs) {
      throw new ArtifactError(
        `${where}: update_start_us: got ${updateUs}, expected schedule_start_us ${startUs} or more`,
      );
    }
  }
}

async function rowsOf<S extends z.ZodObject<Record<string, z.ZodType>>>(
  schema: S,
  folder: string,
  name: string,
  isWanted: (row: CsvRow) => boolean = () => true,
): Promise<z.output<S>[]> {
  const plain = join(folder, `${name}.csv`);
  const path = existsSync(plain) ? plain : `${plain}.gz`;
  const required = Object.entries(schema.shape).filter(([, field]) => !field.safeParse(undefined).success);
  const rows = await readCsv(
    path,
    required.map(([column]) => column),
  );
  return checkRows(schema, rows.filter(isWanted), path);
}
