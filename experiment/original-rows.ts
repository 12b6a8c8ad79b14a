/** The results as rows of the original suite's CSV: one per request and run, `source` and `repeat` telling them apart. */
import type { Run } from "../formats/index.js";
import type { CellResult } from "./results.js";

type Row = Record<string, string | number | undefined>;

/** `run_num` numbers the loads from 1 in the order of the experiment. Prompts are looked up by request id. */
export function originalRows(
  cells: readonly CellResult[],
  promptOf: (load: string, requestId: string) => string | undefined,
): Row[] {
  const loads = [...new Set(cells.map(({ load }) => load))];
  return cells.flatMap((cell) => {
    const runNum = loads.indexOf(cell.load) + 1;
    const rows = (run: Run, repeat: number): Row[] => rowsOf(run, cell, { runNum, repeat }, promptOf);
    return [
      ...cell.real.flatMap((run, index) => rows(run, index + 1)),
      ...(cell.predictions ?? [cell.sim]).flatMap((run, index) => rows(run, index + 1)),
    ];
  });
}

function rowsOf(
  run: Run,
  cell: CellResult,
  { runNum, repeat }: { runNum: number; repeat: number },
  promptOf: (load: string, requestId: string) => string | undefined,
): Row[] {
  const peaks = new Map(run.batches.map(({ batchId, peakBytes }) => [batchId, peakBytes]));
  return run.requests.map((request, index) => {
    const { requestId, status, arrivalNs, firstTokenNs, lastTokenNs, promptTokens, outputTokens, batchId } = request;
    const latencyS = lastTokenNs === undefined ? undefined : (lastTokenNs - arrivalNs) / 1e9;
    const peakBytes = batchId === undefined ? undefined : peaks.get(batchId);
    return {
      scheduler_type: cell.policy,
      run_num: runNum,
      seq: index + 1,
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
      prompt: promptOf(cell.load, requestId),
      output_prompt: "",
      error: request.error,
      source: run.info.source,
      repeat,
    };
  });
}
