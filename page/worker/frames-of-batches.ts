/**
 * Frames of a policy that runs whole batches: one while a batch prefills, then some while it decodes, in which the tokens of
 * its longest answer are spread evenly over the time.
 */
import { recordsOfTable, type BatchRecord, type RequestRecord } from "../../formats/index.js";
import { simulateOutcome, type SimulatedRunInput } from "../../sim/index.js";
import { MOST_FRAMES, type Frame, type FrameRow, type Frames } from "./frame.js";

/** Frames of a batch's decodes at most. */
const DECODE_FRAMES = 12;

export function framesOfBatches(input: SimulatedRunInput): Frames {
  const { table, batches } = simulateOutcome(input);
  const records = recordsOfTable(table);
  const membersOf = new Map<number | undefined, number[]>();
  for (const [row, { batchId }] of records.entries()) {
    const members = membersOf.get(batchId);
    if (members === undefined) membersOf.set(batchId, [row]);
    else members.push(row);
  }
  const all = batches
    .toSorted((a, b) => a.startNs - b.startNs)
    .flatMap((batch) => framesOfBatch(batch, membersOf.get(batch.batchId) ?? [], records));
  return {
    work: "batches",
    frames: all.slice(0, MOST_FRAMES),
    promptTokens: records.map(({ promptTokens }) => promptTokens),
    outputTokens: records.map(({ outputTokens }) => outputTokens),
    isWhole: all.length <= MOST_FRAMES,
  };
}

function framesOfBatch(batch: BatchRecord, members: readonly number[], records: readonly RequestRecord[]): Frame[] {
  const { startNs, firstTokenNs, endNs } = batch;
  const longest = members.reduce((most, row) => Math.max(most, records[row]!.outputTokens), 1);
  const parts = Math.min(DECODE_FRAMES, longest - 1);
  const timeAt = (part: number): number => firstTokenNs + ((endNs - firstTokenNs) * part) / Math.max(1, parts);
  const prefill = members.map((request): FrameRow => ({
    request,
    doing: "prefill",
    tokens: records[request]!.promptTokens,
    past: 0,
    blocks: 0,
  }));
  const frames = [frameOf(startNs, firstTokenNs, prefill, records)];
  for (let part = 0; part < parts; part++) {
    const decoded = (place: number): number => 1 + Math.round(((longest - 1) * place) / parts);
    const rows = members.map((request) => decodeRow(request, records[request]!, decoded(part), decoded(part + 1)));
    frames.push(frameOf(timeAt(part), timeAt(part + 1), rows, records));
  }
  return frames;
}

/** From so many output tokens of the longest answer to so many. */
function decodeRow(request: number, { promptTokens, outputTokens }: RequestRecord, from: number, to: number): FrameRow {
  const before = Math.min(outputTokens, from);
  const tokens = Math.min(outputTokens, to) - before;
  return { request, doing: tokens === 0 ? "done" : "decode", tokens, past: promptTokens + before, blocks: 0 };
}

function frameOf(startNs: number, endNs: number, rows: FrameRow[], records: readonly RequestRecord[]): Frame {
  const waiting = records.flatMap(({ sentNs, arrivalNs, scheduledNs }, request) =>
    (sentNs ?? arrivalNs) <= startNs && (scheduledNs ?? Infinity) > startNs ? [request] : [],
  );
  return { startNs, endNs, waiting, rows, preempted: [] };
}
