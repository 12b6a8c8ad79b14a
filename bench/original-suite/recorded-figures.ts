/** The figures of recorded.json out of the recorded requests: those of every cell, the per-request rows left behind. */
import { mean } from "../../sim/index.js";
import { cellFigures, type Recorded } from "./cell-figures.js";
import { RECORDING_NAME, type RecordedCell } from "./recording.js";

export function recordedFigures(recording: readonly RecordedCell[]): Recorded {
  const cells = recording.map(({ policy, run, requests }) => ({
    ...cellFigures(
      policy,
      requests.map(({ latencyS }) => latencyS),
      sizes(requests.map(({ batch }) => batch)),
    ),
    run,
    mean_output_words: rounded(mean(requests.map(({ outputWords }) => outputWords))),
    mean_words_per_s: rounded(mean(requests.map(({ outputWords, latencyS }) => outputWords / latencyS))),
  }));
  const source = `computed by bench/original-suite/fit.ts from ${RECORDING_NAME}: Hieutrinh1505/llm-scheduler, numbers only`;
  return { source, cells };
}

/** How many requests each batch has, from each request's batch number (0: no batches). */
function sizes(batchNumbers: readonly number[]): number[] {
  const counts: number[] = [];
  for (const batch of batchNumbers) if (batch > 0) counts[batch - 1] = (counts[batch - 1] ?? 0) + 1;
  return counts;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
