/** Runs one step of a given kind on an executor, with made-up tokens: costs depend on shapes, not on values. */
import { InvariantError, type StepCosts } from "../../../formats/index.js";
import type { RequestStep } from "../../../onnx/index.js";
import type { StepExecutor } from "../../../real/index.js";
import { workOfSpec, type StepMeasurement, type StepSpec } from "../../fit/index.js";
import { longestRequest, referenceStep, requestsOf } from "./step-grid.js";

/** What measuring steps needs of an executor. */
export type StepBench = Pick<StepExecutor, "runStep">;

const next = { uniform: 0 };

/**
 * Every step begins with no request in any slot, so that decodes lie side by side without a move. Where slots are to be moved, a
 * step before it fills more of them, of which the first ones end.
 */
export async function runStep(bench: StepBench, spec: StepSpec): Promise<Pick<StepMeasurement, "stepNs">> {
  const { decodes, context, chunks, chunkTokens, chunkContext, isLast, moves } = spec;
  const decode = (request: number): RequestStep => ({ request, ids: [request], past: context, next });
  if (moves > 0) await bench.runStep({ requests: numbers(decodes + moves).map(decode), ended: "all" });
  const chunk = (at: number): RequestStep => ({
    request: decodes + moves + at,
    ids: numbers(chunkTokens),
    past: chunkContext,
    ...(isLast ? { next } : {}),
  });
  const { startNs, endNs, slotCopies } = await bench.runStep({
    requests: [...numbers(decodes).map(decode), ...numbers(chunks).map(chunk)],
    ended: moves > 0 ? numbers(moves).map((at) => decodes + at) : "all",
  });
  if (slotCopies !== moves) throw new InvariantError(`a step moved ${slotCopies} slots, expected ${moves}`);
  return { stepNs: endNs - startNs };
}

/** Computes a prompt in every slot: memory that was never written is not read at the same speed as memory that was. */
export async function fillSlots(bench: StepBench, slots: number, tokens: number): Promise<void> {
  for (const request of numbers(slots)) {
    await bench.runStep({ requests: [{ request, ids: numbers(tokens), past: 0 }], ended: request === 0 ? "all" : [] });
  }
}

/** The reference step of a profile, run once, and how to run it again, on another executor: resolves with its time, ns. */
export async function prepareReferenceStep(
  bench: StepBench,
  { decodes, context_tokens, chunk_tokens }: StepCosts["reference"],
): Promise<() => Promise<number>> {
  const spec = referenceStep({ decodes, context: context_tokens, chunkTokens: chunk_tokens });
  await fillSlots(bench, requestsOf(spec), longestRequest(spec));
  const run = async (): Promise<number> => (await runStep(bench, spec)).stepNs;
  await run();
  return run;
}

/** A step as the measurement of it. */
export function measured(
  spec: StepSpec,
  times: Pick<StepMeasurement, "stepNs">,
  at: Pick<StepMeasurement, "kind" | "block" | "order">,
): StepMeasurement {
  return { ...workOfSpec(spec), ...at, ...times };
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}
