/** What a live calibration must know of a server before it sends probes: settings that bound them, ids that it takes, its cache. */
import { ConfigError, greatest, defined } from "../../formats/index.js";
import {
  readServerSettings,
  startServerWatch,
  type ServerSettings,
  type SettingsOptions,
  type SettingName,
} from "../../real/vllm/server/index.js";
import {
  measureVllm,
  NEEDS_VLLM,
  rejectOtherEngine,
  shownUrl,
  type BenchVllmInput,
  type ServerRef,
} from "../../real/vllm/index.js";
import { rejectSeen } from "../../sim/index.js";
import { realClock } from "../../real/index.js";
import type { ProbedServer } from "../../calibrate/vllm/index.js";

/** Without these neither probes nor the fit mean anything. */
const indispensable: readonly SettingName[] = [
  "max_num_seqs",
  "max_num_batched_tokens",
  "max_model_len",
  "async_scheduling",
  // A profile's memory follows from these; without them a fit would run to its end in vain.
  "num_gpu_blocks",
  "block_size",
];

/** The server's limits; ConfigError names the settings that it does not report, and how to state them. */
function probedServerOf({ settings, unknown }: ServerSettings): ProbedServer {
  const missing = indispensable.filter((name) => unknown.includes(name));
  if (missing.length > 0) {
    const flags = missing.map((name) => `--${name.replaceAll("_", "-")}`).join(", ");
    throw new ConfigError(
      `the server does not report ${missing.join(", ")}; give the values it was started with (${flags}), or start it with VLLM_SERVER_DEV_MODE=1`,
    );
  }
  const {
    num_gpu_blocks: blocks,
    block_size: blockSize,
    cudagraph_capture_sizes: graphs,
    enforce_eager: isEager,
  } = settings;
  const sizes = isEager === true ? [] : (graphs as readonly number[] | undefined);
  return {
    maxNumSeqs: Number(settings.max_num_seqs),
    maxNumBatchedTokens: Number(settings.max_num_batched_tokens),
    maxModelLen: Number(settings.max_model_len),
    // One block is the scheduler's own.
    kvTokens: (Number(blocks) - 1) * Number(blockSize),
    ...(sizes === undefined ? {} : { largestGraph: Math.max(0, greatest(sizes)) }),
  };
}

export interface LearntServer {
  readonly settings: ServerSettings;
  readonly server: ProbedServer;
}

export async function learnServer(
  baseUrl: ServerRef,
  model: string | undefined,
  { stated, signal }: Pick<SettingsOptions, "stated" | "signal">,
): Promise<LearntServer> {
  const settings = await readServerSettings(baseUrl, { model, ...defined({ stated }), signal });
  rejectOtherEngine(settings.engine, baseUrl, `${NEEDS_VLLM}; it can be measured with bench --backend vllm`);
  if (settings.engine !== "vllm") {
    throw new ConfigError(
      `${shownUrl(baseUrl)} does not say that it is a vLLM server (engine "${settings.engine}"), expected vLLM: ${NEEDS_VLLM}; ` +
        "it can be measured with bench --backend vllm",
    );
  }
  rejectSeen(settings.unmodelled, shownUrl(baseUrl));
  return { settings, server: probedServerOf(settings) };
}

export interface PrefixCacheFinding {
  /** Tokens of a repeated prompt that were found in the cache; undefined where neither usage nor metrics report them. */
  readonly hitTokens: number | undefined;
  readonly promptTokens: number;
}

/** Sends one prompt of random ids twice: does the server keep prompts? */
export async function tryPrefixCache(
  common: Omit<BenchVllmInput, "workload" | "load">,
  promptTokens: number,
): Promise<PrefixCacheFinding> {
  const requests = ["first", "again"].map((word) => ({
    id: `prefix-${word}`,
    promptTokens,
    outputTokens: 1,
    content: [[1, promptTokens]] as const,
  }));
  const watch = await startServerWatch(common.baseUrl, { everyMs: 0, signal: common.signal });
  const workload = { requests, maxConcurrency: 1, thinkNs: 0 };
  const { run } = await measureVllm({ ...common, workload, load: { kind: "probes" } });
  const view = await watch.stop(realClock.nowNs());
  return { hitTokens: run.requests[1]?.cachedTokens ?? view.counters.cached_tokens, promptTokens };
}
