/**
 * The six cases that the simulator's speed is measured on: requests and the policy's settings. Deterministic: lengths
 * and arrivals come from named streams. The machine is one recorded vLLM server of an 8B model (28982 blocks of 16).
 */
import {
  InvariantError,
  loadSchema,
  withFields,
  type Load,
  type Session,
  type Workload,
  type WorkloadRequest,
} from "../../formats/index.js";
import { readTrace } from "../../formats/files/index.js";
import { arrivalTimesNs, stream, workloadFromSessions } from "../../sim/index.js";
import { drawTokens, type LengthShape } from "./token-lengths.js";

export const caseNames = ["dense", "poisson", "million", "pressure", "mooncake", "agents"] as const;
export type CaseName = (typeof caseNames)[number];

export interface BenchCase {
  readonly workload: Workload;
  readonly load: Load;
  /** Of the vllm policy, by vLLM's names. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What a reader should know of it, in a few words. */
  readonly note: string;
}

/**
 * How much of a server is simulated: `default` is what a user runs, the shipped profile with its front end, varying times
 * and its own settings; `bare` is the engine alone at mean times, which is what peers model.
 */
export const benchModes = ["default", "bare"] as const;
export type BenchMode = (typeof benchModes)[number];

export interface CaseOptions {
  readonly mode: BenchMode;
  /** Instead of the case's own number, for a quick look. */
  readonly requests?: number | undefined;
  /** Requests/s that the settings sustain under that workload; asked for where the case's rate depends on it. */
  readonly capacityPerS: (settings: BenchCase["settings"], workload: Workload) => number;
}

/** Conversation lengths, cut where both together still fit in 4096 tokens. Means after the cut: about 217 and 190. */
const PROMPT_SHAPE: LengthShape = { meanTokens: 220, sigma: 1, longestTokens: 2048 };
const OUTPUT_SHAPE: LengthShape = { meanTokens: 190, sigma: 0.8, longestTokens: 2048 };

const SERVER = { num_gpu_blocks: 28_982, block_size: 16, enable_prefix_caching: false };
/** What the peer of bench/peers models too: one step at a time, so async scheduling is off on both sides of `bare`. */
const COMPARED = { ...SERVER, max_num_seqs: 256, max_num_batched_tokens: 8192, async_scheduling: false };
const MOONCAKE_PATH = "../shared/data/mooncake/synthetic_trace.jsonl.gz";
const MOONCAKE_LONGEST_TOKENS = 131_072;
const AGENTS_PATH = "../shared/data/agent-sessions";
/** Sessions side by side, and a pool that holds the contexts of nearly all of them. */
const AGENTS = { concurrent: 100, numGpuBlocks: 800_000, longestTokens: 300_000 };
const UTILISATION = 0.7;
/** Requests of the run that finds the capacity: long enough that filling up and draining weigh little. */
const CAPACITY_REQUESTS = 8192;

/** Builds a case: all of its workload, so that nothing of it is left to the measured time. */
export async function buildCase(name: CaseName, options: CaseOptions): Promise<BenchCase> {
  return builders[name](options);
}

