/** The results as rows of the original suite's CSV: one per request and run, distinguished by `source` and `repeat`. */
import { eachRequest, type Run } from "../../../formats/index.js";
import type { CellResult } from "../results.js";

type Row = Record<string, string | number | undefined>;

/** `run_num` numbers the loads from 1 in the order of the experiment. `prompts`: of each load, by request id. */
export function* originalRows(
  cells: readonly CellResult[],
  prompts: ReadonlyMap<string, ReadonlyMap<string, string>>,
): Generator<Row> {
  const loads = [...new Set(cells.map(({ load }) => load))];
  for (const cell of cells) {
    const runNum = loads.indexOf(cell.load) + 1;
    for (const runs of [cell.real, cell.predictions ?? [cell.sim]]) {
      for (const [index, run] of runs.entries()) yield* rowsOf(run, cell, { runNum, repeat: index + 1 }, prompts);
    }
  }
}

function* rowsOf(
  run: Run,
  cell: CellResult,
  { runNum, repeat }: { runNum: number; repeat: number },
  prompts: ReadonlyMap<string, ReadonlyMap<string, string>>,
): Generator<Row> {
  const peaks = new Map(run.batches.map(({ batchId, peakBytes }) => [batchId, peakBytes]));
  let seq = 0;
  for (const request of eachRequest(run)) {
    const { requestId, status, arrivalNs, firstTokenNs, lastTokenNs, promptTokens, outputTokens, batchId } = request;
    const latencyS = lastTokenNs === undefined ? undefined : (lastTokenNs - arrivalNs) / 1e9;
    const peakBytes = batchId === undefined ? undefined : peaks.get(batchId);
    yield {
      scheduler_type: cell.policy,
      run_num: runNum,
      seq: ++seq,
      status,
      batch_num: batchId ?? 0,
      current_batch_size: request.batchSize ?? 0,
      current_peak_mem_usage: peakBytes === undefined ? "" : `${(peakBytes / 2 ** 30).toFixed(2)} GB`,
      input_tokens: promptTokens,
      output_tokens: outputTokens,
      total_tokens: promptTokens + outputTokens,
      latency: latencyS,
      ttft: firstTokenNs === undefined ? undefined : (firstTokenNs - arrivalNs) / 1e9,
      tokens_per_sec: latencyS === undefined || latencyS === 0 ? undefined : outputTokens / latencyS,
      prompt: prompts.get(cell.load)?.get(requestId),
      output_prompt: "",
      error: request.error,
      source: run.info.source,
      repeat,
    };
  }
}
