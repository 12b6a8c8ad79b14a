/** What steps of `mini` take beside today's decode Loop, and one mixed run beside two. */
import { startOnnxExecutor, type ModelFiles, type RequestStep } from "../../onnx/index.js";
import { startStepExecutor, type StepExecutor } from "../../real/index.js";
import { median } from "../../sim/index.js";
import { interleaved, medianRatio } from "./interleaved.js";

export interface Compared {
  readonly what: string;
  /** Medians, ms. */
  readonly ms: number;
  readonly besideMs: number;
  readonly ratio: number;
}

const ROUNDS = 9;
/** Decodes that are timed together, about the context of the row. */
const DECODES = 16;
const next = { uniform: 0 };

/** One decode of a batch in the Loop, and as a step. */
export async function decodeTimes(
  model: ModelFiles,
  cases: readonly { readonly batch: number; readonly context: number }[],
): Promise<Compared[]> {
  const loop = await startOnnxExecutor({ model, device: "cpu" });
  const steps = await startFor(model);
  const compared: Compared[] = [];
  for (const { batch, context } of cases) {
    const promptTokens = context - DECODES / 2;
    const promptIds = Array.from({ length: batch }, () => prompt(promptTokens));
    await fill(steps, batch, promptTokens);
    const times = await interleaved(ROUNDS, {
      async step() {
        let ns = 0;
        for (let decode = 0; decode < DECODES; decode++) {
          const requests = Array.from({ length: batch }, (_, request): RequestStep => ({
            request,
            past: promptTokens + decode,
            next,
          }));
          const { startNs, endNs } = await steps.runStep({ requests, ended: [] });
          ns += endNs - startNs;
        }
        return ns / DECODES;
      },
      async loop() {
        const { firstTokenNs, endNs } = await loop.runBatch({ promptIds, outputTokens: DECODES + 1 });
        return (endNs - firstTokenNs) / DECODES;
      },
    });
    compared.push(comparedOf(`decode, batch ${batch}, context ${context}`, times.step, times.loop));
  }
  await loop.close();
  await steps.close();
  return compared;
}

/** Decodes and a chunk of a prompt in one run, and in two. */
export async function mixedTimes(
  model: ModelFiles,
  cases: readonly { readonly batch: number; readonly context: number; readonly chunk: number }[],
): Promise<Compared[]> {
  const steps = await startFor(model);
  const compared: Compared[] = [];
  for (const { batch, context, chunk } of cases) {
    await fill(steps, batch, context);
    const decodes = Array.from({ length: batch }, (_, request): RequestStep => ({
      request,
      ids: [7],
      past: context,
      next,
    }));
    const prefill: RequestStep = { request: batch, ids: prompt(chunk), past: 0, next };
    const run = async (requests: readonly RequestStep[]): Promise<number> => {
      const { startNs, endNs } = await steps.runStep({ requests, ended: [] });
      return endNs - startNs;
    };
    const times = await interleaved(2 * ROUNDS, {
      one: () => run([...decodes, prefill]),
      two: async () => (await run(decodes)) + (await run([prefill])),
    });
    compared.push(comparedOf(`${batch} decodes at ${context} and a chunk of ${chunk}`, times.one, times.two));
  }
  await steps.close();
  return compared;
}

function startFor(model: ModelFiles): Promise<StepExecutor> {
  return startStepExecutor({ model, device: "cpu", maxNumSeqs: 33, maxModelLen: model.shape.positions });
}

async function fill(steps: StepExecutor, batch: number, tokens: number): Promise<void> {
  for (let request = 0; request < batch; request++) {
    const step: RequestStep = { request, ids: prompt(tokens), past: 0, next };
    await steps.runStep({ requests: [step], ended: request === 0 ? "all" : [] });
  }
}

function prompt(tokens: number): number[] {
  return Array.from({ length: tokens }, (_, at) => (at * 7919) % 50_000);
}

function comparedOf(what: string, own: readonly number[], beside: readonly number[]): Compared {
  return { what, ms: median(own) / 1e6, besideMs: median(beside) / 1e6, ratio: medianRatio(own, beside) };
}
