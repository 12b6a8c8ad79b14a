/**
 * The original suite's recorded requests, by cell (one scheduler in one of its three runs). Latencies are seconds;
 * words are whitespace words, which the suite called tokens; memory is the suite's "GB", taken as
 * GiB: the weights in float32 (0.498e9 bytes) would not fit in the recorded 0.49e9.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { ArtifactError, check, ConfigError } from "../../formats/index.js";
import { readOriginalCsv } from "../../formats/files/index.js";

export const RECORDING_NAME = "llm-scheduler-run-2025-10-20.csv";

export interface RecordedRequest {
  /** Position in issue order, from 1. */
  readonly seq: number;
  /** Batch that served it, from 1; 0 where the scheduler has no batches. */
  readonly batch: number;
  /** The batch-size target after that batch. */
  readonly nextLimit: number;
  readonly latencyS: number;
  readonly peakGib: number;
  readonly inputWords: number;
  readonly outputWords: number;
}

export interface RecordedCell {
  readonly policy: string;
  /** The suite's run: 1, 2 or 3. */
  readonly run: number;
  /** Requests of the cell, in issue order. */
  readonly requests: readonly RecordedRequest[];
}

const count = z.coerce.number<string>().pipe(z.int().nonnegative());
const detailSchema = z.looseObject({
  batch_num: count,
  current_batch_size: count,
  current_peak_mem_usage: z.string().regex(/^[\d.]+ GB$/),
  input_tokens: count,
});

/** Reads the recording; ConfigError when it is not there, ArtifactError when it is not what it should be. */
export async function readRecording(path = `../shared/data/seed/${RECORDING_NAME}`): Promise<RecordedCell[]> {
  if (!existsSync(path)) {
    throw new ConfigError(
      `no recording at ${resolve(path)}, expected the original suite's ${RECORDING_NAME}; give its path as argument ` +
        "(score.ts needs no recording: it reads examples/original-suite/recorded.json)",
    );
  }
  const cells = new Map<string, { policy: string; run: number; requests: RecordedRequest[] }>();
  for (const row of await readOriginalCsv(path)) {
    const { batch_num, current_batch_size, current_peak_mem_usage, input_tokens } = check(detailSchema, row, {
      source: path,
      Failure: ArtifactError,
    });
    const policy = row.scheduler_type.replace(/_scheduler$/, "");
    const key = `${policy}/${row.run_num}`;
    const cell = cells.get(key) ?? { policy, run: row.run_num, requests: [] };
    cells.set(key, cell);
    cell.requests.push({
      seq: row.seq,
      batch: batch_num,
      nextLimit: current_batch_size,
      latencyS: row.latency,
      peakGib: Number.parseFloat(current_peak_mem_usage),
      inputWords: input_tokens,
      outputWords: row.output_tokens,
    });
  }
  for (const cell of cells.values()) cell.requests.sort((a, b) => a.seq - b.seq);
  return [...cells.values()];
}
