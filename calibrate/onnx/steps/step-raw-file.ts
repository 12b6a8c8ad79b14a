/** The raw measurements of steps on disk: a CSV row per step, appended as it is made. Milliseconds in the file, nanoseconds in memory. */
import { z } from "zod";
import { defined } from "../../../formats/index.js";
import { checkRows, readCsv, writeCsv } from "../../../formats/files/index.js";
import { stepMeasurementKinds, type StepMeasurement } from "../../fit/index.js";
import { appendLine, dropCutLine } from "../raw-lines.js";

const columns = [
  ...["kind", "block", "order", "decodes", "context_tokens", "chunks", "chunk_tokens", "attention_pairs", "sampled"],
  ...["moves", "moved_tokens", "step_ms", "schedule_ms", "update_ms"],
] as const;

const number = z.string().pipe(z.coerce.number<string>());
const count = number.pipe(z.number().nonnegative());
const ns = number.transform((ms) => Math.round(ms * 1e6));
/** Empty in all rows but those of a loop. */
const loopNs = z.union([z.literal("").transform(() => undefined), ns]).optional();

const rowSchema = z
  .object({
    kind: z.enum(stepMeasurementKinds),
    block: count,
    order: count,
    decodes: count,
    context_tokens: count,
    chunks: count,
    chunk_tokens: count,
    attention_pairs: count,
    sampled: count,
    moves: count,
    moved_tokens: count,
    step_ms: ns,
    schedule_ms: loopNs,
    update_ms: loopNs,
  })
  .transform((row): StepMeasurement => ({
    ...{ kind: row.kind, block: row.block, order: row.order, decodes: row.decodes, contextTokens: row.context_tokens },
    ...{ chunks: row.chunks, chunkTokens: row.chunk_tokens, attentionPairs: row.attention_pairs, sampled: row.sampled },
    ...{ moves: row.moves, movedTokens: row.moved_tokens, stepNs: row.step_ms },
    ...defined({ scheduleNs: row.schedule_ms, updateNs: row.update_ms }),
  }));

/** Where the steps of a calibration are, beside its batches: `mini.measurements.csv` and `mini.step-measurements.csv`. */
export function stepRawPathOf(rawPath: string): string {
  return rawPath.replace(/(\.measurements)?\.csv$/, ".step-measurements.csv");
}

/**
 * What an earlier sitting left, and the file ready for more; `isNew`: what is there is discarded. A last row cut short is dropped,
 * and so are the loops of the check, which are made again whole.
 */
export async function resumeSteps(path: string, isNew: boolean): Promise<StepMeasurement[]> {
  const earlier = !isNew && dropCutLine(path) ? await readStepMeasurements(path) : [];
  const kept = earlier.filter(({ kind }) => kind !== "check");
  await writeSteps(path, kept);
  return kept;
}

export function appendStep(path: string, measurement: StepMeasurement): void {
  const row = toRow(measurement);
  appendLine(
    path,
    columns.map((column) => row[column] ?? ""),
  );
}

export async function writeSteps(path: string, measurements: readonly StepMeasurement[]): Promise<void> {
  await writeCsv(path, columns, measurements.map(toRow));
}

export async function readStepMeasurements(path: string): Promise<StepMeasurement[]> {
  return checkRows(rowSchema, await readCsv(path, columns), path);
}

function toRow(of: StepMeasurement): Record<string, string | number | undefined> {
  const ms = (value: number | undefined): number | undefined => (value === undefined ? undefined : value / 1e6);
  return {
    ...{ kind: of.kind, block: of.block, order: of.order, decodes: of.decodes, context_tokens: of.contextTokens },
    ...{ chunks: of.chunks, chunk_tokens: of.chunkTokens, attention_pairs: of.attentionPairs, sampled: of.sampled },
    ...{ moves: of.moves, moved_tokens: of.movedTokens, step_ms: of.stepNs / 1e6 },
    ...{ schedule_ms: ms(of.scheduleNs), update_ms: ms(of.updateNs) },
  };
}