const builders: Readonly<Record<CaseName, (options: CaseOptions) => BenchCase | Promise<BenchCase>>> = {
  dense: ({ requests = 131_072, mode }) => ({
    workload: closedLoop(
      Array.from({ length: requests }, (_, index) => ({ id: String(index), promptTokens: 1024, outputTokens: 128 })),
      64,
    ),
    load: loadSchema.parse({ num_prompts: requests, max_concurrency: 64, output_len: 128 }),
    settings: comparedSettings(mode),
    note: "closed loop of 64, 1024 in, 128 out",
  }),
  poisson: ({ requests = 100_000, mode }) => ({
    ...openLoop("poisson", requests, 10),
    settings: comparedSettings(mode),
    note: "10 requests/s, lognormal lengths",
  }),
  million: ({ requests = 1_000_000, capacityPerS }) => {
    const settings = { ...SERVER, max_num_seqs: 128, max_num_batched_tokens: 2048 };
    const saturated = closedLoop(conversations("million/capacity", CAPACITY_REQUESTS), 128);
    const ratePerS = UTILISATION * capacityPerS(settings, saturated);
    return {
      ...openLoop("million", requests, ratePerS),
      settings,
      note: `${ratePerS.toFixed(1)} requests/s, ${UTILISATION * 100} % of what a closed loop of 128 completes`,
    };
  },
  pressure: ({ requests = 100_000 }) => ({
    workload: closedLoop(conversations("pressure", requests), 64),
    load: loadSchema.parse({ num_prompts: requests, max_concurrency: 64 }),
    settings: { ...SERVER, num_gpu_blocks: 1600, max_num_seqs: 128, max_num_batched_tokens: 2048 },
    note: "closed loop of 64 on 1600 blocks, lognormal lengths",
  }),
  agents: async ({ requests = 100_000 }) => {
    const { sessions } = await readTrace(AGENTS_PATH, { format: "agent", loadTokenizer: noText });
    const load = loadSchema.parse({
      workload: AGENTS_PATH,
      num_sessions: sessionsWith(requests, sessions!),
      max_sessions: AGENTS.concurrent,
    });
    return {
      workload: workloadFromSessions(load, sessions!, "agents"),
      load,
      settings: {
        ...SERVER,
        num_gpu_blocks: AGENTS.numGpuBlocks,
        enable_prefix_caching: true,
        max_num_seqs: 128,
        max_num_batched_tokens: 8192,
        max_model_len: AGENTS.longestTokens,
      },
      note: `recorded coding agents again and again, ${AGENTS.concurrent} sessions side by side on ${AGENTS.numGpuBlocks} blocks`,
    };
  },
  mooncake: async ({ requests = Infinity }) => {
    const { requests: all } = await readTrace(MOONCAKE_PATH, { format: "mooncake", loadTokenizer: noText });
    const fitting = all.filter((request) => request.promptTokens + request.outputTokens <= MOONCAKE_LONGEST_TOKENS);
    const left = all.length - fitting.length;
    return {
      workload: { requests: fitting.slice(0, requests), maxConcurrency: Infinity, thinkNs: 0 },
      load: loadSchema.parse({ workload: MOONCAKE_PATH }),
      settings: {
        ...SERVER,
        enable_prefix_caching: true,
        max_num_seqs: 128,
        max_num_batched_tokens: 8192,
        max_model_len: MOONCAKE_LONGEST_TOKENS,
      },
      note: `the public trace with prefix caching, without ${left} requests above ${MOONCAKE_LONGEST_TOKENS} tokens`,
    };
  },
};

/** How many sessions, taken again from the first, have at least so many turns. */
function sessionsWith(turns: number, sessions: readonly Session[]): number {
  let count = 0;
  for (let left = turns; left > 0; count++) left -= sessions[count % sessions.length]!.turns.length;
  return count;
}

/** As the profile's server was recorded, or as the peer models it. */
function comparedSettings(mode: BenchMode): BenchCase["settings"] {
  return mode === "default" ? {} : COMPARED;
}

function openLoop(purpose: string, count: number, ratePerS: number): Pick<BenchCase, "workload" | "load"> {
  const process = { ratePerS, burstiness: 1, kind: "gamma" } as const;
  const arrivals = arrivalTimesNs(count, process, stream(`bench/${purpose}/arrivals`));
  const requests = conversations(purpose, count).map((request, index) =>
    withFields(request, { arrivalNs: arrivals[index]! }),
  );
  return {
    workload: { requests, maxConcurrency: Infinity, thinkNs: 0 },
    load: loadSchema.parse({ num_prompts: count, request_rate: ratePerS }),
  };
}

function closedLoop(requests: readonly WorkloadRequest[], maxConcurrency: number): Workload {
  return { requests, maxConcurrency, thinkNs: 0 };
}

function conversations(purpose: string, count: number): WorkloadRequest[] {
  const prompts = stream(`bench/${purpose}/prompt-tokens`);
  const outputs = stream(`bench/${purpose}/output-tokens`);
  return Array.from({ length: count }, (_, index) => ({
    id: String(index),
    promptTokens: drawTokens(prompts, PROMPT_SHAPE),
    outputTokens: drawTokens(outputs, OUTPUT_SHAPE),
  }));
}

function noText(): never {
  throw new InvariantError("a Mooncake trace asked for a tokenizer, expected lengths alone");
}
