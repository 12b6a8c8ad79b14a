/**
 * BurstGPT: `Timestamp` in seconds, `Request tokens`, `Response tokens` (0: the request failed), and columns that are
 * not needed here. https://github.com/HPMLL/BurstGPT
 */
import type { Trace, WorkloadRequest } from "../../load/index.js";
import { columnsOf, type CsvTable } from "./csv-table.js";
import { finishedTrace, leftOut, TimeColumn, tokensOf } from "./trace-rows.js";

export const burstGptColumns = ["Timestamp", "Request tokens", "Response tokens"] as const;

/** Failed requests, and those without a prompt, are left out and counted. */
export function readBurstGpt(table: CsvTable): Trace {
  const { path } = table;
  const at = columnsOf(table, burstGptColumns);
  const requests: WorkloadRequest[] = [];
  const times = new TimeColumn(path, "Timestamp", 1e9);
  let rows = 0;
  let failed = 0;
  let withoutPrompt = 0;
  for (const { fields, line } of table.rows) {
    const id = String(rows++);
    const arrivalNs = times.nsOfText(fields[at.Timestamp]!, line);
    const promptTokens = tokensOf(fields[at["Request tokens"]]!, line, path, "Request tokens");
    const outputTokens = tokensOf(fields[at["Response tokens"]]!, line, path, "Response tokens");
    if (outputTokens === 0) failed++;
    else if (promptTokens === 0) withoutPrompt++;
    else requests.push({ id, arrivalNs, promptTokens, outputTokens });
  }
  const notes = [
    ...leftOut(failed, rows, "0 response tokens (failed requests)"),
    ...leftOut(withoutPrompt, rows, "0 request tokens"),
  ];
  return finishedTrace({ format: "burstgpt", path, requests, rows, notes, isRebased: true });
}
