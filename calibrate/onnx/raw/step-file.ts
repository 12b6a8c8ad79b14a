/** The raw measurements of steps on disk, a row each. */
import { z } from "zod";
import { stepMeasurementKinds, type StepMeasurement } from "../../fit/index.js";
import { amount, dropCutLine, ms, rawRows } from "./raw-rows.js";

export const stepRows = rawRows<StepMeasurement>({
  kind: ["kind", z.enum(stepMeasurementKinds)],
  block: ["block", amount],
  order: ["order", amount],
  decodes: ["decodes", amount],
  context_tokens: ["contextTokens", amount],
  chunks: ["chunks", amount],
  chunk_tokens: ["chunkTokens", amount],
  attention_pairs: ["attentionPairs", amount],
  sampled: ["sampled", amount],
  moves: ["moves", amount],
  moved_tokens: ["movedTokens", amount],
  step_ms: ["stepNs", ms],
  // Empty in all rows but those of a loop.
  schedule_ms: ["scheduleNs", ms.optional()],
  update_ms: ["updateNs", ms.optional()],
});

/** Where the steps of a calibration are, beside its batches: `mini.measurements.csv` and `mini.step-measurements.csv`. */
export function stepRawPathOf(rawPath: string): string {
  return rawPath.replace(/(\.measurements)?\.csv$/, ".step-measurements.csv");
}

/**
 * What an earlier sitting left, and the file ready for more; `isNew`: what is there is discarded. A last row cut short is dropped,
 * and so are the loops of the check, which are made again whole.
 */
export async function resumeSteps(path: string, isNew: boolean): Promise<StepMeasurement[]> {
  const earlier = !isNew && dropCutLine(path) ? await stepRows.read(path) : [];
  const kept = earlier.filter(({ kind }) => kind !== "check");
  await stepRows.write(path, kept);
  return kept;
}
