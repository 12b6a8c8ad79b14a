/**
 * What a recorded or running vLLM server used that no profile and no simulation of servesim models: several engines or
 * pipeline stages behind one address, drafts, KV from elsewhere, adapters. Seen in settings, in the flags of its start,
 * and in answers whose chunks hold several tokens though nobody else was served. Tensor parallelism is a fact of a
 * profile.
 */
import { ConfigError, type RequestRecord, type Run } from "../../../formats/index.js";

interface Feature {
  readonly name: string;
  /** Settings that turn it on, by vLLM's names, and short flags that set the first. */
  readonly settings: readonly string[];
  readonly short: readonly string[];
  readonly remedy: string;
}

const OTHER_SERVER = "measure a server without it";

/** Modelled where the settings of a run say how many engines there are. */
const dataParallelism: Feature = {
  name: "data parallelism",
  settings: ["data_parallel_size"],
  short: ["-dp"],
  remedy:
    "for a recorded run, put data_parallel_size (and enable_expert_parallel) into engine.settings of its run.json; probes measure " +
    "one engine: calibrate a server with data_parallel_size 1, or fit recorded loads",
};

const features: readonly Feature[] = [
  {
    name: "pipeline parallelism",
    settings: ["pipeline_parallel_size"],
    short: ["-pp"],
    remedy: "measure a server without it; tensor parallelism can be measured",
  },
  {
    name: "context parallelism",
    settings: ["decode_context_parallel_size", "prefill_context_parallel_size"],
    short: ["-dcp", "-pcp"],
    remedy: OTHER_SERVER,
  },
  {
    name: "speculative decoding",
    settings: ["speculative_config", "speculative_model", "num_speculative_tokens"],
    short: ["-sc"],
    remedy: OTHER_SERVER,
  },
  {
    name: "KV transfer",
    settings: ["kv_transfer_config"],
    short: [],
    remedy: "measure a server that computes its own prefills",
  },
  {
    name: "LoRA",
    settings: ["enable_lora", "lora_config"],
    short: [],
    remedy: "measure the base model without adapters",
  },
];

/** Something a server uses and no profile models. */
export interface Unmodelled {
  /** What was seen: "data_parallel_size = 2 (data parallelism)". */
  readonly seen: string;
  readonly remedy: string;
}

/** By settings, as vLLM names them. */
export function unmodelledSettings(settings: Readonly<Record<string, unknown>>): Unmodelled[] {
  return unmodelledOf(features, settings);
}

function unmodelledOf(some: readonly Feature[], settings: Readonly<Record<string, unknown>>): Unmodelled[] {
  return some.flatMap(({ name, settings: names, remedy }) =>
    names.flatMap((setting) => {
      const value = settings[setting];
      return isUsed(value) ? [{ seen: `${setting} = ${JSON.stringify(value)} (${name})`, remedy }] : [];
    }),
  );
}

/** One of the features, by its name, seen somewhere else. */
export function unmodelledFeature(name: string, evidence: string): Unmodelled {
  const feature = [dataParallelism, ...features].find((of) => of.name === name)!;
  return { seen: `${evidence} (${name})`, remedy: feature.remedy };
}

/** ConfigError where the server of a recorded run used what is not modelled; `source` names the run. */
export function rejectUnmodelled(run: Run, source: string): void {
  const { settings, args, unmodelled } = run.info.engine;
  const knowsRanks = settings.data_parallel_size !== undefined;
  const seenThen = (Array.isArray(unmodelled) ? unmodelled.map(String) : []).flatMap((seen) => {
    const isRanks = seen.endsWith(`(${dataParallelism.name})`);
    if (isRanks && knowsRanks) return [];
    return [{ seen, remedy: isRanks ? dataParallelism.remedy : OTHER_SERVER }];
  });
  const flags = flagsOf(args);
  const ofRanks = knowsRanks ? [] : unmodelledOf([dataParallelism], flags);
  const seen = [...seenThen, ...ofRanks, ...unmodelledSettings({ ...flags, ...settings })];
  rejectSeen([...seen, ...severalTokensAChunk(run.requests)], source);
}

/** ConfigError with all that was seen. */
export function rejectSeen(seen: readonly Unmodelled[], source: string): void {
  if (seen.length === 0) return;
  const remedies = [...new Set(seen.map(({ remedy }) => remedy))];
  throw new ConfigError(
    `${source}: the server uses features that are not modelled: ${seen.map((of) => of.seen).join(", ")}; ${remedies.join("; ")}`,
  );
}

/** A size of 1, false, null or nothing at all: not used. */
function isUsed(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === "") return false;
  const size = typeof value === "object" || value === true ? NaN : Number(value);
  return Number.isNaN(size) ? true : size > 1;
}

/** Settings out of a command line: --data-parallel-size 2, --data_parallel_size=2, -dp 2, --enable-lora. */
function flagsOf(args: unknown): Record<string, unknown> {
  if (typeof args !== "string") return {};
  const words = args.split(/\s+/).filter((word) => word !== "");
  const found: Record<string, unknown> = {};
  words.forEach((word, at) => {
    const [flag = "", given] = word.split(/=(.*)/s);
    const value = given ?? (words[at + 1]?.startsWith("-") === false ? words[at + 1] : true);
    const short = [dataParallelism, ...features].flatMap((of) =>
      of.short.includes(flag) ? of.settings[of.short.indexOf(flag)]! : [],
    )[0];
    if (short !== undefined) found[short] = value;
    else if (flag.startsWith("--")) found[flag.slice(2).replaceAll("-", "_")] = value;
  });
  return found;
}

/** The fewest requests served alone that say anything, and the fewest outputs that they need. */
const MIN_LONE = 3;
const MIN_OUTPUTS = 8;
/**
 * A front end merges tokens when it is busy; for a lone request 3 % of chunks hold two at most, as measured on a CPU.
 */
const MAX_TOKENS_PER_CHUNK = 1.2;

function severalTokensAChunk(requests: readonly RequestRecord[]): Unmodelled[] {
  const ratios = loneRequests(requests)
    .flatMap(({ outputTokens, extra }) => {
      const chunks = Number(extra?.chunks ?? NaN);
      return outputTokens >= MIN_OUTPUTS && chunks > 0 ? [outputTokens / chunks] : [];
    })
    .sort((a, b) => a - b);
  const median = ratios[ratios.length >> 1];
  if (median === undefined || ratios.length < MIN_LONE || median <= MAX_TOKENS_PER_CHUNK) return [];
  return [
    {
      seen: `${median.toFixed(2)} tokens per chunk in the median of ${ratios.length} requests that were alone`,
      remedy:
        "speculative decoding, a stream_interval above 1 or a proxy that buffers does that; measure a server without it, and without the proxy",
    },
  ];
}

/** Answered requests that overlap with no other. */
function loneRequests(requests: readonly RequestRecord[]): RequestRecord[] {
  const byArrival = [...requests].sort((a, b) => a.arrivalNs - b.arrivalNs);
  let latestEndNs = -Infinity;
  return byArrival.filter((request, at) => {
    const { arrivalNs, lastTokenNs = arrivalNs, status } = request;
    const isFirst = arrivalNs >= latestEndNs;
    latestEndNs = Math.max(latestEndNs, lastTokenNs);
    return status === "ok" && isFirst && (byArrival[at + 1]?.arrivalNs ?? Infinity) >= lastTokenNs;
  });
}
