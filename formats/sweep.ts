/**
 * sweep.yaml: policies, settings, loads, profiles and seeds, all crossed. A list in place of a value is an axis:
 * `max_num_seqs: [64, 128]` is two policies, `request_rate: [8, 16, 24]` three loads.
 */
import { z } from "zod";
import { count, nonnegative, optional } from "./kinds.js";
import { policyChoiceSchema } from "./experiment.js";

export const SWEEP_VERSION = 1;

/** Most cells of a sweep. */
export const MAX_SWEEP_CELLS = 1_000_000;

const distinct = (values: readonly unknown[]): boolean => new Set(values).size === values.length;
const seedsMessage = "expected seeds that differ: two cells of the same seed are the same cell";

export const sweepSchema = z.strictObject({
  version: z.literal(SWEEP_VERSION),
  name: z
    .string()
    .max(100, { error: "expected at most 100 characters", abort: true })
    .regex(/^[\w-][\w.-]*$/, "expected letters, digits, '.', '_' or '-', the first not a '.'"),
  description: z.string().optional(),
  profiles: z.array(z.string().min(1)).min(1).describe("profiles, by name or file"),
  policies: z.array(policyChoiceSchema).min(1).describe("policies with their settings; a list as a setting is an axis"),
  loads: z.array(z.record(z.string(), z.unknown())).min(1).describe("loads; a list as a value is an axis"),
  seeds: z
    .array(z.union([z.string(), z.int()]).transform(String))
    .min(1)
    .refine(distinct, seedsMessage)
    .default(["1"])
    .describe("seeds of arrivals, lengths and times"),
  replicas: z.array(count.max(1000)).min(1).refine(distinct).default([1]).describe("servers"),
  router: z.string().default("round-robin").describe("which replica a request goes to"),
  router_beta: optional(nonnegative, "weight of the load beside cache hits, of prefix-aware"),
  replications: optional(
    count.max(1000),
    "simulate each cell so often, for its intervals; default: as often as they need",
  ),
  jitter: optional(z.boolean(), "simulated times vary as measured; default: on if the profile says how"),
  prompts: optional(z.string(), "file with a JSON array of prompts; default: the 100 that ship"),
});

export type Sweep = z.output<typeof sweepSchema>;
