/** The reference step of a profile, to be run again on another executor. */
import type { StepCosts } from "../../../formats/index.js";
import { fillSlots, runStep, type StepBench } from "./run-step.js";
import { longestRequest, referenceStep, requestsOf } from "./step-grid.js";

/** Runs it once, and says how to run it again: resolves with its time, ns. */
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
