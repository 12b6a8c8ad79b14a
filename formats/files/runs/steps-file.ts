/** Reads and writes steps.csv[.gz] of a run folder: one row per step of the engine, whole microseconds on the run's clock. */
import { join } from "node:path";
import { checkRows, readCsv, writeCsv } from "../csv.js";
import type { EngineStepRecord, ScheduledStepRecord } from "../../run/index.js";
import {
  engineStepColumns,
  existing,
  recordOf,
  required,
  rowOf,
  rowSchema,
  stepColumns,
  type Columns,
} from "./columns.js";

/** The engine steps of a run folder; undefined where it has none. Problems name file and line. */
export async function readSteps(folder: string): Promise<readonly EngineStepRecord[] | undefined> {
  return readColumns(folder, engineStepColumns);
}

/** The steps of a real run by servesim itself; undefined where a folder has none, or those of a vLLM server. */
export async function readScheduledSteps(folder: string): Promise<readonly ScheduledStepRecord[] | undefined> {
  return readColumns(folder, stepColumns, ["prefill_chunks", "compute_end_us"]);
}

/** KV blocks after a pass that every running request took part in. */
export interface BlockCounts {
  readonly requests: number;
  /** Held by them, those of the pass included. */
  readonly tokens: number;
  readonly freeBlocks: number;
}

const { scheduled_requests, scheduled_tokens, context_tokens, running, free_blocks } = stepColumns;
const blockColumns = { scheduled_requests, scheduled_tokens, context_tokens, running, free_blocks };

/** Undefined where a folder has no steps, or none that say how many blocks were free. */
export async function readBlockCounts(folder: string): Promise<readonly BlockCounts[] | undefined> {
  const steps = await readColumns<ScheduledStepRecord>(folder, blockColumns, ["running", "free_blocks"]);
  return steps
    ?.filter(({ scheduledRequests, running: requests }) => scheduledRequests > 0 && scheduledRequests === requests)
    .map(({ running: requests, scheduledTokens, contextTokens, freeBlocks }) => ({
      ...{ requests, tokens: contextTokens + scheduledTokens, freeBlocks },
    }));
}

/** Undefined where the file lacks one of the columns of `own`, which not every engine writes. */
async function readColumns<T>(
  folder: string,
  columns: Columns,
  own: readonly string[] = [],
): Promise<readonly T[] | undefined> {
  const path = existing(folder, "steps.csv");
  if (path === undefined) return undefined;
  const rows = await readCsv(path, required(engineStepColumns));
  if (!rows.every((row) => own.every((name) => name in row))) return undefined;
  return checkRows(rowSchema(columns), rows, path).map((row) => recordOf(columns, row) as T);
}

/** Writes steps.csv.gz into a run folder. */
export async function writeSteps(folder: string, steps: readonly ScheduledStepRecord[]): Promise<void> {
  await writeCsv(join(folder, "steps.csv.gz"), Object.keys(stepColumns), rowsOf(steps));
}

function* rowsOf(steps: readonly ScheduledStepRecord[]): Generator<Record<string, string | number | undefined>> {
  for (const step of steps) yield rowOf(stepColumns, step);
}
