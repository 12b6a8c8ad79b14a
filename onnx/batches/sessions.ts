/**
 * Runs a batch through prefill and Loop with a KV cache, for the worker thread only.
 * Reading inputs costs nothing here, but an output that ONNX Runtime allocates is copied (about 0.75 ms per MB): the
 * KV cache is therefore written by the prefill into memory of ours, which is then the input of the decode graph.
 */
import { Tensor } from "onnxruntime-node";
import { cacheDims, graphNames } from "../graphs/index.js";
import { leftPad, type BatchRequest } from "./batch.js";
import {
  CachePool,
  int64Tensor,
  nowNs,
  openSession,
  rowsOf,
  type BatchSessions,
  type TimedRun,
} from "./open-session.js";
import { drawUniforms, type Sampling } from "./sampling.js";
import type { WorkerOptions } from "./worker-protocol.js";

/** Loads the prefill and decode graphs, greedy or sampling; both map the same weights.bin. */
export async function openCachedSessions(options: WorkerOptions): Promise<BatchSessions> {
  const { model, canSample } = options;
  const { shape } = model;
  const prefill = await openSession(canSample ? model.sampledPrefillPath : model.prefillPath, options);
  const decode = await openSession(canSample ? model.sampledDecodePath : model.decodePath, options);
  const pool = new CachePool(model.precision);

  const run = async ({ promptIds, outputTokens, sampling }: BatchRequest): Promise<TimedRun> => {
    const startNs = nowNs();
    const rows = promptIds.length;
    const { promptTokens, inputIds, padTokens } = leftPad(promptIds, shape);
    const sizes = model.cache.map((part) => ({ name: part.name, dims: cacheDims(part, rows, promptTokens) }));
    const cache = pool.tensors(sizes);
    const pads = int64Tensor(padTokens, [rows]);
    const samplingFeeds = canSample ? feedSampling(sampling, rows, outputTokens, shape.vocab) : undefined;

    const feeds = {
      [graphNames.inputIds]: int64Tensor(inputIds, [rows, promptTokens]),
      [graphNames.padTokens]: pads,
      ...samplingFeeds?.prefill,
    };
    const written = await prefill.run(feeds, { ...cache, ...nulls(prefill.outputNames, cache) });
    const firstToken = written[graphNames.firstToken]!;
    const firstTokenNs = nowNs();
    const tokens = rowsOf(firstToken, rows);
    const firstLogits = written[graphNames.logits];
    if (outputTokens === 1) {
      return { startNs, firstTokenNs, endNs: firstTokenNs, promptTokens, tokens, ...joinLogits(firstLogits) };
    }
    const { [graphNames.tokens]: rest, [graphNames.logits]: logits } = await decode.run({
      ...cache,
      [graphNames.firstToken]: firstToken,
      [graphNames.padTokens]: pads,
      [graphNames.steps]: int64Tensor(BigInt64Array.of(BigInt(outputTokens - 1)), []),
      ...samplingFeeds?.decode,
    });
    const endNs = nowNs();
    rowsOf(rest!, rows).forEach((ids, row) => {
      for (const id of ids) tokens[row]!.push(id);
    });
    return { startNs, firstTokenNs, endNs, promptTokens, tokens, ...joinLogits(firstLogits, logits) };
  };
  const release = async () => {
    await prefill.release();
    await decode.release();
  };
  return { run, release };
}

/** The inputs of graphs that sample; a batch without sampling keeps one candidate, which is the largest logit. */
function feedSampling(sampling: Sampling | undefined, rows: number, tokens: number, vocab: number) {
  const uniforms = sampling ? drawUniforms(sampling, tokens) : new Float32Array(tokens * rows);
  const { temperature = 1, topK = sampling ? vocab : 1, topP = 1 } = sampling ?? {};
  const settings = {
    [graphNames.temperature]: new Tensor("float32", [temperature], []),
    [graphNames.topK]: int64Tensor(BigInt64Array.of(BigInt(Math.min(topK, vocab))), [1]),
    [graphNames.topP]: new Tensor("float32", [topP], []),
  };
  const draws = (part: Float32Array, dims: number[]) => new Tensor("float32", part, dims);
  return {
    prefill: { ...settings, [graphNames.uniforms]: draws(uniforms.subarray(0, rows), [rows]) },
    decode: { ...settings, [graphNames.uniforms]: draws(uniforms.subarray(rows), [tokens - 1, rows]) },
  };
}

/** Asks for the outputs that have no memory of ours. */
function nulls(names: readonly string[], given: Readonly<Record<string, unknown>>): Record<string, null> {
  return Object.fromEntries(names.filter((name) => !Object.hasOwn(given, name)).map((name) => [name, null]));
}

/** Nothing, unless the graphs were written to give their logits. */
function joinLogits(...parts: (Tensor | undefined)[]): { logits?: Float32Array } {
  const numbers = parts.flatMap((part) => (part === undefined ? [] : [part.data as Float32Array]));
  if (numbers.length === 0) return {};
  const logits = new Float32Array(numbers.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of numbers) {
    logits.set(part, at);
    at += part.length;
  }
  return { logits };
}
