/**
 * Which inference server answers. Profiles and simulations are about vLLM; others are measured, and recorded under their
 * own names. A server shows what it is by who owns its model, by its metrics, or by a page that only it has.
 * Source: SGLang's http_server.py and protocol.py, TensorRT-LLM's openai_server.py and openai_protocol.py, llama.cpp's
 * tools/server (behaviour).
 */
import { BackendError, ConfigError, defined, plainLine } from "../../../formats/index.js";
import { askServer, type AskOptions } from "./ask-server.js";
import { shownUrl, type ServerRef } from "./server-address.js";

export const VLLM = "vllm";
const UNKNOWN = "unknown";

/** Known engines as their models' owner calls them, and as people do. */
const titles: ReadonlyMap<string, string> = new Map([
  [VLLM, "vLLM"],
  ["sglang", "SGLang"],
  ["tensorrt_llm", "TensorRT-LLM"],
  ["llamacpp", "llama.cpp"],
]);

/** As people call it: "SGLang"; of an engine that is not known here, the name that it has for itself. */
export function engineTitle(engine: string): string {
  return titles.get(engine) ?? engine;
}

/** Whether a server is known to be another than vLLM; one that nothing is known of may be a vLLM behind a gateway. */
export function isOtherEngine(engine: string): boolean {
  return engine !== VLLM && titles.has(engine);
}

/** ConfigError for a server that is known to be another than vLLM; `why` says what needs vLLM, and what to do. */
export function rejectOtherEngine(engine: string, server: ServerRef, why: string): void {
  if (!isOtherEngine(engine)) return;
  throw new ConfigError(`${shownUrl(server)} is a server of ${engineTitle(engine)}, expected vLLM: ${why}`);
}

/** Why a profile cannot be fitted to what another engine answered. */
export const NEEDS_VLLM =
  "a profile is fitted to the steps of vLLM's scheduler and to vLLM's own metrics, another engine has neither";

type Json = Readonly<Record<string, unknown>>;

/** Which engine answers, in lower case: "vllm", another by the name that it has for itself, or "unknown". */
export async function engineOf(server: ServerRef, owner: string, options: AskOptions): Promise<string> {
  const name = plainLine(owner, 60).toLowerCase();
  const known = [...titles.keys()].find((engine) => lettersOf(engine) === lettersOf(name));
  if (known !== undefined) return known;
  const shown = (await engineOfMetrics(server, options)) ?? (await engineOfPages(server, options));
  if (shown !== undefined) return shown;
  if (name !== "") return name;
  // Only vLLM of those that name nobody answers to /version.
  return (await askVersion(server, options)) === undefined ? UNKNOWN : VLLM;
}

function lettersOf(name: string): string {
  return name.replaceAll(/[^a-z]/g, "");
}

/** The prefix of each engine's metrics. TensorRT-LLM answers with a list of its last iterations, as JSON. */
const metricPrefixes: readonly (readonly [RegExp, string])[] = [
  [/^vllm:/m, VLLM],
  [/^sglang:/m, "sglang"],
  [/^llamacpp:/m, "llamacpp"],
  [/^trtllm_|^\[/m, "tensorrt_llm"],
];

async function engineOfMetrics(server: ServerRef, options: AskOptions): Promise<string | undefined> {
  const { status, text } = await askServer(server, "/metrics", options);
  return status === 200 ? metricPrefixes.find(([prefix]) => prefix.test(text))?.[1] : undefined;
}

async function engineOfPages(server: ServerRef, options: AskOptions): Promise<string | undefined> {
  const info = await pageOf(server, "/server_info", options);
  if (info !== undefined && "vllm_config" in info) return VLLM;
  if ((await sglangInfo(server, options, info)) !== undefined) return "sglang";
  return (await llamacppProps(server, options)) === undefined ? undefined : "llamacpp";
}

/** What an engine says of itself. */
export interface EngineFacts {
  readonly version?: string;
  /** By the engine's own names; of vLLM there are none here, it has a page of its own (readServerSettings). */
  readonly settings: Json;
}

/** What SGLang's /server_info tells of how it schedules. The page also has its keys, so nothing else of it is kept. */
const sglangSettings = [
  "attention_backend",
  "chunked_prefill_size",
  "context_length",
  "cuda_graph_max_bs",
  "disable_cuda_graph",
  "disable_overlap_schedule",
  "disable_radix_cache",
  "dp_size",
  "dtype",
  "enable_mixed_chunk",
  "ep_size",
  "kv_cache_dtype",
  "max_prefill_tokens",
  "max_running_requests",
  "max_total_num_tokens",
  "mem_fraction_static",
  "page_size",
  "pp_size",
  "quantization",
  "schedule_conservativeness",
  "schedule_policy",
  "speculative_algorithm",
  "tp_size",
];

export async function engineFacts(server: ServerRef, engine: string, options: AskOptions = {}): Promise<EngineFacts> {
  if (engine === "sglang") {
    const info = await sglangInfo(server, options);
    return { ...defined({ version: wordOf(info?.version) }), settings: chosen(info ?? {}, sglangSettings) };
  }
  if (engine === "llamacpp") {
    const props = (await llamacppProps(server, options)) ?? {};
    const { build_info, total_slots, default_generation_settings: defaults } = props;
    const settings = chosen({ total_slots, ...objectOf(defaults) }, ["n_ctx", "total_slots"]);
    return { ...defined({ version: wordOf(build_info) }), settings };
  }
  return { ...defined({ version: await askVersion(server, options) }), settings: {} };
}

/** SGLang's page has another name in older releases. */
async function sglangInfo(server: ServerRef, options: AskOptions, asked?: Json): Promise<Json | undefined> {
  const isIts = (info: Json | undefined): boolean =>
    info !== undefined && ("internal_states" in info || "max_total_num_tokens" in info);
  const info = asked ?? (await pageOf(server, "/server_info", options));
  if (isIts(info)) return info;
  const former = await pageOf(server, "/get_server_info", options);
  return isIts(former) ? former : undefined;
}

async function llamacppProps(server: ServerRef, options: AskOptions): Promise<Json | undefined> {
  const props = await pageOf(server, "/props", options);
  return props !== undefined && "build_info" in props && "default_generation_settings" in props ? props : undefined;
}

/** The version in /version, which vLLM and TensorRT-LLM have; undefined for a server that does not report it. */
async function askVersion(server: ServerRef, options: AskOptions): Promise<string | undefined> {
  const { status, text } = await askServer(server, "/version", options);
  return status === 200 ? wordOf(objectIn(text)?.version) : undefined;
}

/** The JSON object at a path that only some engines have; undefined where there is none. */
async function pageOf(server: ServerRef, path: string, options: AskOptions): Promise<Json | undefined> {
  try {
    const { status, text } = await askServer(server, path, options);
    return status === 200 ? objectIn(text) : undefined;
  } catch (error) {
    // Such as a redirect: not the page that was asked for.
    if (error instanceof BackendError) return undefined;
    throw error;
  }
}

function objectIn(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Those of the settings that have a plain value. */
function chosen(values: Json, names: readonly string[]): Json {
  const settings: Record<string, unknown> = {};
  for (const name of names) {
    const value = values[name];
    if (typeof value === "string") settings[name] = plainLine(value, 60);
    else if (typeof value === "number" || typeof value === "boolean") settings[name] = value;
  }
  return settings;
}

function wordOf(value: unknown): string | undefined {
  return typeof value === "string" ? plainLine(value, 60) : undefined;
}

function objectOf(value: unknown): Json {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
