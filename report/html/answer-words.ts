/** The names that answers use in files, in words for people: printed by the command line and on pages alike. */
import type { Answer } from "../../formats/index.js";

export const verdictWords: Readonly<Record<Answer["verdict"], string>> = {
  safe: "safe",
  knee: "at the knee: on some days it holds, on others it does not",
  no: "no, too much",
  met: "the goal can be met",
  cannot_be_met: "the goal cannot be met at any load",
  better: "better",
  worse: "worse",
  same: "the same",
  unclear: "cannot tell",
  explained: "explained",
};

export const tuneVerdictWords: Readonly<Partial<Record<Answer["verdict"], string>>> = {
  better: "better than the settings as they are",
  same: "the settings as they are do as well as any that were tried",
  unclear: "cannot tell it from the settings as they are",
  cannot_be_met: "no settings that were tried meet the limits",
};

/** Whether goals hold before or after a change. */
export const goalWords: Readonly<Record<"safe" | "knee" | "no", string>> = {
  safe: "met",
  knee: "met on some days and not on others",
  no: "not met",
};

export const resourceWords: Readonly<Record<string, string>> = {
  gpu: "the GPU",
  host: "the host thread",
  front_end: "the front end",
  seats: "requests at once (max_num_seqs, batch size or clients)",
  kv_blocks: "KV memory",
  token_budget: "max_num_batched_tokens",
  clients: "the number of clients (max_concurrency)",
  sessions: "the number of sessions under way (max_sessions)",
};

/** Parts of a latency, in the order in which a request meets them. */
export const partTitles: Readonly<Record<string, string>> = {
  client: "waiting for a free client",
  front_end: "front end, on the way in",
  batch_filling: "waiting for the batch to fill",
  batch_running: "waiting for the batch before",
  step_in_flight: "steps under way when it came",
  seats: "waiting for a slot (max_num_seqs)",
  kv_blocks: "waiting for KV blocks",
  token_budget: "waiting for token budget",
  own_prefill: "own prefill",
  others_prefill: "others' prefill in its steps",
  decode: "decodes in its steps",
  host: "host thread, the GPU idle",
  preemption: "preempted, and computed again",
  batch_longest: "waiting for the longest answer",
  delivery: "delivery of outputs",
};
