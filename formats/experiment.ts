/**
 * experiment.yaml: policies, loads and what to do with them. A cell is one policy under one load; `policies` and
 * `loads` give the full cross, `cells` names pairs (so that a confounded design can be written down too).
 */
import { z } from "zod";
import { count, optional, positive, whole } from "./kinds.js";
import { loadSchema, labelSchema, MAX_LABEL, MAX_TOKENS } from "./load/index.js";

export const EXPERIMENT_VERSION = 1;

/** A policy's name as given, before it is looked up. */
export const policyNameSchema = z.string().min(1).max(MAX_LABEL);

/** A policy by its registered name and settings; `label` names the cell folder. The policy checks the settings. */
export const policyChoiceSchema = z.looseObject({
  policy: policyNameSchema,
  label: labelSchema.optional(),
});

/** Most cells of an experiment: each has a folder, a simulation and a row of the report. */
const MAX_CELLS = 10_000;

/** Longest budget or wait, s: a week. */
export const MAX_WAIT_S = 7 * 86_400;

/** Most memory in a setting, MiB: a pebibyte. */
export const MAX_MEMORY_MIB = 2 ** 30;

/** Upper bound of random token ids for a vLLM server. */
export const vocabSize = optional(
  z
    .int()
    .min(2)
    .max(2 ** 31 - 1),
  "upper bound of random token ids; default: found by asking the server",
);

/** Values of one axis of a grid. */
const MAX_LEVELS = 100;

/** Seconds, or text with a unit: `60`, `"60s"`, `"1.5m"`. */
const duration = z
  .union([
    positive,
    z
      .string()
      .regex(/^\d+(\.\d+)?(s|m|h)?$/, 'expected seconds or a time such as "60s", "5m"')
      .transform((text) => Number.parseFloat(text) * ({ m: 60, h: 3600 }[text.at(-1)!] ?? 1)),
  ])
  .refine((seconds) => seconds > 0 && seconds <= MAX_WAIT_S, "expected more than 0 s, and at most a week");

/** How a model is written and what its weights are; shared by everything that runs one. */
export const modelFormShape = {
  precision: optional(z.enum(["fp32", "fp16"]), "number format of a preset; default: fp32"),
  fused: optional(z.boolean(), "GPT-2 presets: fused operators (com.microsoft Attention and others)"),
  weights: optional(z.string().min(1), "FILE.safetensors: a checkpoint of the preset's shape; default: random weights"),
};

/** How the next token is chosen; none of them, or a temperature of 0: the likeliest. */
export const samplingShape = {
  temperature: optional(
    z.number().refine((t) => t === 0 || (t >= 1e-3 && t <= 1e3), "expected 0, or 0.001 to 1000"),
    "sampling temperature; 0: always the likeliest token (default: 0, or 1 with top-k or top-p)",
  ),
  top_k: optional(count, "sample from this many likeliest tokens"),
  top_p: optional(positive.max(1), "sample from the fewest tokens whose probabilities sum to this"),
};

const calibration = z.strictObject({
  model: z.string().default("mini"),
  device: z.enum(["cpu", "cuda"]).default("cpu"),
  ...modelFormShape,
  ...samplingShape,
  batch_sizes: z.array(count.max(65_536)).min(3).max(MAX_LEVELS).optional(),
  prompt_tokens: z.array(count.max(MAX_TOKENS)).min(2).max(MAX_LEVELS).optional(),
  decode_steps: z.array(whole.max(MAX_TOKENS)).min(1).max(MAX_LEVELS).optional(),
  repeats: z.int().min(2).max(100).default(3),
  max_repeats: optional(z.int().min(2).max(1000), "most repeats of a shape whose median stays uncertain; default: 8"),
  steps: optional(
    z.boolean(),
    "also measure steps of continuous batching, for policies that run steps; default: yes on the CPU, no on a GPU",
  ),
  budget_s: optional(duration, "time limit for the calibration, e.g. 60s; default: none"),
});

/** A running vLLM server that all policies are measured on; what is absent is left to the server. */
const vllmServer = z.strictObject({
  base_url: z.url({ protocol: /^https?$/ }).describe("URL of the server, such as http://127.0.0.1:8000"),
  model: optional(z.string().min(1), "model on the server; default: the first that it serves"),
  endpoint: z.enum(["/v1/completions", "/v1/chat/completions"]).default("/v1/completions"),
  ignore_eos: z.boolean().default(true).describe("ignore end-of-sequence tokens and generate the full output length"),
  ...samplingShape,
  vocab_size: vocabSize,
  num_warmups: whole.max(10_000).default(1).describe("warm-up requests before each run, not part of it"),
});

