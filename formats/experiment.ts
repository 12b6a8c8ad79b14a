/**
 * experiment.yaml: policies, loads and what to do with them. A cell is one policy under one load; `policies` and
 * `loads` give the full cross, `cells` names pairs (so that a confounded design can be written down too).
 */
import { z } from "zod";
import { loadSchema } from "./load.js";

export const EXPERIMENT_VERSION = 1;

/** A policy by its registered name and settings; `label` names the cell folder. The policy checks the settings. */
export const policyChoiceSchema = z.looseObject({
  policy: z.string().min(1),
  label: z
    .string()
    .regex(/^[\w.-]+$/, "expected letters, digits, '.', '_' or '-'")
    .optional(),
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
export type CalibrationPlan = z.output<typeof calibration>;
