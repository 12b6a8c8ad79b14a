/**
 * A result of `vllm bench serve --save-result --save-detailed` (vllm/benchmarks/serve.py of 0.32; `servesim bench` writes
 * the same) as a run. Times in the file are in s: when each request was sent, on a clock of its own, the time to its first
 * chunk, and the gaps between chunks. In the run they count from the first request.
 */
import { z } from "zod";
import { check } from "../../check.js";
import { defined } from "../../defined.js";
import { ArtifactError } from "../../errors.js";
import { least } from "../../extremes.js";
import { plainLine } from "../../plain-text.js";
import type { RequestRecord, Run } from "../../run/index.js";
import { MAX_TOKENS } from "../../load/index.js";
import { reasonOf, readText } from "../disk/index.js";
import { parseJson } from "../json.js";

/** What a request of vLLM's completions is sent by, and all that `servesim bench` writes. */
const backends = ["openai", "openai-chat", "vllm"] as const;

const seconds = z.number().nonnegative().max(1e7);
const tokens = z.int().nonnegative().max(MAX_TOKENS);

const resultSchema = z.looseObject({
  date: z.string().optional(),
  backend: z.enum(backends),
  model_id: z.string().min(1),
  request_rate: z.union([z.number().positive(), z.literal("inf")]),
  burstiness: z.number().positive().optional(),
  max_concurrency: z.int().positive().nullish(),
  completed: z.int().nonnegative(),
  input_lens: z.array(tokens).min(1),
  output_lens: z.array(tokens),
  ttfts: z.array(seconds),
  itls: z.array(z.array(seconds)),
  start_times: z.array(z.number().min(0).max(1e12)),
  queue_times: z.array(seconds).optional(),
  errors: z.array(z.string()),
});

type Result = z.output<typeof resultSchema>;

/** Arrays with an entry for each request. */
const columns = ["input_lens", "output_lens", "ttfts", "itls", "start_times", "queue_times", "errors"] as const;

/** The server's settings, which the file does not have, are left empty. ArtifactError names file, key and remedy. */
export function readVllmBench(path: string): Run {
  const result = check(resultSchema, detailedJson(path), { source: path, Failure: ArtifactError });
  requireAlike(result, path);
  const { date, model_id, request_rate, burstiness, max_concurrency } = result;
  // Of requests that wait for a free client, vLLM bench counts latency from sending; those of a closed loop have no other time.
  const isClosed = request_rate === "inf" && max_concurrency != null;
  const requests = requestsIn(result, isClosed);
  const answered = requests.filter(({ status }) => status === "ok").length;
  if (answered !== result.completed) {
    throw new ArtifactError(
      `${path}: completed is ${result.completed}, but ${answered} of ${requests.length} requests have an answer; the file was changed`,
    );
  }
  return {
    info: {
      version: 1,
      source: "real",
      policy: "vllm",
      ...defined({ date }),
      engine: { name: "vllm", settings: {} },
      model: { name: model_id },
      hardware: {},
      load: {
        kind: isClosed ? "closed_loop" : "open_loop",
        ...defined({
          request_rate: request_rate === "inf" ? undefined : request_rate,
          burstiness,
          max_concurrency: max_concurrency ?? undefined,
        }),
      },
      requests: requests.length,
      notes: [
        "converted from a result of vllm bench serve; it does not say which prompts the server found in its prefix cache",
      ],
    },
    requests,
    batches: [],
  };
}

function detailedJson(path: string): unknown {
  const value = jsonIn(path);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ArtifactError(`${path}: expected a JSON object, the result of vllm bench serve`);
  }
  if ("source" in value && value.source === "sim") {
    throw new ArtifactError(`${path} is the result of a simulation, expected one of vllm bench serve`);
  }
  if ("model_id" in value && !("ttfts" in value)) {
    throw new ArtifactError(
      `${path} has no times of single requests (ttfts); run vllm bench serve with --save-result --save-detailed`,
    );
  }
  if ("ttfts" in value && !("start_times" in value)) {
    throw new ArtifactError(
      `${path} does not say when each request was sent (start_times); a newer vllm bench serve writes it`,
    );
  }
  return value;
}

function jsonIn(path: string): unknown {
  const text = readText(path).replace(/^\uFEFF/, "");
  try {
    return parseJson(text);
  } catch (error) {
    const isAppended = /\}\s*\n\s*\{/.test(text);
    const remedy = isAppended ? "it holds several results (--append-result), split it" : "the file may be truncated";
    throw new ArtifactError(`${path} is not JSON: ${remedy}`, { cause: reasonOf(error) });
  }
}

function requireAlike(result: Result, path: string): void {
  const count = result.input_lens.length;
  for (const name of columns) {
    const length = result[name]?.length ?? count;
    if (length !== count) {
      throw new ArtifactError(`${path}: ${name} has ${length} entries and input_lens ${count}, expected one a request`);
    }
  }
}

function requestsIn(result: Result, isClosed: boolean): RequestRecord[] {
  const sentS = result.start_times;
  const waitedS = isClosed ? undefined : result.queue_times;
  const arrivalsS = sentS.map((atS, at) => atS - (waitedS?.[at] ?? 0));
  const originS = least(arrivalsS);
  const toNs = (timeS: number): number => Math.round((timeS - originS) * 1e9);
  return result.input_lens.map((promptTokens, at) => {
    const sent = sentS[at]!;
    const asked = { requestId: String(at), arrivalNs: toNs(arrivalsS[at]!), sentNs: toNs(sent), promptTokens };
    const outputTokens = result.output_lens[at]!;
    const failure = result.errors[at]!;
    if (failure !== "" || outputTokens === 0 || promptTokens === 0) {
      return { ...asked, outputTokens: 0, status: "error", error: reasonIn(failure) };
    }
    const chunksS = chunkTimesS(result.ttfts[at]!, result.itls[at]!);
    return {
      ...asked,
      outputTokens,
      firstTokenNs: toNs(sent + chunksS[0]!),
      lastTokenNs: toNs(sent + chunksS.at(-1)!),
      status: "ok",
      extra: { chunks: String(chunksS.length), chunk_ms: chunksS.map((s) => (s * 1e3).toFixed(3)).join(";") },
    };
  });
}

/** Of each chunk, since the request was sent. */
function chunkTimesS(ttftS: number, gapsS: readonly number[]): number[] {
  const times = [ttftS];
  for (const gapS of gapsS) times.push(times.at(-1)! + gapS);
  return times;
}

/** vLLM bench keeps the whole traceback, which ends with what went wrong. */
function reasonIn(failure: string): string {
  const last = failure.trimEnd().split("\n").at(-1)!;
  return plainLine(last, 200) || "no answer";
}