const experimentShape = {
  version: z.literal(EXPERIMENT_VERSION),
  name: z
    .string()
    .max(100, { error: "expected at most 100 characters", abort: true })
    .regex(/^[\w-][\w.-]*$/, "expected letters, digits, '.', '_' or '-', the first not a '.'"),
  seed: z.union([z.string(), z.int()]).default(1).transform(String),
  description: z.string().optional(),
  profile: optional(z.string(), "profile to simulate with, by name or file; default: calibrate this machine"),
  calibrate: calibration.optional(),
  vllm: optional(vllmServer, "measure every cell on this server, including those of vllm; default: on this machine"),
  prompts: optional(z.string(), "file with a JSON array of prompts; default: the 100 that ship"),
  cold_start: z.boolean().default(false).describe("default for loads: whether the first batch includes the cold start"),
  jitter: optional(z.boolean(), "simulated times vary as measured; default: on if the profile says how they vary"),
  total_memory_mib: optional(positive.max(MAX_MEMORY_MIB), "memory that thresholds are a fraction of"),
  num_runs: z.int().min(0).max(100).default(1).describe("real repeats of each cell; 0: simulate only"),
  tolerances: optional(
    z.array(z.string()),
    'largest errors that count as agreement, such as ["e2el.mean=5%", "ttft.p95=10%"]; defaults: docs/metrics.md',
  ),
  policies: z.array(policyChoiceSchema).default([]),
  loads: z.array(loadSchema).default([]),
  cells: z.array(z.strictObject({ policy: policyChoiceSchema, load: loadSchema })).default([]),
};

/** Policies and loads are a full cross, or cells are named. */
const hasCells = (e: { cells: unknown[]; policies: unknown[]; loads: unknown[] }): boolean =>
  e.cells.length > 0 || (e.policies.length > 0 && e.loads.length > 0);
const cellsMessage = "expected at least one cell: give policies and loads, or cells";

/** Each policy under each load is a cell, so two lists of a thousand make a million. */
const isBounded = (e: { cells: unknown[]; policies: unknown[]; loads: unknown[] }): boolean =>
  e.policies.length * e.loads.length + e.cells.length <= MAX_CELLS;
const boundMessage = `expected at most ${MAX_CELLS} cells (policies x loads + cells); split the experiment`;

export const experimentSchema = z
  .strictObject(experimentShape)
  .refine(hasCells, { message: cellsMessage })
  .refine(isBounded, { message: boundMessage })
  .refine((e) => e.profile !== undefined || e.calibrate !== undefined, {
    message: 'expected "profile" (a name or a file) or "calibrate" (measure this machine)',
  })
  .refine((e) => e.vllm === undefined || e.profile !== undefined, {
    path: ["vllm"],
    message:
      'calibrate measures this machine, not the server: expected "profile" with it, of the server (servesim calibrate vllm)',
  });

/** validate.yaml: an experiment over several models, each calibrated, and how far simulated may be from real. */
export const validationSchema = z
  .strictObject({
    ...experimentShape,
    profile: z.never("validation calibrates this machine, leave it out").optional(),
    vllm: z.never("validation runs on this machine, leave it out").optional(),
    models: z.array(z.string().min(1)).min(1).describe("models, each of which is calibrated and run"),
    wait_quiet_s: whole
      .max(MAX_WAIT_S)
      .default(0)
      .describe("longest wait, before each measurement, until no other process is at work"),
    attempts: z.int().min(1).max(10).default(1).describe("attempts at a real run that other processes disturb"),
    tolerance: positive
      .max(1)
      .default(0.05)
      .describe("largest error that counts as agreement, for statistics that tolerances does not name"),
  })
  .refine(hasCells, { message: cellsMessage })
  .refine(isBounded, { message: boundMessage });

export type Validation = z.output<typeof validationSchema>;
export type Experiment = z.output<typeof experimentSchema>;
export type PolicyChoice = z.output<typeof policyChoiceSchema>;
export type CalibrationPlan = z.output<typeof calibration>;
export type VllmServer = z.output<typeof vllmServer>;
