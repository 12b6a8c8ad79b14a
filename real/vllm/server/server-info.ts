/**
 * Settings out of vLLM's /server_info, which answers in dev mode (VLLM_SERVER_DEV_MODE=1): as JSON where the server can
 * (config_format=json), else as the text of its configuration. Null there means "not decided", and is not known here.
 */
import { z } from "zod";
import { defined } from "../../../formats/index.js";
import { unmodelledSettings, type Unmodelled } from "../../../sim/index.js";

/** Where each setting of run.json's engine.settings stands in the JSON form. */
const places = {
  max_num_seqs: ["scheduler_config", "max_num_seqs"],
  max_num_batched_tokens: ["scheduler_config", "max_num_batched_tokens"],
  max_model_len: ["model_config", "max_model_len"],
  block_size: ["cache_config", "block_size"],
  num_gpu_blocks: ["cache_config", "num_gpu_blocks"],
  gpu_memory_utilization: ["cache_config", "gpu_memory_utilization"],
  enable_chunked_prefill: ["scheduler_config", "enable_chunked_prefill"],
  enable_prefix_caching: ["cache_config", "enable_prefix_caching"],
  async_scheduling: ["scheduler_config", "async_scheduling"],
  scheduling_policy: ["scheduler_config", "policy"],
  long_prefill_token_threshold: ["scheduler_config", "long_prefill_token_threshold"],
  watermark: ["scheduler_config", "watermark"],
  scheduler_reserve_full_isl: ["scheduler_config", "scheduler_reserve_full_isl"],
  stream_interval: ["scheduler_config", "stream_interval"],
  enforce_eager: ["model_config", "enforce_eager"],
  tensor_parallel_size: ["parallel_config", "tensor_parallel_size"],
  cudagraph_mode: ["compilation_config", "cudagraph_mode"],
  cudagraph_capture_sizes: ["compilation_config", "cudagraph_capture_sizes"],
  max_num_active_seqs: ["scheduler_config", "max_num_active_seqs"],
  max_num_scheduled_tokens: ["scheduler_config", "max_num_scheduled_tokens"],
  long_prefill_token_threshold_adaptive: ["scheduler_config", "long_prefill_token_threshold_adaptive"],
  max_num_queued_reqs: ["scheduler_config", "max_num_queued_reqs"],
  max_num_queued_tokens: ["scheduler_config", "max_num_queued_tokens"],
} as const;

export type SettingName = keyof typeof places;
const allNames = Object.keys(places) as readonly SettingName[];

/** Off where the server does not name them; older servers do not have them. */
const offWhereAbsent: ReadonlySet<SettingName> = new Set<SettingName>([
  "max_num_active_seqs",
  "max_num_scheduled_tokens",
  "long_prefill_token_threshold_adaptive",
  "max_num_queued_reqs",
  "max_num_queued_tokens",
]);

/** Settings that every server has: one that is not reported is unknown. */
export const settingNames = allNames.filter((name) => !offWhereAbsent.has(name));

/** And in the text form, where it is there at all. */
const textNames: Readonly<Partial<Record<SettingName, string>>> = {
  max_model_len: "max_seq_len",
  enable_chunked_prefill: "enable_chunked_prefill",
  enable_prefix_caching: "enable_prefix_caching",
  enforce_eager: "enforce_eager",
  tensor_parallel_size: "tensor_parallel_size",
};

/** In the text form, settings that decide whether the server is modelled. */
const tellingTexts = [
  "pipeline_parallel_size",
  "data_parallel_size",
  "decode_context_parallel_size",
  "prefill_context_parallel_size",
  "speculative_config",
  "lora_config",
  "kv_transfer_config",
] as const;

export interface ServerInfo {
  readonly settings: Readonly<Partial<Record<SettingName, unknown>>>;
  /** What the server uses and no profile models. */
  readonly unmodelled: readonly Unmodelled[];
  /** What simulations leave out though a profile can be made, as "name = value". */
  readonly leftOut: readonly string[];
  readonly model: Readonly<Record<string, unknown>>;
  readonly hardware: Readonly<Record<string, unknown>>;
}

type Json = Readonly<Record<string, unknown>>;
const objectSchema = z.record(z.string(), z.unknown());
const answerSchema = z.looseObject({ vllm_config: z.union([objectSchema, z.string()]), system_env: z.unknown() });

