/**
 * The two ways to run a batch on ONNX Runtime, for the worker thread only: prefill and Loop with a KV cache, and the plain graph.
 * Reading inputs costs nothing here, but an output that ONNX Runtime allocates is copied (about 0.75 ms per MB): the
 * KV cache is therefore written by the prefill into memory of ours, which is then the input of the decode graph.
 */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { leftPad, type BatchRequest, type BatchRun } from "./batch.js";
import { graphNames } from "./graph-io.js";
import type { WorkerOptions } from "./worker-protocol.js";

/** Everything of a BatchRun but the memory, which the worker reads around the run. */
type TimedRun = Omit<BatchRun, "peakRssBytes">;

/** Loaded graphs. */
export interface BatchSessions {
  run(batch: BatchRequest): Promise<TimedRun>;
  release(): Promise<void>;
}

/** Loads the prefill and decode graphs; both map the same weights.bin. */
export async function openCachedSessions(options: WorkerOptions): Promise<BatchSessions> {
  const { shape, prefillPath, decodePath } = options.model;
  const prefill = await openSession(prefillPath, options);
  const decode = await openSession(decodePath, options);
  const cacheNames = prefill.outputNames.filter((name) => name !== graphNames.firstToken);
  let pool = new Float32Array(0);

  const run = async ({ promptIds, outputTokens }: BatchRequest): Promise<TimedRun> => {
    const startNs = nowNs();
    const rows = promptIds.length;
    const { promptTokens, inputIds, padTokens } = leftPad(promptIds, shape);
    const cacheElements = rows * promptTokens * shape.width;
    if (pool.length < cacheElements * cacheNames.length) pool = new Float32Array(cacheElements * cacheNames.length);
    const cacheDims = [rows, shape.heads, promptTokens, shape.width / shape.heads];
    const cache = Object.fromEntries(
      cacheNames.map((name, index) => {
        const part = pool.subarray(index * cacheElements, (index + 1) * cacheElements);
        return [name, new Tensor("float32", part, cacheDims)];
      }),
    );
    const pads = new Tensor("int64", padTokens, [rows]);
    const feeds = {
      [graphNames.inputIds]: new Tensor("int64", inputIds, [rows, promptTokens]),
      [graphNames.padTokens]: pads,
    };
    const firstToken = (await prefill.run(feeds, { ...cache, [graphNames.firstToken]: null }))[graphNames.firstToken]!;
    const firstTokenNs = nowNs();
    const tokens = rowsOf(firstToken, rows);
    if (outputTokens === 1) return { startNs, firstTokenNs, endNs: firstTokenNs, promptTokens, tokens };

    const { [graphNames.tokens]: rest } = await decode.run({
      ...cache,
      [graphNames.firstToken]: firstToken,
      [graphNames.padTokens]: pads,
      [graphNames.steps]: new Tensor("int64", BigInt64Array.of(BigInt(outputTokens - 1)), []),
    });
    const endNs = nowNs();
    rowsOf(rest!, rows).forEach((ids, row) => tokens[row]!.push(...ids));
    return { startNs, firstTokenNs, endNs, promptTokens, tokens };
  };
  const release = async () => {
    await prefill.release();
    await decode.release();
  };
  return { run, release };
}

/** Loads the plain graph: each row alone, the whole sequence again for each token. */
export async function openUncachedSessions(options: WorkerOptions): Promise<BatchSessions> {
  const { shape, forwardPath } = options.model;
  const forward = await openSession(forwardPath, options);
  const nextToken = async (ids: BigInt64Array): Promise<number> => {
    const feeds = { [graphNames.inputIds]: new Tensor("int64", ids, [1, ids.length]) };
    const { [graphNames.logits]: logits } = await forward.run(feeds);
    return indexOfLargest((logits!.data as Float32Array).subarray(-shape.vocab));
  };
  const run = async ({ promptIds, outputTokens }: BatchRequest): Promise<TimedRun> => {
    const startNs = nowNs();
    let firstTokenNs = 0;
    const tokens: number[][] = [];
    for (const prompt of promptIds) {
      const row: number[] = [];
      let ids = leftPad([prompt], shape).inputIds;
      while (row.length < outputTokens) {
        const token = await nextToken(ids);
        firstTokenNs ||= nowNs();
        row.push(token);
        ids = BigInt64Array.of(...ids, BigInt(token));
      }
      tokens.push(row);
    }
    const promptTokens = promptIds.reduce((longest, ids) => Math.max(longest, ids.length), 0);
    return { startNs, firstTokenNs, endNs: nowNs(), promptTokens, tokens };
  };
  return { run, release: () => forward.release() };
}

function openSession(path: string, { device, threads }: WorkerOptions): Promise<InferenceSession> {
  return InferenceSession.create(path, {
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    // Failures are thrown and reported once, by the executor; ONNX Runtime need not write them to stderr as well.
    logSeverityLevel: 4,
    // Measured on 2 shared cores, mini, 8 x 20 tokens, medians of two runs each: 106 ms without spinning, 140-142 ms with it.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
}

function nowNs(): number {
  return Number(process.hrtime.bigint());
}

function rowsOf(tensor: Tensor, rows: number): number[][] {
  const ids = Array.from(tensor.data as BigInt64Array, Number);
  const perRow = ids.length / rows;
  return Array.from({ length: rows }, (_, row) => ids.slice(row * perRow, (row + 1) * perRow));
}

/** The first of equal ones, as ArgMax gives it. */
function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
