/** Of a profile of whole batches: each measured shape against the model, and the peak memory of batches. */
import { defined, greatest, type Profile } from "../../formats/index.js";
import { heldOutBlocks, readMeasurements } from "../../calibrate/onnx/index.js";
import { batchModelNs, blockName, toCells, type BatchShape, type Measurement } from "../../calibrate/fit/index.js";
import type { MeasuredMemory, MemoryLine, MemoryScene, ProfilePicture } from "../../report/charts/index.js";
import { batchBytes, largestBatch } from "../../sim/cost/index.js";

/** Most prompt lengths that have a line of their own. */
const MOST_LINES = 5;
/** Places of a line. */
const LINE_PLACES = 256;

/** `raw`: file of the measurements, where it is there. */
export async function batchScene(
  profile: Profile,
  raw: string | undefined,
): Promise<Pick<ProfilePicture, "batches" | "memory">> {
  const measurements = raw === undefined ? [] : await readMeasurements(raw);
  return { batches: shapesOf(profile, measurements), memory: memoryOf(profile, measurements) };
}

function shapesOf(
  { cost, engine, held_out }: Profile,
  measurements: readonly Measurement[],
): ProfilePicture["batches"] {
  if (cost.kind !== "static_batch") return [];
  const cells = toCells(measurements);
  const { seed } = engine.settings;
  const held = typeof seed === "string" ? heldOutBlocks(cells, seed) : undefined;
  const count = held === undefined ? 0 : cells.filter((cell) => held.has(blockName(cell))).length;
  // Another rule chose them where their number is another.
  const isKnown = held !== undefined && count === (held_out?.batch.points ?? 0);
  return cells.map((cell) => {
    const { batchSize, promptTokens, decodeSteps, wallNs: realNs } = cell;
    const heldOut = isKnown ? held.has(blockName(cell)) : undefined;
    return { batchSize, promptTokens, decodeSteps, realNs, modelNs: batchModelNs(cost, cell), ...defined({ heldOut }) };
  });
}

function memoryOf(profile: Profile, measurements: readonly Measurement[]): MemoryScene {
  const { range, memory } = profile;
  const { points, shapes } = measuredPeaks(profile, measurements);
  const [, longest] = range.prompt_tokens;
  const steps =
    greatest([...shapes.map(({ decodeSteps }) => decodeSteps), 0]) || Math.max(0, range.context_tokens[1] - longest);
  const prompts = spread([...new Set([...shapes.map(({ promptTokens }) => promptTokens), ...range.prompt_tokens])]);
  const lines = prompts.map((promptTokens) => lineOf(profile, { promptTokens, decodeSteps: steps }));
  const named = new Set(lines.map(({ name }) => name));
  const measured = points.map(({ line, ...point }) => ({ ...point, ...(line !== undefined && named.has(line) ? { line } : {}) })); // prettier-ignore
  const rows = largestBatch(profile, longest, steps + 1);
  const fits = rows === Infinity ? "Memory does not grow with rows" : `${rows.toLocaleString("en-US")} rows of ${longest} prompt and ${steps + 1} output tokens fit`; // prettier-ignore
  return {
    unit: "bytes",
    lines,
    measured,
    limit: memory.total_bytes,
    words: [
      `${fits}, by the model, into ${(memory.total_bytes / 2 ** 30).toFixed(1)} GiB; lines stay within the measured batch sizes.`,
      ...(measured.length > 0 && memory.arena_keeps_peak ? ["Measured: what the process held by then, since its arena gives nothing back; by batch size where no batch before took as much."] : []), // prettier-ignore
    ],
  };
}

type Lengths = Pick<BatchShape, "promptTokens" | "decodeSteps">;

/** Each reading in the order of measuring; what an arena keeps belongs to the neediest batch so far. */
function measuredPeaks(
  { memory }: Profile,
  measurements: readonly Measurement[],
): { readonly points: MeasuredMemory[]; readonly shapes: readonly BatchShape[] } {
  const shapes = measurements.filter(({ kind }) => kind === "memory").sort((a, b) => a.order - b.order);
  let held = 0;
  const points = shapes.map((shape): MeasuredMemory => {
    const own = batchBytes(memory, shapeOf(shape.batchSize, shape));
    const isOwn = own > held || !memory.arena_keeps_peak;
    held = memory.arena_keeps_peak ? Math.max(held, own) : own;
    const { batchSize, promptTokens, decodeSteps, peakRssBytes } = shape;
    return {
      ...(isOwn ? { sequences: batchSize } : {}),
      amount: peakRssBytes,
      modelled: held,
      line: nameOf(shape),
      text: `${batchSize} rows of ${promptTokens} tokens, ${decodeSteps} decode steps: ${mib(peakRssBytes)} measured, ${mib(held)} modelled`,
    };
  });
  return { points, shapes };
}

function lineOf({ range, memory }: Profile, lengths: Lengths): MemoryLine {
  const [, most] = range.batch;
  const places = Math.min(most, LINE_PLACES);
  const rows = Array.from({ length: places }, (_, at) => Math.max(1, Math.round((most * (at + 1)) / places)));
  const points = rows.map((sequences) => ({ sequences, amount: batchBytes(memory, shapeOf(sequences, lengths)) }));
  return { name: nameOf(lengths), points };
}

/** As sim/cost counts it: the first output token comes with the prompt. */
function shapeOf(rows: number, { promptTokens, decodeSteps }: Lengths) {
  return { rows, promptTokens, outputTokens: decodeSteps + 1 };
}

function nameOf({ promptTokens, decodeSteps }: Lengths): string {
  return `prompt ${promptTokens}, output ${decodeSteps + 1} tokens`;
}

/** At most so many, the least and the greatest among them. */
function spread(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length <= MOST_LINES) return sorted;
  return Array.from({ length: MOST_LINES }, (_, at) => sorted[Math.round((at * (sorted.length - 1)) / (MOST_LINES - 1))]!); // prettier-ignore
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
