/**
 * Published mean TTFT and TPOT of vLLM 0.12 serving Qwen3-32B on H100s, closed loops over lengths, concurrency and tensor
 * parallel size. For each size the model is fitted to every other point and scored on the rest. The server's settings were
 * not published: `max_num_seqs` 1024, KV blocks as memory leaves them; the token budget and how many requests each client sent are
 * those that fit best.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { costOf, guessed, searchCosts, startFrom } from "../../calibrate/vllm/index.js";
import { ConfigError, type VllmEngineCost } from "../../formats/index.js";
import { checkRows, readCsv } from "../../formats/files/index.js";
import { limitsOf, simulateSteps, stepCostOf, summarise, vllmSchedulers } from "../../sim/index.js";
import { markdownTable } from "../original-suite/markdown-table.js";

const SETTINGS = {
  vllm_version: "0.12.0",
  max_num_seqs: 1024,
  max_model_len: 40_960,
  block_size: 16,
  enable_prefix_caching: false,
} as const;
const budgets = [2048, 8192] as const;
/** Requests a client sends, one after the other. */
const turns = [2, 5, 10] as const;
/** Qwen3-32B in bfloat16 on GPUs of 80 GB of which vLLM takes 0.9: weights, workspace of a GPU, KV of a token. */
const GPU_BYTES = 85.5e9;
const WEIGHT_BYTES = 65.5e9;
const WORKSPACE_BYTES = 4e9;
const KV_TOKEN_BYTES = 262_144;
/** Trials to choose a budget and a number of requests with, as a share of those of the fit. */
const CHOICE_EFFORT = 0.3;

const count = z.string().pipe(z.coerce.number<string>()).pipe(z.int().positive());
const ms = z.string().pipe(z.coerce.number<string>()).pipe(z.number().positive());
const row = z.looseObject({
  isl: count,
  osl: count,
  batch_size: count.optional(),
  tp_size: count.optional(),
  silicon_ttft_ms: ms,
  silicon_tpot_ms: ms,
});

interface Conditions {
  readonly budget: number;
  readonly perClient: number;
}

interface Point {
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly clients: number;
  readonly parallel: number;
  readonly ttftMs: number;
  readonly tpotMs: number;
}

export async function aiconfiguratorSection(data: string): Promise<string> {
  const points = await readPoints(data);
  const sizes = [...new Set(points.map(({ parallel }) => parallel))].sort((a, b) => a - b);
  const rows = sizes.map((size) => {
    console.error(`fitting: tensor parallel ${size}`);
    return scoreSize(
      size,
      points.filter(({ parallel }) => parallel === size),
    );
  });
  const header = [
    "GPUs",
    "points scored",
    "token budget",
    "requests a client",
    "TTFT median",
    "TTFT P90",
    "TPOT median",
    "TPOT P90",
  ];
  return `Absolute errors on the points that are not in the fit, %.\n\n${markdownTable(header, rows)}`;
}

async function readPoints(data: string): Promise<Point[]> {
  if (!existsSync(data)) throw new ConfigError(`${data}: no such folder, expected a CSV of aiconfigurator`);
  const file = readdirSync(data).find((name) => name.endsWith(".csv"));
  if (file === undefined) throw new ConfigError(`${data}: no CSV in it`);
  const path = join(data, file);
  const rows = checkRows(row, await readCsv(path, ["isl", "osl", "batch_size", "tp_size"]), path);
  const points = rows.flatMap(({ isl, osl, batch_size, tp_size, silicon_ttft_ms, silicon_tpot_ms }) =>
    batch_size === undefined || tp_size === undefined
      ? []
      : [
          {
            promptTokens: isl,
            outputTokens: osl,
            clients: batch_size,
            parallel: tp_size,
            ttftMs: silicon_ttft_ms,
            tpotMs: silicon_tpot_ms,
          },
        ],
  );
  return points.sort(
    (a, b) => a.promptTokens - b.promptTokens || a.outputTokens - b.outputTokens || a.clients - b.clients,
  );
}

function scoreSize(size: number, points: readonly Point[]): string[] {
  const fitted = points.filter((_, at) => at % 2 === 0);
  const scored = points.filter((_, at) => at % 2 === 1);
  if (scored.length === 0) return [String(size), "0", "", "", "", "", "", ""];
  const fastestTpotMs = Math.min(...fitted.map(({ tpotMs }) => tpotMs));
  const start = guessed(startFrom({ fastestTpotMs, idleTtftMs: 20 }));
  const lossUnder =
    (conditions: Conditions) =>
    (cost: VllmEngineCost): number =>
      fitted.reduce((sum, point) => {
        const { ttftMs, tpotMs } = simulated(cost, point, conditions);
        return sum + (Math.log(ttftMs / point.ttftMs) ** 2 + Math.log(tpotMs / point.tpotMs) ** 2) / 2;
      }, 0) / fitted.length;
  const tried = budgets.flatMap((budget) =>
    turns.map((perClient) => {
      const conditions = { budget, perClient };
      return { conditions, ...searchCosts([start], lossUnder(conditions), { effort: CHOICE_EFFORT }) };
    }),
  );
  const { conditions } = tried.reduce((least, one) => (one.error < least.error ? one : least));
  const best = searchCosts([start], lossUnder(conditions));
  const errors = scored.map((point) => {
    const { ttftMs, tpotMs } = simulated(costOf(best.parameters), point, conditions);
    return { ttft: Math.abs(ttftMs / point.ttftMs - 1), tpot: Math.abs(tpotMs / point.tpotMs - 1) };
  });
  const at = (metric: "ttft" | "tpot", p: number): string => {
    const sorted = errors.map((error) => error[metric]).sort((a, b) => a - b);
    return (100 * sorted[Math.round(p * (sorted.length - 1))]!).toFixed(1);
  };
  return [
    String(size),
    String(scored.length),
    String(conditions.budget),
    String(conditions.perClient),
    at("ttft", 0.5),
    at("ttft", 0.9),
    at("tpot", 0.5),
    at("tpot", 0.9),
  ];
}

const machine = { totalBytes: 1e12, baseBytes: 0, kvBytesPerToken: 1, positions: SETTINGS.max_model_len };

/** On means: each point is one number, jitter would only blur it. */
function simulated(
  cost: VllmEngineCost,
  point: Point,
  { budget, perClient }: Conditions,
): { ttftMs: number; tpotMs: number } {
  const { promptTokens, outputTokens, clients, parallel } = point;
  const kvBytes = parallel * (0.9 * GPU_BYTES - WORKSPACE_BYTES) - WEIGHT_BYTES;
  const num_gpu_blocks = Math.floor(kvBytes / (SETTINGS.block_size * KV_TOKEN_BYTES));
  const limits = limitsOf({ ...SETTINGS, max_num_batched_tokens: budget, num_gpu_blocks }, machine);
  const requests = Array.from({ length: clients * perClient }, (_, index) => ({
    id: String(index),
    promptTokens,
    outputTokens,
  }));
  const profile = {
    cost,
    engine: { settings: {} },
    range: { batch: [1, 1e9], prompt_tokens: [1, 1e9], context_tokens: [1, 1e9] },
  } as unknown as Parameters<typeof stepCostOf>[0];
  const { log } = simulateSteps({
    workload: { requests, maxConcurrency: clients, thinkNs: 0 },
    policy: vllmSchedulers(limits),
    cost: () => stepCostOf(profile, { coldStart: false, ...limits }),
    engine: "fast",
  });
  const { mean_ttft_ms, mean_tpot_ms } = summarise(log);
  return { ttftMs: mean_ttft_ms!, tpotMs: mean_tpot_ms! };
}
