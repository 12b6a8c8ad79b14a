/** Format 1 of the vLLM golden files: decisions recorded from vLLM's own scheduler classes, and the version they are of. */
import { z } from "zod";
import { DEFAULT_VERSION } from "../../sim/policy/vllm/versions.js";

const count = z.int().nonnegative();
const ids = z.array(z.string());
const pairs = z.array(z.tuple([z.string(), count]));

/** More would be a mistake, and more than memory holds. */
const MAX_BLOCKS = 2 ** 26;
const MAX_TOKENS = 2 ** 24;

const configSchema = z.strictObject({
  async_scheduling: z.boolean(),
  max_num_seqs: z.int().positive(),
  max_num_active_seqs: z.int().positive().nullish(),
  max_num_batched_tokens: z.int().positive(),
  max_num_scheduled_tokens: z.int().positive().nullish().describe("step budget"),
  block_size: z.int().positive().max(MAX_TOKENS),
  num_blocks: z.int().min(2).max(MAX_BLOCKS),
  enable_prefix_caching: z.boolean(),
  long_prefill_token_threshold: count.default(0),
  long_prefill_token_threshold_adaptive: z.boolean().default(false),
  max_model_len: z.int().positive(),
  policy: z.enum(["fcfs", "priority"]).default("fcfs"),
  watermark: z.number().min(0).max(1).default(0),
  scheduler_reserve_full_isl: z.boolean().default(true),
  enable_chunked_prefill: z.boolean().default(true),
  spec: z.looseObject({}).nullish().describe("speculative decoding: not modelled"),
});

const stateSchema = z.enum(["waiting", "running", "preempted"]);

const requestSchema = z
  .strictObject({
    id: z.string(),
    arrive: count.optional().describe("loop index"),
    after: z
      .strictObject({ id: z.string(), delay: count })
      .optional()
      .describe("so many loop indices after that request ended; its prompt and outputs come before the prompt"),
    prompt: z.array(z.tuple([z.int(), z.int().positive().max(MAX_TOKENS)])),
    max_tokens: z.int().positive().max(MAX_TOKENS),
    eos_at: z.int().positive().optional(),
    min_tokens: count.optional(),
    priority: z.int().optional(),
    arrival_time: z.number().optional().describe("s"),
    cache_salt: z.string().optional(),
    abort: z
      .strictObject({
        loop: count.optional(),
        outputs: count.optional(),
        state: stateSchema.optional(),
        when: z.enum(["input", "update"]).default("input"),
      })
      .optional(),
    accept: z.array(count).optional().describe("of speculative decoding"),
    drafts: z.array(count).optional().describe("of speculative decoding"),
  })
  .refine(({ arrive, after }) => (arrive === undefined) !== (after === undefined), "expected one of arrive and after")
  .refine(({ prompt, after }) => prompt.length > 0 || after !== undefined, "expected a prompt");

const noLookUps = { queries: 0, hits: 0, preempted_queries: 0, preempted_hits: 0 };

const aborted = z
  .array(z.tuple([z.string(), stateSchema]))
  .default([])
  .describe("and the state it was in");

const scheduleSchema = z.strictObject({
  ev: z.literal("schedule"),
  loop: count,
  step: count,
  added: ids.default([]),
  aborted,
  scheduled: pairs,
  drafts: pairs.optional(),
  admitted: pairs.default([]),
  preempted: ids.default([]),
  running: ids,
  waiting: ids,
  free: count,
  blocks: z.record(z.string(), z.array(count)).optional(),
});

const updateSchema = z.strictObject({
  ev: z.literal("update"),
  loop: count,
  step: count,
  aborted,
  tokens: z.array(z.tuple([z.string(), z.array(z.int())])),
  accepted: pairs.optional(),
  finished: z.array(z.tuple([z.string(), z.string()])).default([]),
  running: ids,
  free: count,
  prefix: z
    .strictObject({ queries: count, hits: count, preempted_queries: count, preempted_hits: count })
    .default(noLookUps),
  free_queue: z.array(count).optional(),
});

const scenarioSchema = z.strictObject({
  name: z.string(),
  note: z.string().optional(),
  config: configSchema,
  requests: z.array(requestSchema),
  events: z.array(z.discriminatedUnion("ev", [scheduleSchema, updateSchema])).min(1),
});

export const vllmGolden = z.strictObject({
  format: z.literal(1),
  version: z.string().optional().describe("of vLLM; absent: as the source says"),
  source: z.string(),
  rules: z.record(z.string(), z.string()),
  scenarios: z.array(scenarioSchema).min(1),
});

export type VllmGolden = z.output<typeof vllmGolden>;
export type Scenario = VllmGolden["scenarios"][number];
export type Config = Scenario["config"];
export type RequestRow = Scenario["requests"][number];
export type Event = Scenario["events"][number];
export type ScheduleEvent = z.output<typeof scheduleSchema>;
export type UpdateEvent = z.output<typeof updateSchema>;

/** The version of vLLM that a file was recorded from: as it says, else the first that its source names. */
export function versionOf({ version, source }: Pick<VllmGolden, "version" | "source">): {
  readonly version: string;
  readonly note?: string;
} {
  // Of a tree between two releases the first is the older one, whose rules it still has.
  const named = version ?? /\bv?0\.\d+(?:\.\d+)?/.exec(source)?.[0];
  if (named !== undefined) return { version: named };
  return {
    version: DEFAULT_VERSION,
    note: `neither version nor source names a release: vLLM ${DEFAULT_VERSION} assumed`,
  };
}