/** Reads an answer of /server_info; undefined when it is of another form. */
export function serverInfoOf(answer: unknown): ServerInfo | undefined {
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) return undefined;
  const { vllm_config: config, system_env: env } = parsed.data;
  const hardware = { ...hardwareOf(asObject(env)), ...defined({ device: deviceOf(config) }) };
  if (typeof config === "string") {
    const dtype = /\bdtype=torch\.(\w+)/.exec(config)?.[1];
    const unmodelled = unmodelledSettings(tellingOfText(config));
    const model = dtype === undefined ? {} : { dtype };
    return { settings: settingsOfText(config), unmodelled, leftOut: [], model, hardware };
  }
  const settings: Partial<Record<SettingName, unknown>> = {};
  for (const name of allNames) {
    const [section, key] = places[name];
    const value = asObject(config[section])[key];
    if (value === null || value === undefined) continue;
    settings[name] = name === "cudagraph_mode" ? cudagraphMode(value) : value;
  }
  const { parallel_config: parallel, speculative_config, lora_config, kv_transfer_config } = config;
  const telling = { ...asObject(parallel), speculative_config, lora_config, kv_transfer_config };
  return {
    settings,
    unmodelled: unmodelledSettings(telling),
    leftOut: leftOutOf(config),
    model: modelOf(config),
    hardware,
  };
}

function settingsOfText(config: string): Partial<Record<SettingName, unknown>> {
  const found: Partial<Record<SettingName, unknown>> = {};
  for (const [name, text] of Object.entries(textNames) as [SettingName, string][]) {
    const value = new RegExp(`\\b${text}=(\\d+|True|False)`).exec(config)?.[1];
    if (value !== undefined) found[name] = /^\d/.test(value) ? Number(value) : value === "True";
  }
  const sizes = /'cudagraph_capture_sizes': \[([\d, ]*)\]/.exec(config)?.[1];
  if (sizes !== undefined)
    found.cudagraph_capture_sizes = sizes
      .split(",")
      .filter((size) => size !== "")
      .map(Number);
  const mode = /'cudagraph_mode': <CUDAGraphMode\.(\w+)/.exec(config)?.[1];
  if (mode !== undefined) found.cudagraph_mode = mode;
  return found;
}

/** vLLM's CUDAGraphMode: a number, or a pair of them for decodes and for the rest. */
const graphModes: ReadonlyMap<string, string> = new Map([
  ["0", "NONE"],
  ["1", "PIECEWISE"],
  ["2", "FULL"],
  ["[2,0]", "FULL_DECODE_ONLY"],
  ["[2,1]", "FULL_AND_PIECEWISE"],
]);

function cudagraphMode(value: unknown): unknown {
  return graphModes.get(JSON.stringify(value)) ?? value;
}

function leftOutOf(config: Json): string[] {
  const { sliding_window: window } = asObject(config.cache_config);
  return window === undefined || window === null ? [] : [`sliding_window = ${JSON.stringify(window)}`];
}

/** `name=value` of the text; None is nothing. */
function tellingOfText(config: string): Json {
  return Object.fromEntries(
    tellingTexts.flatMap((name) => {
      const value = new RegExp(`\\b${name}=([^,\\s]+)`).exec(config)?.[1];
      return value === undefined || value === "None" ? [] : [[name, value]];
    }),
  );
}

function modelOf(config: Json): Json {
  const dtype = asObject(config.model_config).dtype;
  const isDummy = asObject(config.load_config).load_format === "dummy";
  return {
    ...(typeof dtype === "string" ? { dtype: dtype.replace(/^torch\./, "") } : {}),
    ...(isDummy ? { weights: "dummy" } : {}),
  };
}

function hardwareOf(env: Json): Json {
  const { nvidia_gpu_models: gpus, nvidia_driver_version: driver, cpu_info: cpuInfo } = env;
  const line = (name: string): string | undefined =>
    typeof cpuInfo === "string" ? new RegExp(`^${name}:\\s*(.+)$`, "m").exec(cpuInfo)?.[1]?.trim() : undefined;
  const model = line("Model name");
  const cores = Number(line("CPU\\(s\\)"));
  return {
    // "GPU 0: NVIDIA H100 80GB HBM3", a line each.
    ...(typeof gpus === "string" ? { gpu: gpus.replaceAll(/^GPU \d+: /gm, "").replaceAll("\n", "; ") } : {}),
    ...(typeof driver === "string" ? { driver } : {}),
    ...(model === undefined ? {} : { cpu: { model, ...(Number.isNaN(cores) ? {} : { cores }) } }),
  };
}

/** What the model runs on, as vLLM calls it: "cuda", "cpu". */
function deviceOf(config: Json | string): string | undefined {
  if (typeof config === "string") return /\bdevice_config=(\w+)/.exec(config)?.[1];
  const { device } = asObject(config.device_config);
  return typeof device === "string" ? device : undefined;
}

function asObject(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
