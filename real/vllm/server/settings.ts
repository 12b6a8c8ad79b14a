/**
 * Under which settings a server runs: from /server_info in dev mode, from /metrics (blocks, block size, prefix
 * caching), from /v1/models (length), or as the user states them. What none of these says is listed as unknown, never
 * guessed.
 */
import { BackendError, ConfigError, defined, plainLine } from "../../../formats/index.js";
import type { Unmodelled } from "../../../sim/index.js";
import {
  askServer,
  type AskOptions,
  engineFacts,
  isOtherEngine,
  findServedModel,
  type ServedModel,
  shownUrl,
  type ServerRef,
} from "../access/index.js";
import { serverInfoOf, settingNames, type ServerInfo, type SettingName } from "./server-info.js";
import { unmodelledMetrics } from "./unmodelled-metrics.js";
import { snapshotOf } from "./vllm-metrics.js";

export type SettingSource = "stated" | "/server_info" | "/metrics" | "/v1/models";

export interface ServerSettings {
  /** Which engine answers: "vllm", or what another calls itself. */
  readonly engine: string;
  /** Undefined for a server that does not report it. */
  readonly version: string | undefined;
  readonly model: { readonly name: string } & Readonly<Record<string, unknown>>;
  /** By the names of run.json's engine.settings, which are vLLM's. */
  readonly settings: Readonly<Partial<Record<SettingName, unknown>>>;
  /** Settings of another engine, by its own names. */
  readonly ownSettings: Readonly<Record<string, unknown>>;
  /** Where each of them was learnt. */
  readonly provenance: Readonly<Partial<Record<SettingName, SettingSource>>>;
  readonly unknown: readonly SettingName[];
  /** What the server uses and no profile models, by /server_info (in dev mode) and /metrics. */
  readonly unmodelled: readonly Unmodelled[];
  /** What simulations leave out though a profile can be made, as "name = value"; known only in dev mode. */
  readonly leftOut: readonly string[];
  /** The server's GPU, driver and CPU, as far as it reports them. */
  readonly hardware: Readonly<Record<string, unknown>>;
  readonly isDevMode: boolean;
}

export interface SettingsOptions {
  /** Absent: the first model that is served. */
  readonly model?: string | undefined;
  /** What the user says of a vLLM server. A contradiction with what the server says is a ConfigError. */
  readonly stated?: Readonly<Partial<Record<SettingName, unknown>>>;
  readonly signal?: AbortSignal | undefined;
}

/** Asks a server; BackendError when it does not answer at all. */
export async function readServerSettings(baseUrl: ServerRef, options: SettingsOptions = {}): Promise<ServerSettings> {
  const asking = { signal: options.signal };
  const served = await findServedModel(baseUrl, options.model, asking);
  const { version, settings: ownSettings } = await engineFacts(baseUrl, served.engine, asking);
  if (isOtherEngine(served.engine)) return settingsOfOther(served, version, ownSettings);
  const info = await serverInfo(baseUrl, asking);
  const settings: Partial<Record<SettingName, unknown>> = {};
  const provenance: Partial<Record<SettingName, SettingSource>> = {};
  const learn = (values: Readonly<Partial<Record<SettingName, unknown>>>, source: SettingSource): void => {
    for (const [name, value] of Object.entries(values) as [SettingName, unknown][]) {
      if (value === undefined || settings[name] !== undefined) continue;
      settings[name] = value;
      provenance[name] = source;
    }
  };
  learn(info?.settings ?? {}, "/server_info");
  const metrics = await askServer(baseUrl, "/metrics", asking);
  const text = metrics.status === 200 ? metrics.text : "";
  learn(metricsSettings(text, `${shownUrl(baseUrl)}/metrics`), "/metrics");
  learn({ max_model_len: served.maxModelLen }, "/v1/models");
  rejectContradictions(options.stated ?? {}, settings, provenance);
  learn(options.stated ?? {}, "stated");
  return {
    engine: served.engine,
    version,
    model: { name: served.name, ...info?.model },
    settings,
    ownSettings,
    provenance,
    unknown: settingNames.filter((name) => settings[name] === undefined),
    unmodelled: uniqueBySeen([...(info?.unmodelled ?? []), ...unmodelledMetrics(text)]),
    leftOut: info?.leftOut ?? [],
    hardware: info?.hardware ?? {},
    isDevMode: info !== undefined,
  };
}

/** Of another engine: its own settings, and none of vLLM's. */
function settingsOfOther(
  { engine, name, maxModelLen }: ServedModel,
  version: string | undefined,
  ownSettings: ServerSettings["ownSettings"],
): ServerSettings {
  return {
    engine,
    version,
    model: { name },
    settings: { ...defined({ max_model_len: maxModelLen }) },
    ownSettings,
    provenance: maxModelLen === undefined ? {} : { max_model_len: "/v1/models" },
    unknown: [],
    unmodelled: [],
    leftOut: [],
    hardware: {},
    isDevMode: false,
  };
}

async function serverInfo(baseUrl: ServerRef, asking: AskOptions): Promise<ServerInfo | undefined> {
  const { status, text } = await askServer(baseUrl, "/server_info?config_format=json", asking);
  if (status !== 200) return undefined;
  const where = `${shownUrl(baseUrl)}/server_info`;
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (cause) {
    throw new BackendError(`${where} answered with "${plainLine(text, 60)}", expected JSON`, { cause });
  }
  const info = serverInfoOf(answer);
  if (info === undefined) throw new BackendError(`${where} has no vllm_config, expected vLLM's configuration`);
  return info;
}

function uniqueBySeen(all: readonly Unmodelled[]): Unmodelled[] {
  return [...new Map(all.map((of) => [of.seen, of])).values()];
}

function metricsSettings(text: string, where: string): Partial<Record<SettingName, unknown>> {
  const cache = snapshotOf(text, where).cacheConfig;
  if (cache === undefined) return {};
  const caching = cache.labels.get("enable_prefix_caching");
  const memory = Number(cache.labels.get("gpu_memory_utilization"));
  return {
    block_size: cache.block_size,
    num_gpu_blocks: cache.num_gpu_blocks,
    enable_prefix_caching: caching === "True" ? true : caching === "False" ? false : undefined,
    gpu_memory_utilization: Number.isNaN(memory) ? undefined : memory,
  };
}

function rejectContradictions(
  stated: Readonly<Partial<Record<SettingName, unknown>>>,
  settings: Readonly<Partial<Record<SettingName, unknown>>>,
  provenance: Readonly<Partial<Record<SettingName, SettingSource>>>,
): void {
  for (const [name, value] of Object.entries(stated) as [SettingName, unknown][]) {
    const told = settings[name];
    if (value === undefined || told === undefined || JSON.stringify(told) === JSON.stringify(value)) continue;
    throw new ConfigError(
      `${name}: given as ${JSON.stringify(value)}, but the server's ${provenance[name]!} says ${JSON.stringify(told)}; leave it out`,
    );
  }
}
