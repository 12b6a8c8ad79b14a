/**
 * Runs a batch on a user's export, for the worker thread only: one session call for the prompt and one for each token.
 * Keys and values leave the runtime after each call and enter it before the next one. They go into memory of ours, so
 * the CPU copies nothing beyond what the graph itself does; a device with memory of its own copies all of them both
 * ways.
 */
import { Tensor, type InferenceSession } from "onnxruntime-node";
import { cacheDims, type CacheTensor } from "../graphs/index.js";
import type { ExportedDecoder } from "../models/index.js";
import { GraphWriter, DataType, encodeModel, tensorInfo } from "../protobuf/index.js";
import { leftPad, type BatchRequest } from "./batch.js";
import { floatsOf } from "./half-tensor.js";
import { CachePool, int64Tensor, nowNs, openSession, type BatchSessions, type TimedRun } from "./open-session.js";
import { drawUniforms, sampleToken } from "./sampling.js";
import { indexOfLargest } from "./uncached-sessions.js";
import type { WorkerOptions } from "./worker-protocol.js";

/** Loads the export and measures what moving its cache costs. */
export async function openExportedSessions(options: WorkerOptions, exported: ExportedDecoder): Promise<BatchSessions> {
  const { shape, precision, decodePath, kvBytesPerToken } = options.model;
  const session = await openSession(decodePath, options);
  const copyNsPerByte = await measureCopies(options);
  const pools = [new CachePool(precision), new CachePool(precision)] as const;
  const logitsPool = new CachePool(exported.logitsPrecision);

  const run = async ({ promptIds, outputTokens, sampling }: BatchRequest): Promise<TimedRun> => {
    const startNs = nowNs();
    const rows = promptIds.length;
    const { promptTokens, inputIds, padTokens } = leftPad(promptIds, shape);
    const uniforms = sampling && drawUniforms(sampling, outputTokens);
    const tokens = promptIds.map((): number[] => []);
    let past = new CachePool(precision).tensors(sized(exported.past, rows, 0));
    let [firstTokenNs, movedTokens, done] = [0, 0, 0];
    for (let step = 0; step < outputTokens; step++) {
      const ids = step === 0 ? inputIds : BigInt64Array.from(tokens, (row) => BigInt(row.at(-1)!));
      const fresh = ids.length / rows;
      const present = pools[step % 2]!.tensors(sized(exported.present, rows, done + fresh));
      const logitsSize = { name: "logits", dims: [rows, fresh, shape.vocab] };
      const outputs = { ...present, ...logitsPool.tensors([logitsSize]) };
      const feeds = { ...promptFeeds(ids, padTokens, done, exported), ...past };
      const { logits } = await session.run(feeds, outputs);
      for (const [row, output] of tokens.entries()) {
        const last = ((row + 1) * fresh - 1) * shape.vocab;
        const choices = floatsOf(logits!.data, last, shape.vocab);
        const uniform = uniforms?.[step * rows + row];
        output.push(uniform === undefined ? indexOfLargest(choices) : sampleToken(choices, sampling!, uniform));
      }
      if (step === 0) firstTokenNs = nowNs();
      movedTokens += rows * (2 * done + fresh);
      done += fresh;
      past = Object.fromEntries(exported.past.map(({ name }, at) => [name, present[exported.present[at]!.name]!]));
    }
    const bytes = movedTokens * kvBytesPerToken;
    const cacheCopies = { bytes, costNs: Math.round(bytes * copyNsPerByte) };
    return { startNs, firstTokenNs, endNs: nowNs(), promptTokens, tokens, cacheCopies };
  };
  return { run, release: () => session.release() };
}

/** The new tokens after `done` others: which are padding, and where each stands in its own row. */
function promptFeeds(ids: BigInt64Array, padTokens: BigInt64Array, done: number, { takesPositions }: ExportedDecoder) {
  const rows = padTokens.length;
  const fresh = ids.length / rows;
  const context = done + fresh;
  const mask = BigInt64Array.from({ length: rows * context }, (_, i) =>
    i % context < padTokens[Math.floor(i / context)]! ? 0n : 1n,
  );
  const positions = BigInt64Array.from({ length: rows * fresh }, (_, i) => {
    const position = BigInt(done + (i % fresh)) - padTokens[Math.floor(i / fresh)]!;
    return position < 0n ? 0n : position;
  });
  return {
    input_ids: int64Tensor(ids, [rows, fresh]),
    attention_mask: int64Tensor(mask, [rows, context]),
    ...(takesPositions ? { position_ids: int64Tensor(positions, [rows, fresh]) } : {}),
  };
}

function sized(cache: readonly CacheTensor[], rows: number, tokens: number) {
  return cache.map((part) => ({ name: part.name, dims: cacheDims(part, rows, tokens) }));
}

/** Nanoseconds for one byte to enter or leave: the median of 9 passes of 4 MiB through a graph that does nothing. */
async function measureCopies(options: WorkerOptions): Promise<number> {
  const numbers = new Float32Array(1 << 20);
  const g = new GraphWriter("");
  g.output("x", "y");
  const info = (name: string) => tensorInfo(name, DataType.float, ["N"]);
  const session: InferenceSession = await openSession(encodeModel(g.graph("copy", [info("x")], [info("y")])), options);
  const tensor = (data: Float32Array) => new Tensor("float32", data, [data.length]);
  const [feeds, outputs] = [{ x: tensor(numbers) }, { y: tensor(new Float32Array(numbers.length)) }];
  const times: number[] = [];
  for (let pass = 0; pass < 10; pass++) {
    const startNs = nowNs();
    await session.run(feeds, outputs);
    times.push(nowNs() - startNs);
  }
  await session.release();
  // The first pass also sets up; of the rest the one in the middle.
  const median = times.slice(1).sort((a, b) => a - b)[4]!;
  return median / (2 * numbers.byteLength);
}
