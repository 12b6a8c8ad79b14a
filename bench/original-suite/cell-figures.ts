/** What the suite's table says of a cell: mean, P50 and P95 latency (s, R-7 as numpy has it) and its batches' sizes. */
import { z } from "zod";
import { ArtifactError, check } from "../../formats/index.js";
import { readJson } from "../../formats/files/index.js";
import { e2elMs, mean, quantile, type SimulationResult } from "../../sim/index.js";

const figures = {
  policy: z.string(),
  requests: z.int().positive(),
  mean_latency_s: z.number().positive(),
  p50_latency_s: z.number().positive(),
  p95_latency_s: z.number().positive(),
  /** In the order in which they ran; empty where the scheduler has no batches. */
  batch_sizes: z.array(z.int().positive()),
};

/** recorded.json. Words are whitespace words, which the suite called tokens. */
const recordedSchema = z.strictObject({
  source: z.string(),
  cells: z.array(
    z.strictObject({
      ...figures,
      run: z.int().positive(),
      mean_output_words: z.number().positive(),
      mean_words_per_s: z.number().positive().describe("mean of each request's words / latency"),
    }),
  ),
});

export type Recorded = z.output<typeof recordedSchema>;
export type RecordedFigures = Recorded["cells"][number];
export type CellFigures = Pick<RecordedFigures, keyof typeof figures>;

export function readRecorded(path: string): Recorded {
  return check(recordedSchema, readJson(path), { source: path, Failure: ArtifactError });
}

export function cellFigures(policy: string, latenciesS: readonly number[], batchSizes: readonly number[]): CellFigures {
  const sorted = Float64Array.from(latenciesS).sort();
  return {
    policy,
    requests: sorted.length,
    mean_latency_s: toMicroseconds(mean(sorted)),
    p50_latency_s: toMicroseconds(quantile(sorted, 0.5)),
    p95_latency_s: toMicroseconds(quantile(sorted, 0.95)),
    batch_sizes: [...batchSizes],
  };
}

export function simulatedFigures(policy: string, { requests, batches }: SimulationResult): CellFigures {
  return cellFigures(
    policy,
    requests.map((request) => e2elMs(request)! / 1000),
    batches.map(({ size }) => size),
  );
}

function toMicroseconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
