/** Runs a batch on the plain graph, for the worker thread only: each row alone, the whole sequence again for each token. */
import { graphNames } from "../graphs/index.js";
import { leftPad, type BatchRequest } from "./batch.js";
import { int64Tensor, nowNs, openSession, type BatchSessions, type TimedRun } from "./open-session.js";
import { drawUniforms, sampleToken } from "./sampling.js";
import type { WorkerOptions } from "./worker-protocol.js";

/** Loads the forward graph; samples are drawn here, in float64. */
export async function openUncachedSessions(options: WorkerOptions): Promise<BatchSessions> {
  const { shape, forwardPath } = options.model;
  const forward = await openSession(forwardPath, options);
  const lastLogits = async (ids: BigInt64Array): Promise<Float32Array> => {
    const { [graphNames.logits]: logits } = await forward.run({
      [graphNames.inputIds]: int64Tensor(ids, [1, ids.length]),
    });
    return (logits!.data as Float32Array).subarray(-shape.vocab);
  };
  const run = async ({ promptIds, outputTokens, sampling }: BatchRequest): Promise<TimedRun> => {
    const startNs = nowNs();
    const rows = promptIds.length;
    const uniforms = sampling && drawUniforms(sampling, outputTokens);
    const allLogits = new Float32Array(outputTokens * rows * shape.vocab);
    let firstTokenNs = 0;
    const tokens: number[][] = [];
    for (const [row, prompt] of promptIds.entries()) {
      const output: number[] = [];
      let ids = leftPad([prompt], shape).inputIds;
      while (output.length < outputTokens) {
        const at = output.length * rows + row;
        const logits = await lastLogits(ids);
        allLogits.set(logits, at * shape.vocab);
        const token = uniforms ? sampleToken(logits, sampling, uniforms[at]!) : indexOfLargest(logits);
        firstTokenNs ||= nowNs();
        output.push(token);
        ids = BigInt64Array.of(...ids, BigInt(token));
      }
      tokens.push(output);
    }
    const promptTokens = promptIds.reduce((longest, ids) => Math.max(longest, ids.length), 0);
    return { startNs, firstTokenNs, endNs: nowNs(), promptTokens, tokens, logits: allLogits };
  };
  return { run, release: () => forward.release() };
}

/** The first of equal ones, as ArgMax gives it. */
export function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
