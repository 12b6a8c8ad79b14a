/** Random servers and mixes of requests over the shipped profiles and all policies, each to be loaded at a known share of its capacity. */
import { resolve } from "node:path";
import { loadSchema, type Load, type Profile } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { planPolicy, stream, type PolicyPlan, type Random } from "../../sim/index.js";

export const utilisations = [0.7, 0.85, 0.95, 1.05, 1.2] as const;
export type Utilisation = (typeof utilisations)[number];

/** `steady`: a request rate. `surge`: a trace at 60 % of capacity, but for a stretch in its middle. */
export const loadKinds = ["steady", "surge"] as const;

export interface CapacityCase {
  readonly number: number;
  readonly profile: Profile;
  readonly plan: PolicyPlan;
  /** Lengths, without a rate. */
  readonly load: Load;
  readonly kind: (typeof loadKinds)[number];
  readonly utilisation: Utilisation;
  readonly requests: number;
  readonly replicas: number;
  readonly seed: string;
}

const engines = [
  "h100-llama-3.1-8b-vllm-0.26",
  "h100-llama-3.1-8b-vllm-0.26-host2",
  "h100-llama-3.1-8b-vllm-0.26-sync",
  "h100-gpt2-vllm-0.26",
];
const statics = ["mini-cpu-2core", "h100-gpt2-fp16", "h100-gpt2-fp32"];

/** A surge is long enough to be found among chance: it needs more requests than the shortest loads have. */
const MIN_SURGE_REQUESTS = 4_000;

export function capacityCase(number: number, seed: string): CapacityCase {
  const random = stream(`${seed}/${number}/capacity-case`);
  const policy = pick(random, ["vllm", "vllm", "naive", "dynamic"]);
  const name = pick(random, policy === "vllm" ? [...engines, ...engines, ...statics] : [...engines, ...statics]);
  const profile = profileNamed(name);
  const isEngine = profile.cost.kind === "vllm_engine";
  const settings = policy === "vllm" ? engineSettings(random) : batchSettings(random, policy);
  const kind = policy === "vllm" && isEngine && random() < 0.25 ? "surge" : "steady";
  return {
    number,
    profile,
    plan: planPolicy(policy, settings, { source: "case" }),
    load: loadSchema.parse({
      ...lengths(random, profile),
      burstiness: pick(random, [0.5, 1, 1, 2]),
    }),
    kind,
    utilisation: pick(random, utilisations),
    requests: logBetween(random, kind === "surge" ? MIN_SURGE_REQUESTS : 400, 10_000),
    replicas: policy === "vllm" && random() < 0.2 ? 2 : 1,
    seed: `${seed}/${number}`,
  };
}

function engineSettings(random: Random): object {
  return pick(random, [
    {},
    {},
    { max_num_seqs: logBetween(random, 8, 256) },
    { max_num_batched_tokens: logBetween(random, 256, 8192) },
    { num_gpu_blocks: logBetween(random, 1000, 4000) },
  ]);
}

function batchSettings(random: Random, policy: string): object {
  const timeout_s = pick(random, [0.05, 0.2, 0.5]);
  if (policy === "naive") return { batch_size: logBetween(random, 2, 24), timeout_s };
  return { max_batch_size: logBetween(random, 8, 32), timeout_s, memory_threshold: pick(random, [0.4, 0.6, 0.8]) };
}

/** Lengths that the model holds, in four shapes. */
function lengths(random: Random, { cost, model }: Profile): object {
  const isEngine = cost.kind === "vllm_engine";
  const [prompt, output] = isEngine
    ? [logBetween(random, 40, Math.min(1000, model.positions / 4)), logBetween(random, 20, 200)]
    : [logBetween(random, 8, 40), logBetween(random, 4, 30)];
  return pick(random, [
    { dataset_name: "random", random_input_len: prompt, random_output_len: output, random_range_ratio: 0.5 },
    { dataset_name: "random", random_input_len: prompt, random_output_len: output, random_range_ratio: 0.9 },
    { dataset_name: "fixed", input_len: prompt, output_len: output },
    {
      dataset_name: "lognormal",
      lognormal_input_mean: prompt,
      lognormal_input_cv: 0.5,
      lognormal_output_mean: output,
      lognormal_output_cv: 0.5,
    },
  ]);
}

export function profileNamed(name: string): Profile {
  return readProfile(resolve(import.meta.dirname, `../../profiles/${name}.json`));
}

export function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[Math.floor(random() * values.length)]!;
}

function logBetween(random: Random, low: number, high: number): number {
  return Math.round(low * (high / low) ** random());
}
