/**
 * What `bench:growth` times: a middle workload, and axes along each of which one quantity of it varies. A closed loop of
 * conversations; settings are the profile's, apart from those that the axes need.
 */
import { loadSchema, withFields, type WorkloadRequest } from "../../formats/index.js";
import { stream } from "../../sim/index.js";
import type { BenchRun } from "./simulate-bench.js";
import { drawTokens } from "./token-lengths.js";

export interface GrowthPoint {
  readonly requests: number;
  /** Mean of the lognormal, before lengths are rounded and cut. */
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Requests at a time, of each replica. */
  readonly concurrency: number;
  /** KV blocks of each replica. */
  readonly blocks: number;
  /** How much of each prompt is the beginning of one of `PREFIXES` texts, %. 0: prefix caching is off. */
  readonly sharedPercent: number;
  readonly replicas: number;
}

export interface GrowthAxis {
  readonly name: string;
  readonly of: keyof GrowthPoint;
  readonly values: readonly number[];
}

const MIDDLE: GrowthPoint = {
  requests: 20_000,
  promptTokens: 220,
  outputTokens: 200,
  concurrency: 64,
  blocks: 28_982,
  sharedPercent: 0,
  replicas: 1,
};
const PREFIXES = 100;
/** Longest prompt, and longest answer. */
const LONGEST_TOKENS = 8192;

/** By the name that `--axis` takes. */
export const growthAxes = {
  requests: { name: "requests", of: "requests", values: [5_000, 20_000, 80_000, 320_000] },
  output: { name: "mean output tokens", of: "outputTokens", values: [50, 200, 800, 3_200] },
  prompt: { name: "mean prompt tokens", of: "promptTokens", values: [55, 220, 880, 3_520] },
  concurrency: { name: "concurrency", of: "concurrency", values: [16, 64, 256, 1_024] },
  blocks: { name: "KV blocks", of: "blocks", values: [1_000, 2_000, 4_000, 8_000] },
  shared: { name: "shared prefix, %", of: "sharedPercent", values: [10, 30, 60, 90] },
  replicas: { name: "replicas", of: "replicas", values: [1, 2, 4, 8] },
} as const satisfies Readonly<Record<string, GrowthAxis>>;

export type AxisKey = keyof typeof growthAxes;
export const axisKeys = Object.keys(growthAxes) as AxisKey[];

export function pointsOf({ of, values }: GrowthAxis): GrowthPoint[] {
  return values.map((value) => ({ ...MIDDLE, [of]: value }));
}

/** Its requests come from a stream named after the lengths, so that points which differ in other things serve the same ones. */
export function runAt(point: GrowthPoint): BenchRun {
  const { requests: count, promptTokens, outputTokens, concurrency, blocks, sharedPercent, replicas } = point;
  const random = stream(`bench/growth/${promptTokens}/${outputTokens}`);
  const requests = Array.from({ length: count }, (_, index): WorkloadRequest => {
    const prompt = drawTokens(random, { meanTokens: promptTokens, sigma: 1, longestTokens: LONGEST_TOKENS });
    const output = drawTokens(random, { meanTokens: outputTokens, sigma: 0.8, longestTokens: LONGEST_TOKENS });
    const request = { id: String(index), promptTokens: prompt, outputTokens: output };
    return sharedPercent === 0 ? request : withFields(request, { content: contentOf(index, prompt, sharedPercent) });
  });
  const maxConcurrency = concurrency * replicas;
  return {
    workload: { requests, maxConcurrency, thinkNs: 0 },
    load: loadSchema.parse({ num_prompts: count, max_concurrency: maxConcurrency }),
    settings: {
      max_num_seqs: 1024,
      max_model_len: 2 * LONGEST_TOKENS,
      num_gpu_blocks: blocks,
      enable_prefix_caching: sharedPercent > 0,
    },
    replicas,
  };
}

/** The beginning of a text that every `PREFIXES`-th request has, then tokens of its own. */
function contentOf(
  index: number,
  promptTokens: number,
  sharedPercent: number,
): NonNullable<WorkloadRequest["content"]> {
  const shared = Math.round((promptTokens * sharedPercent) / 100);
  const parts = [
    [index % PREFIXES, shared],
    [PREFIXES + index, promptTokens - shared],
  ] as const;
  return parts.filter(([, tokens]) => tokens > 0);
}
