/**
 * A run folder: requests.csv and run.json, the same for simulated and real runs. In memory a request's times are whole
 * nanoseconds since the start of the run; the file has milliseconds, a unit in each column name.
 */
import { z } from "zod";
import { optional, share, whole } from "../kinds.js";
import type { BatchRecord, RequestRecord, ScheduledStepRecord } from "./records.js";
import type { RequestTable } from "./request-table.js";

export const RUN_VERSION = 1;

/** Quantities in which a run may go beyond a profile's range. */
export const rangeQuantities = [
  "batch",
  "step_tokens",
  "prefill_tokens",
  "attention_pairs",
  "prompt_tokens",
  "context_tokens",
] as const;

/**
 * Of a simulated run: the share of its time spent beyond what the profile was measured on, and in which quantities,
 * each to which end of the measured range, how far was asked, for which share of the time.
 */
const extrapolation = z.strictObject({
  share: share,
  of: z.array(
    z.strictObject({
      quantity: z.enum(rangeQuantities),
      side: z.enum(["below", "above"]),
      measured_to: z.number(),
      asked: z.number(),
      share: share,
    }),
  ),
});
export type Extrapolation = z.output<typeof extrapolation>;

export const runSchema = z.looseObject({
  version: z.literal(RUN_VERSION),
  source: z.enum(["sim", "real"]),
  policy: z.string(),
  date: z.string().optional(),
  engine: z.looseObject({
    name: z.string(),
    version: z.string().optional(),
    settings: z.record(z.string(), z.unknown()).default({}),
  }),
  model: z.looseObject({ name: z.string() }),
  hardware: z.looseObject({}).default({}),
  load: z.looseObject({ kind: z.string() }),
  requests: whole,
  seed: z.string().optional(),
  cut: optional(z.boolean(), "the run was cut: its process ended before the run did"),
  planned_requests: optional(whole, "of a run that is under way or was cut: the number of requests planned"),
  inputs_sha256: optional(z.string(), "fingerprint of the run's inputs"),
  requests_sha256: optional(z.string(), "SHA-256 of requests.csv, unpacked; absent: not checked"),
  batches_sha256: optional(z.string(), "the same of batches.csv"),
  policy_settings: z.record(z.string(), z.unknown()).optional(),
  valid: z.strictObject({ ok: z.boolean(), reasons: z.array(z.string()) }).optional(),
  notes: z.array(z.string()).optional(),
  extrapolation: extrapolation.optional(),
  summary: z.record(z.string(), z.unknown()).optional(),
});

export type RunInfo = z.output<typeof runSchema>;

/** A run as read from or written to its folder. */
export interface Run {
  readonly info: RunInfo;
  readonly requests: readonly RequestRecord[];
  readonly batches: readonly BatchRecord[];
  /** Of a real run of steps by servesim itself, as it was measured; a folder's are read by readSteps. */
  readonly steps?: readonly ScheduledStepRecord[];
  /** The same requests by column, where the run has them so; `requests` then makes all records when first asked for. */
  readonly table?: RequestTable;
}

/** Called with what ends while a run goes on, so that it can be kept at once. */
export interface RunJournal {
  /** The run's clock starts now; `info` is what is known of the run so far. */
  begin(info: RunInfo): void;
  request(record: RequestRecord): void;
  batch(record: BatchRecord): void;
  step(record: ScheduledStepRecord): void;
}

/** What an experiment folder holds: its cells, and whether the last run of it came to its end. */
export const manifestSchema = z.strictObject({
  version: z.literal(1),
  experiment: z.string(),
  servesim: z.string(),
  seed: z.string(),
  interrupted: z.boolean().default(false),
  cells: z.array(
    z.strictObject({
      cell: z
        .string()
        .regex(/^[\w-][\w.+-]*$/, "expected a folder's name: letters, digits, '.', '_', '+' or '-'")
        .max(250),
      policy: z.string(),
      load: z.string(),
      repeats: whole.max(100).describe("real runs; 0: simulated only"),
    }),
  ),
});

export type Manifest = z.output<typeof manifestSchema>;
