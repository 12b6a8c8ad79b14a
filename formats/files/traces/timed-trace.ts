/**
 * JSON lines of Mooncake and of vLLM bench's timed_trace: `timestamp`, `input_length`, `output_length` and `hash_ids`,
 * one id for each block of tokens (512 in Mooncake, 16 in Alibaba's Bailian). Equal ids mean equal text after equal
 * text.
 */
import { ArtifactError } from "../../errors.js";
import type { Trace, ContentRuns, WorkloadRequest } from "../../load/index.js";
import { jsonLines } from "./json-values.js";
import { fieldError, finishedTrace, leftOut, requireBlocks, TimeColumn } from "./trace-rows.js";

export const timedTraceKeys = ["timestamp", "input_length", "output_length"] as const;

export interface TimedTraceUnits {
  /** Tokens behind each hash id. */
  readonly blockTokens: number;
  /** Seconds of one unit of `timestamp`. */
  readonly secondsPerUnit: number;
}

type Run = ContentRuns[number];

/** Rows without input or output tokens are left out, and counted; other keys are ignored. */
export function readTimedTrace(path: string, bytes: Buffer, units: TimedTraceUnits): Trace {
  const requests: WorkloadRequest[] = [];
  const fullBlocks = new Map<number, Run>();
  const times = new TimeColumn(path, "timestamp", units.secondsPerUnit * 1e9);
  let rows = 0;
  let withoutTokens = 0;
  for (const { value, line } of jsonLines(path, bytes)) {
    const row = rowOf(value, path, line);
    const id = String(rows++);
    const arrivalNs = times.nsOf(row.timestamp, line);
    const promptTokens = tokens(row.input_length, path, line, "input_length");
    const outputTokens = tokens(row.output_length, path, line, "output_length");
    const priority = row.priority === undefined ? {} : { priority: wholeNumber(row.priority, path, line, "priority") };
    if (promptTokens === 0 || outputTokens === 0) {
      withoutTokens++;
      continue;
    }
    const content =
      row.hash_ids === undefined
        ? {}
        : { content: contentOf(row.hash_ids, promptTokens, units.blockTokens, fullBlocks, { path, line }) };
    requests.push({ id, arrivalNs, promptTokens, outputTokens, ...content, ...priority });
  }
  const notes = leftOut(withoutTokens, rows, "0 input or output tokens");
  return finishedTrace({ format: "mooncake", path, requests, rows, notes, isRebased: true });
}

function rowOf(row: unknown, path: string, line: number): Record<string, unknown> {
  if (typeof row !== "object" || row === null || Array.isArray(row)) {
    throw new ArtifactError(
      `${path}:${line}: got ${JSON.stringify(row).slice(0, 40)}, expected an object with ${timedTraceKeys.join(", ")}`,
    );
  }
  const missing = timedTraceKeys.filter((key) => !(key in row));
  if (missing.length > 0) {
    const got = Object.keys(row).join(", ").slice(0, 200);
    throw new ArtifactError(
      `${path}:${line}: no key ${missing.join(", ")}, got ${got === "" ? "none" : got}; ` +
        `expected ${timedTraceKeys.join(", ")} and, for prefix caching, hash_ids`,
    );
  }
  return row as Record<string, unknown>;
}

function wholeNumber(value: unknown, path: string, line: number, column: string): number {
  if (!Number.isSafeInteger(value)) throw fieldError({ path, line, column }, value, "a whole number");
  return value as number;
}

function tokens(value: unknown, path: string, line: number, column: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw fieldError({ path, line, column }, value, "a whole number of tokens, 0 or more");
  return value as number;
}

/** One run for each block; the last has what is left of the prompt. */
function contentOf(
  ids: unknown,
  promptTokens: number,
  blockTokens: number,
  fullBlocks: Map<number, Run>,
  at: { readonly path: string; readonly line: number },
): ContentRuns {
  const place = { ...at, column: "hash_ids" };
  if (!Array.isArray(ids)) throw fieldError(place, ids, "an array of whole numbers");
  requireBlocks(`${at.path}:${at.line}`, ids.length, promptTokens, blockTokens);
  return ids.map((id: unknown, index): Run => {
    if (!Number.isSafeInteger(id) || (id as number) < 0) throw fieldError(place, id, "whole numbers, 0 or more");
    const left = promptTokens - index * blockTokens;
    if (left < blockTokens) return [id as number, left];
    const known = fullBlocks.get(id as number) ?? [id as number, blockTokens];
    fullBlocks.set(id as number, known);
    return known;
  });
}
