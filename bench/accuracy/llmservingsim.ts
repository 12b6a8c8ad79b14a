/**
 * Published runs of vLLM 0.19 on two GPUs: the model is fitted to the times of the first 100 arrivals and scored on the
 * others. All requests are in the load in both, since those that come later slow down those before; times of the scored
 * ones are taken away for the fit.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { calibrateVllm } from "../../calibrate/vllm/index.js";
import { ConfigError, type RequestRecord, type Run } from "../../formats/index.js";
import { readLlmServingSim } from "../../formats/files/index.js";
import { columnsOf, replayRecording, summarise } from "../../sim/index.js";
import { markdownTable } from "../original-suite/markdown-table.js";
import { signed } from "./signed.js";

const FITTED = 100;
const REPLICATIONS = 10;
/** Of a server with data parallelism, whose steps are all taken one by one: so many of the usual trials. */
const PARALLEL_EFFORT = 0.8;
const statistics = ["mean", "p50", "p95"] as const;
const metrics = ["ttft", "tpot", "e2el"] as const;

/** `effort`: share of the usual number of trials. */
export async function llmServingSimSection(data: string, effort = 1): Promise<string> {
  if (!existsSync(data)) throw new ConfigError(`${data}: no such folder, expected recordings of LLMServingSim`);
  const folders = readdirSync(data, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const rows: string[][] = [];
  const rejected: string[] = [];
  for (const { name } of folders) {
    try {
      rows.push([name, ...(await errorsOf(join(data, name), name, effort))]);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      rejected.push(`- ${error.message}`);
    }
  }
  const header = ["recording", ...metrics.flatMap((metric) => statistics.map((stat) => `${stat} ${metric}`))];
  return `Errors of simulated statistics of the requests after the first ${FITTED}, %.\n\n${markdownTable(header, rows)}${rejected.length === 0 ? "" : `\n\nRejected:\n\n${rejected.join("\n")}\n`}`;
}

async function errorsOf(folder: string, name: string, effort: number): Promise<string[]> {
  console.error(`fitting: ${name}`);
  const run = withModel(withBlocks(readLlmServingSim(folder)));
  const order = [...run.requests].sort((a, b) => a.arrivalNs - b.arrivalNs);
  const fitted = new Set(order.slice(0, FITTED).map(({ requestId }) => requestId));
  const shown = {
    ...run,
    requests: run.requests.map((request) => (fitted.has(request.requestId) ? request : hidden(request))),
  };
  const isParallel = Number(run.info.engine.settings.data_parallel_size ?? 1) > 1;
  const profile = await calibrateVllm([{ name, run: shown }], {
    name,
    isBlackBox: true,
    effort: isParallel ? PARALLEL_EFFORT * effort : effort,
  });
  const of = (requests: readonly RequestRecord[]): Readonly<Record<string, number>> =>
    summarise(columnsOf(requests.filter(({ requestId }) => !fitted.has(requestId)))) as unknown as Record<
      string,
      number
    >;
  const real = of(run.requests);
  const sims = Array.from({ length: REPLICATIONS }, (_, seed) =>
    of(replayRecording(profile, run, { seed: String(seed + 1), jitter: true }).requests),
  );
  return metrics.flatMap((metric) =>
    statistics.map((stat) => {
      const key = `${stat}_${metric}_ms`;
      const sim = sims.reduce((sum, one) => sum + one[key]!, 0) / sims.length;
      return signed(100 * (sim / real[key]! - 1));
    }),
  );
}

/** Of a recording that does not say: so many that they never run short, as its log of cache use shows. */
const MANY_BLOCKS = 30_000;

function withBlocks(run: Run): Run {
  const { engine } = run.info;
  const settings = { num_gpu_blocks: MANY_BLOCKS, ...engine.settings };
  return { ...run, info: { ...run.info, engine: { ...engine, settings } } };
}

/** Of recordings that do not say: from the models' published configurations. */
const published: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "Qwen/Qwen3-30B-A3B-Instruct-2507": { num_experts: 128, num_experts_per_tok: 8 },
};

function withModel(run: Run): Run {
  const { model } = run.info;
  const config = published[model.name];
  return config === undefined ? run : { ...run, info: { ...run.info, model: { config, ...model } } };
}

/** The request without its times. */
function hidden({ requestId, arrivalNs, promptTokens, outputTokens, status }: RequestRecord): RequestRecord {
  return { requestId, arrivalNs, promptTokens, outputTokens, status };
}
