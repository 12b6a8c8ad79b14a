/**
 * Whether a server can be measured: one finding per thing that a load, a calibration or a view of the server needs, and
 * what to do where it is missing. Sends two short requests.
 */
import { BackendError } from "../../../formats/index.js";
import {
  accessHint,
  askServer,
  engineTitle,
  isOtherEngine,
  NEEDS_VLLM,
  errorText,
  addressOf,
  INSECURE_NOTE,
  shownUrl,
  type ServerRef,
} from "../access/index.js";
import { defaultLimits, openPool, requestBody, type BodyOptions, makeSending, type Exchange } from "../client/index.js";
import { checkVersion, type ServerFinding } from "./check-version.js";
import { readServerSettings, type ServerSettings } from "./settings.js";
import { snapshotOf } from "./vllm-metrics.js";

const PROMPT_TOKENS = 8;
const OUTPUT_TOKENS = 5;
const limits = { ...defaultLimits, connections: 2, stallMs: 60_000, requestMs: 120_000 };
/** Ids that nearly every vocabulary has. */
const VOCAB = 1_000;

export interface CheckOptions {
  /** Absent: the first model that is served. */
  readonly model?: string | undefined;
  /** Of vLLM, to check settings and flags against; absent: the server's. */
  readonly version?: string | undefined;
  /** A line of `vllm serve` flags to check, too. */
  readonly serveArgs?: string | undefined;
}

/** Asks a server and sends it short requests; BackendError when it does not answer at all, ConfigError for another model. */
export async function checkServer(baseUrl: ServerRef, options: CheckOptions = {}): Promise<ServerFinding[]> {
  const settings = await readServerSettings(baseUrl, { model: options.model });
  const { engine } = settings;
  const { name } = settings.model;
  const length = settings.settings.max_model_len;
  const body: BodyOptions = {
    model: name,
    engine,
    endpoint: "/v1/completions",
    sampling: { ignoreEos: true, temperature: 0 },
    seed: "doctor",
    vocab: VOCAB,
    cacheSalt: "servesim doctor",
    returnTokenIds: false,
  };
  return [
    serverFinding(settings, baseUrl),
    ...(addressOf(baseUrl).isInsecure ? [missing("TLS", INSECURE_NOTE)] : []),
    essential("model", true, `${name}, ${length === undefined ? "length unknown" : `up to ${Number(length)} tokens`}`),
    ...(await completionFindings(baseUrl, body)),
    ...(isOtherEngine(engine)
      ? otherFindings(settings)
      : [...(await vllmFindings(settings, baseUrl)), ...versionFindings(settings, options)]),
  ];
}

function versionFindings({ version: own, settings }: ServerSettings, options: CheckOptions): ServerFinding[] {
  const { version = own, serveArgs } = options;
  return version === undefined ? [] : checkVersion({ version, serveArgs, settings });
}

function serverFinding({ engine, version }: ServerSettings, baseUrl: ServerRef): ServerFinding {
  if (isOtherEngine(engine)) {
    return essential(
      "server",
      true,
      `${[engineTitle(engine), version ?? []].flat().join(" ")} at ${shownUrl(baseUrl)}`,
    );
  }
  if (version !== undefined) return essential("server", true, `vLLM ${version} at ${shownUrl(baseUrl)}`);
  return missing(
    "server",
    "answers, but not to /version: is it vLLM? Others are measured without a view of the server",
  );
}

/** Of another engine: it can be measured, and no more. */
function otherFindings({ engine, ownSettings }: ServerSettings): ServerFinding[] {
  const known = Object.entries(ownSettings).map(([name, value]) => `${name} ${String(value)}`);
  return [
    info("settings", known.length === 0 ? `${engineTitle(engine)} reports none` : known.join(", ")),
    missing("calibration", `not possible: ${NEEDS_VLLM}. bench --backend vllm measures this server`),
  ];
}

async function vllmFindings(settings: ServerSettings, baseUrl: ServerRef): Promise<ServerFinding[]> {
  const { unmodelled, leftOut } = settings;
  return [
    await metricsFinding(baseUrl),
    devModeFinding(settings),
    settingsFinding(settings),
    ...unmodelled.map(({ seen, remedy }) =>
      missing("model of it", `${seen} is not modelled, so calibrate rejects this server; ${remedy}`),
    ),
    ...leftOut.map((what) => missing("model of it", `${what} is not modelled: simulations of this server will be off`)),
    cachingFinding(settings),
  ];
}

