/**
 * Recordings of LLMServingSim (casys-kaist, MIT): meta.json with the engine's settings, requests.jsonl with the
 * engine's own times of each request, seconds on one clock, and when it arrived, seconds of the wall clock. Read as a
 * run folder would be; times count from the first arrival.
 */
import { defined } from "../../defined.js";
import { least } from "../../extremes.js";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { check } from "../../check.js";
import { ArtifactError } from "../../errors.js";
import type { RequestRecord, Run } from "../../run/index.js";
import { readText } from "../disk/index.js";
import { parseJson, readJson } from "../json.js";

const seconds = z.number().nonnegative();

const requestLine = z.looseObject({
  request_id: z.string().min(1),
  input_toks: z.int().positive(),
  output_toks: z.int().positive(),
  arrival_time: seconds.optional(),
  queued_ts: seconds,
  scheduled_ts: seconds,
  first_token_ts: seconds,
  last_token_ts: seconds,
});

const count = z.int().positive();
const metaSchema = z.looseObject({
  model: z.string(),
  vllm_version: z.string(),
  engine_kwargs: z.looseObject({
    max_num_seqs: count,
    max_num_batched_tokens: count,
    max_model_len: count.nullish(),
    dtype: z.string().optional(),
    tensor_parallel_size: count.optional(),
    data_parallel_size: count.optional(),
    enable_expert_parallel: z.boolean().optional(),
  }),
  kv_cache: z.looseObject({ num_gpu_blocks: count, block_size: count, enable_prefix_caching: z.boolean() }).optional(),
  hardware: z.looseObject({ device_name: z.string() }).optional(),
  started_at: z.string().optional(),
  resolved_config: z
    .looseObject({
      scheduler_config: z.looseObject({ async_scheduling: z.boolean().optional() }).optional(),
      compilation_config: z.looseObject({ cudagraph_capture_sizes: z.array(count).optional() }).optional(),
    })
    .optional(),
});

type Meta = z.output<typeof metaSchema>;
type Row = z.output<typeof requestLine>;

/** Settings that a recording does not have (KV blocks, of some) stay absent. ArtifactError names file and line. */
export function readLlmServingSim(folder: string): Run {
  const metaPath = join(folder, "meta.json");
  const path = join(folder, "requests.jsonl");
  for (const file of [metaPath, path]) {
    if (!existsSync(file)) {
      throw new ArtifactError(
        `${file}: no such file, expected a recording of LLMServingSim (meta.json, requests.jsonl)`,
      );
    }
  }
  const meta = check(metaSchema, readJson(metaPath), { source: metaPath, Failure: ArtifactError });
  const rows = readRows(path);
  return {
    info: {
      version: 1,
      source: "real",
      policy: "vllm",
      ...defined({ date: meta.started_at }),
      engine: { name: "vllm", version: meta.vllm_version, settings: settingsIn(meta) },
      model: { name: meta.model, ...defined({ dtype: meta.engine_kwargs.dtype }) },
      hardware: { ...defined({ gpu: meta.hardware?.device_name }) },
      load: { kind: "open_loop" },
      requests: rows.length,
      notes: notesOn(rows),
    },
    requests: requestsIn(rows),
    batches: [],
  };
}

function readRows(path: string): Row[] {
  const lines = readText(path)
    .split("\n")
    .map((text, index) => ({ text: text.trim(), line: index + 1 }))
    .filter(({ text }) => text !== "");
  const rows = lines.map(({ text, line }) =>
    check(requestLine, parseLine(text, path, line), { source: `${path}:${line}`, Failure: ArtifactError }),
  );
  if (rows.length === 0) throw new ArtifactError(`${path}: no request, expected one on each line`);
  return rows;
}

function requestsIn(rows: readonly Row[]): RequestRecord[] {
  const arrivalsS = arrivalsOnEngineClock(rows);
  const originS = least(arrivalsS);
  const toNs = (timeS: number): number => Math.round((timeS - originS) * 1e9);
  return rows.map((row, at) => ({
    requestId: row.request_id,
    arrivalNs: toNs(arrivalsS[at]!),
    sentNs: toNs(arrivalsS[at]!),
    scheduledNs: toNs(row.scheduled_ts),
    firstTokenNs: toNs(row.first_token_ts),
    lastTokenNs: toNs(row.last_token_ts),
    promptTokens: row.input_toks,
    outputTokens: row.output_toks,
    status: "ok",
  }));
}

function settingsIn({ engine_kwargs: given, kv_cache: cache, resolved_config: resolved }: Meta) {
  return {
    max_num_seqs: given.max_num_seqs,
    max_num_batched_tokens: given.max_num_batched_tokens,
    ...defined({
      max_model_len: given.max_model_len ?? undefined,
      block_size: cache?.block_size,
      num_gpu_blocks: cache?.num_gpu_blocks,
      enable_prefix_caching: cache?.enable_prefix_caching,
    }),
    async_scheduling: resolved?.scheduler_config?.async_scheduling ?? true,
    ...defined({
      cudagraph_capture_sizes: resolved?.compilation_config?.cudagraph_capture_sizes,
      tensor_parallel_size: given.tensor_parallel_size,
      data_parallel_size: given.data_parallel_size,
      enable_expert_parallel: given.enable_expert_parallel,
    }),
    ...otherSettings(given, resolved),
  };
}

function notesOn(rows: readonly Row[]): string[] {
  const notes = [
    "converted from a recording of LLMServingSim; times are the engine's, no client and no front end is in them",
  ];
  if (rows.some(({ arrival_time: atS }) => atS === undefined)) {
    notes.push(
      "arrivals are when the engine took requests in (queued_ts), which it does between steps only: times to first token are too short",
    );
  }
  return notes;
}

/** What decides whether the server is modelled at all. */
const telling = [
  "pipeline_parallel_size",
  "decode_context_parallel_size",
  "prefill_context_parallel_size",
  "enable_lora",
  "lora_config",
  "speculative_config",
  "kv_transfer_config",
] as const;

/** As it was configured, else as the engine resolved it. */
function otherSettings(
  given: Readonly<Record<string, unknown>>,
  resolved: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const parallel = (resolved.parallel_config ?? {}) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    telling.flatMap((name) => {
      const value = given[name] ?? parallel[name] ?? resolved[name];
      return value === undefined || value === null ? [] : [[name, value]];
    }),
  );
}

/**
 * When each request arrived, on the engine's clock. The engine stamps `queued_ts` when it takes a request in, which it
 * does between steps: 20 ms late in the median of one recording, 104 ms at most. `arrival_time` is on another clock,
 * behind which the engine's is by no more than the smallest lag between the two: that request is taken to have been
 * taken in at once.
 */
function arrivalsOnEngineClock(rows: readonly Row[]): number[] {
  if (rows.some(({ arrival_time: atS }) => atS === undefined)) return rows.map(({ queued_ts: atS }) => atS);
  const behindS = least(rows.map(({ arrival_time: atS, queued_ts: queuedS }) => queuedS - atS!));
  return rows.map(({ arrival_time: atS }) => atS! + behindS);
}

function parseLine(text: string, path: string, line: number): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new ArtifactError(`${path}:${line}: not JSON; the file may be truncated`, { cause: error });
  }
}
