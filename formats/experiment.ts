/**
 * experiment.yaml: policies, loads and what to do with them. A cell is one policy under one load; `policies` and
 * `loads` give the full cross, `cells` names pairs (so that a confounded design can be written down too).
 */
import { z } from "zod";

export const EXPERIMENT_VERSION = 1;

/** A policy by its registered name and settings; `label` names the cell folder. The policy checks the settings. */
export const policyChoiceSchema = z.looseObject({
  policy: z.string().min(1),
  label: z
    .string()
    .regex(/^[\w.-]+$/, "expected letters, digits, '.', '_' or '-'")
    .optional(),
});

/** How requests arrive. `request_rate` in requests/s (absent: all at once), `burstiness` 1 is Poisson. */
export const loadSchema = z.strictObject({
  label: z
    .string()
    .regex(/^[\w.-]+$/, "expected letters, digits, '.', '_' or '-'")
    .optional(),
  num_prompts: z.int().positive().max(10_000_000).optional(),
  max_concurrency: z.int().positive().optional(),
  think_time_s: z.number().nonnegative().max(1_000_000).default(0),
  request_rate: z.number().positive().optional(),
  burstiness: z.number().positive().default(1),
  arrivals: z.enum(["gamma", "constant"]).default("gamma"),
  output_len: z.int().positive().default(20),
  workload: z.string().optional().describe("CSV of explicit requests instead of prompts"),
  cold_start: z.boolean().optional().describe("the first batch of this load pays the profile's cold start"),
});

const calibration = z.strictObject({
  model: z.string().default("mini"),
  device: z.enum(["cpu", "cuda"]).default("cpu"),
  batch_sizes: z.array(z.int().positive()).min(3).optional(),
  prompt_tokens: z.array(z.int().positive()).min(2).optional(),
  decode_steps: z.array(z.int().nonnegative()).min(1).optional(),
  repeats: z.int().min(2).max(100).default(3),
});

export const experimentSchema = z
  .strictObject({
    version: z.literal(EXPERIMENT_VERSION),
    name: z.string().regex(/^[\w-][\w.-]*$/, "expected letters, digits, '.', '_' or '-', the first not a '.'"),
    seed: z.union([z.string(), z.int()]).default(1).transform(String),
    description: z.string().optional(),
    profile: z.string().optional().describe("profile to simulate with; absent: calibrate this machine"),
    calibrate: calibration.optional(),
    prompts: z.string().optional().describe("JSON array of prompts; absent: the 100 shipped ones"),
    cold_start: z.boolean().default(false).describe("for loads that do not say"),
    total_memory_mib: z.number().positive().optional().describe("memory that thresholds are a fraction of"),
    num_runs: z.int().min(0).max(100).default(1).describe("real repeats of each cell; 0: simulate only"),
    policies: z.array(policyChoiceSchema).default([]),
    loads: z.array(loadSchema).default([]),
    cells: z.array(z.strictObject({ policy: policyChoiceSchema, load: loadSchema })).default([]),
  })
  .refine((e) => e.cells.length > 0 || (e.policies.length > 0 && e.loads.length > 0), {
    message: "expected at least one cell: give policies and loads, or cells",
  })
  .refine((e) => e.profile !== undefined || e.calibrate !== undefined, {
    message: 'expected "profile" (a file) or "calibrate" (measure this machine)',
  });

export type Experiment = z.output<typeof experimentSchema>;
export type PolicyChoice = z.output<typeof policyChoiceSchema>;
export type Load = z.output<typeof loadSchema>;
export type CalibrationPlan = z.output<typeof calibration>;