async function completionFindings(baseUrl: ServerRef, options: BodyOptions): Promise<ServerFinding[]> {
  const address = addressOf(baseUrl);
  const { endpoint } = options;
  const pool = openPool(address, limits);
  const request = { id: "doctor", promptTokens: PROMPT_TOKENS, outputTokens: OUTPUT_TOKENS };
  try {
    const whole = {
      ...(JSON.parse(requestBody(request, options).toString()) as object),
      stream: false,
      stream_options: undefined,
    };
    const answer = await askServer(address, endpoint, { post: JSON.stringify(whole), withinMs: limits.requestMs });
    const sending = makeSending({ address, endpoint, asked: request, ...limits, keepsText: false });
    sending.send(pool, requestBody(request, options));
    const exchange = await sending.done;
    return [
      wholeFinding(answer.status, answer.text),
      streamFinding(exchange),
      tokensFinding(exchange),
      ...(isOtherEngine(options.engine) ? [] : [timesFinding(exchange)]),
    ];
  } catch (cause) {
    if (!(cause instanceof BackendError)) throw cause;
    throw new BackendError(`a short completion failed: ${cause.message}`, { cause });
  } finally {
    await pool.destroy();
  }
}

function wholeFinding(status: number, text: string): ServerFinding {
  if (status === 200) return essential("completion", true, `${PROMPT_TOKENS} token ids in, HTTP 200`);
  return essential(
    "completion",
    false,
    `HTTP ${status} (${errorText(text)})${accessHint(status)}; the server must take token ids at /v1/completions`,
  );
}

function streamFinding({ failure, chunkNs, sentNs }: Exchange): ServerFinding {
  if (failure !== undefined) return essential("streaming", false, `${failure.message}; latencies need a stream`);
  const firstMs = (chunkNs[0]! - sentNs!) / 1e6;
  return essential("streaming", true, `${chunkNs.length} chunks, the first after ${firstMs.toFixed(1)} ms`);
}

function tokensFinding({ failure, promptTokens, outputTokens }: Exchange): ServerFinding {
  if (failure !== undefined) return essential("tokens counted", false, "no stream, so no count");
  const got = `${promptTokens ?? "unknown"} in, ${outputTokens ?? "unknown"} out`;
  if (promptTokens === PROMPT_TOKENS && outputTokens === OUTPUT_TOKENS)
    return essential("tokens counted", true, `${got}, as asked`);
  const asked = `asked for ${PROMPT_TOKENS} and ${OUTPUT_TOKENS}`;
  return essential(
    "tokens counted",
    false,
    `${got}, ${asked}; lengths must be exact: does the server honour ignore_eos?`,
  );
}

function timesFinding({ serverTimes }: Exchange): ServerFinding {
  if (serverTimes !== undefined)
    return essential("times per request", true, "queue, prefill and decode in the last chunk");
  return info(
    "times per request",
    "not in the last chunk; --enable-per-request-metrics, or spans to bench's --otlp-port",
  );
}

async function metricsFinding(baseUrl: ServerRef): Promise<ServerFinding> {
  const { status, text } = await askServer(baseUrl, "/metrics");
  const remedy = "start vLLM without --disable-log-stats for its view of a run";
  if (status !== 200) return missing("metrics", `/metrics answered with HTTP ${status}; ${remedy}`);
  const { histograms, cacheConfig } = snapshotOf(text, `${shownUrl(baseUrl)}/metrics`);
  const count = Object.keys(histograms).length;
  if (count === 0) return missing("metrics", `/metrics has no histogram of vLLM's; ${remedy}`);
  const blocks = cacheConfig?.num_gpu_blocks === undefined ? "" : `, ${cacheConfig.num_gpu_blocks} KV blocks`;
  return { what: "metrics", state: "ok", detail: `${count} histograms${blocks}`, isEssential: false };
}

function devModeFinding({ isDevMode }: ServerSettings): ServerFinding {
  if (isDevMode)
    return { what: "dev mode", state: "ok", detail: "/server_info reports its settings", isEssential: false };
  return missing("dev mode", "start vLLM with VLLM_SERVER_DEV_MODE=1, or state its settings as flags of calibrate");
}

function settingsFinding({ settings, unknown }: ServerSettings): ServerFinding {
  const known = `${Object.keys(settings).length} known`;
  if (unknown.length === 0) return info("settings", known);
  return info("settings", `${known}; unknown: ${unknown.join(", ")}`);
}

function cachingFinding({ settings }: ServerSettings): ServerFinding {
  const caching = settings.enable_prefix_caching;
  if (caching === false) return info("prefix caching", "off");
  const state = caching === true ? "on" : "unknown";
  return info("prefix caching", `${state}; prompts of random token ids never repeat, so it does not disturb`);
}

function essential(what: string, isOk: boolean, detail: string): ServerFinding {
  return { what, state: isOk ? "ok" : "missing", detail, isEssential: true };
}

function missing(what: string, detail: string): ServerFinding {
  return { what, state: "missing", detail, isEssential: false };
}

function info(what: string, detail: string): ServerFinding {
  return { what, state: "info", detail, isEssential: false };
}
