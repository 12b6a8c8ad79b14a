/**
 * Azure LLM inference traces: `TIMESTAMP,ContextTokens,GeneratedTokens`, with 7 digits of a second in 2023 and 6 and an
 * offset in 2024. Times are exact to the digit. https://github.com/Azure/AzurePublicDataset
 */
import type { Trace, WorkloadRequest } from "../../load/index.js";
import { columnsOf, type CsvTable } from "./csv-table.js";
import { fieldError, finishedTrace, leftOut, tokensOf } from "./trace-rows.js";

export const azureColumns = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"] as const;

/** Rows without context or without generated tokens were not served: they are left out, and counted. */
export function readAzure(table: CsvTable): Trace {
  const { path } = table;
  const at = columnsOf(table, azureColumns);
  const requests: WorkloadRequest[] = [];
  const timestamps = new TimestampReader(path);
  let rows = 0;
  let withoutTokens = 0;
  for (const { fields, line } of table.rows) {
    const id = String(rows++);
    const arrivalNs = timestamps.nsOf(fields[at.TIMESTAMP]!, line);
    const promptTokens = tokensOf(fields[at.ContextTokens]!, line, path, "ContextTokens");
    const outputTokens = tokensOf(fields[at.GeneratedTokens]!, line, path, "GeneratedTokens");
    if (promptTokens === 0 || outputTokens === 0) withoutTokens++;
    else requests.push({ id, arrivalNs, promptTokens, outputTokens });
  }
  const notes = leftOut(withoutTokens, rows, "0 context or generated tokens");
  return finishedTrace({ format: "azure", path, requests, rows, notes, isRebased: true });
}

const timestamp = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):?(\d\d))?$/;

/** Nanoseconds since midnight before the first timestamp: since 1970 they would no longer be whole numbers. */
class TimestampReader {
  private originS: number | undefined;

  constructor(private readonly path: string) {}

  nsOf(text: string, line: number): number {
    const found = timestamp.exec(text);
    const [year, month, day, hours, minutes, seconds] = (found ?? []).slice(1, 7).map(Number);
    const dayS = found === null ? NaN : Date.UTC(year!, month! - 1, day) / 1000;
    // Date.UTC carries a 31 April over to May, and month 13 to January: the date has to come back.
    const isDate = found !== null && new Date(dayS * 1000).toISOString().startsWith(found[0].slice(0, 10));
    if (!isDate || hours! > 23 || minutes! > 59 || seconds! > 59) {
      throw fieldError(
        { path: this.path, line, column: "TIMESTAMP" },
        text,
        "a time such as 2023-11-16 18:17:03.9799600",
      );
    }
    this.originS ??= dayS;
    const [, , , , , , , digits = "", sign, offsetHours, offsetMinutes] = found;
    const offsetS = sign === undefined ? 0 : (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60;
    const wholeS = dayS - this.originS + (hours! * 60 + minutes!) * 60 + seconds! - (sign === "-" ? -offsetS : offsetS);
    return wholeS * 1e9 + Number(digits.padEnd(9, "0"));
  }
}
