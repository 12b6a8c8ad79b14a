/**
 * servesim's own CSV, `arrival_ms,prompt_tokens,output_tokens[,request_id][,priority]`, and the requests.csv of a run,
 * which has these columns and more.
 */
import { ArtifactError } from "../../errors.js";
import { check } from "../../check.js";
import { type Run, eachRequest } from "../../run/index.js";
import { type Trace, LATEST_MS, MAX_TOKENS, workloadRowSchema, type WorkloadRequest } from "../../load/index.js";
import { columnsOf, type CsvTable } from "./csv-table.js";
import { finishedTrace, leftOut, TimeColumn, tokensOf } from "./trace-rows.js";

export const requestColumns = ["arrival_ms", "prompt_tokens", "output_tokens"] as const;
export const runColumns = ["request_id", ...requestColumns, "status"] as const;

/** Requests by arrival, at the times that the file says; every row must be a request. */
export function readRequestCsv(table: CsvTable): Trace {
  const { path, header } = table;
  const at = columnsOf(table, requestColumns);
  const idColumn = header.indexOf("request_id");
  const priorityColumn = header.indexOf("priority");
  const isKnown = header.every((name) => name in workloadRowSchema.shape);
  const requests: WorkloadRequest[] = [];
  const lineOfId = new Map<string, number>();
  let rows = 0;
  for (const { fields, line } of table.rows) {
    const arrivalMs = fields[at.arrival_ms] === "" ? NaN : Number(fields[at.arrival_ms]);
    const promptTokens = Number(fields[at.prompt_tokens]);
    const outputTokens = Number(fields[at.output_tokens]);
    const priorityText = priorityColumn === -1 ? "" : fields[priorityColumn]!;
    const isPlain =
      isKnown &&
      arrivalMs >= 0 &&
      arrivalMs <= LATEST_MS &&
      isCount(promptTokens) &&
      isCount(outputTokens) &&
      Number.isSafeInteger(Number(priorityText));
    if (!isPlain) requireRow(table, fields, line);
    const id = idColumn === -1 || fields[idColumn] === "" ? String(rows) : fields[idColumn]!;
    rows++;
    if (idColumn !== -1) {
      const earlier = lineOfId.get(id);
      if (earlier !== undefined)
        throw new ArtifactError(`${path}:${line}: request_id "${id}" is also on line ${earlier}`);
      lineOfId.set(id, line);
    }
    const arrivalNs = Math.round(arrivalMs * 1e6);
    const priority = priorityText === "" ? {} : { priority: Number(priorityText) };
    requests.push({ id, arrivalNs, promptTokens, outputTokens, ...priority });
  }
  return finishedTrace({ format: "csv", path, requests, rows, isRebased: false });
}

/** The requests of a recorded or simulated run, as they were answered; those without an answer are left out. */
export function readRunCsv(table: CsvTable): Trace {
  const { path } = table;
  const at = columnsOf(table, runColumns);
  const answered = new AnsweredRequests();
  const times = new TimeColumn(path, "arrival_ms", 1e6);
  for (const { fields, line } of table.rows) {
    const arrivalNs = times.nsOfText(fields[at.arrival_ms]!, line);
    const promptTokens = tokensOf(fields[at.prompt_tokens]!, line, path, "prompt_tokens");
    const outputTokens = tokensOf(fields[at.output_tokens]!, line, path, "output_tokens");
    answered.add({ id: fields[at.request_id]!, arrivalNs, promptTokens, outputTokens }, fields[at.status]!);
  }
  return answered.trace(path);
}

/** The same of a run that was read, such as one that was cut and has no CSV. */
export function traceOfRun(run: Run, path: string, notes: readonly string[]): Trace {
  const answered = new AnsweredRequests();
  for (const { requestId: id, arrivalNs, promptTokens, outputTokens, status } of eachRequest(run)) {
    answered.add({ id, arrivalNs, promptTokens, outputTokens }, status);
  }
  return answered.trace(path, notes);
}

class AnsweredRequests {
  private readonly requests: WorkloadRequest[] = [];
  private rows = 0;

  add(request: WorkloadRequest, status: string): void {
    this.rows++;
    if (status === "ok" && request.promptTokens > 0 && request.outputTokens > 0) this.requests.push(request);
  }

  trace(path: string, notes: readonly string[] = []): Trace {
    const { requests, rows } = this;
    const left = leftOut(rows - requests.length, rows, 'not "ok", or 0 tokens');
    return finishedTrace({ format: "run", path, requests, rows, notes: [...notes, ...left], isRebased: true });
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0 && value <= MAX_TOKENS;
}

/** Throws what the schema says of a row in which the quick test above found something odd. */
function requireRow({ path, header }: CsvTable, fields: readonly string[], line: number): void {
  const named = header.map((name, column) => [name, fields[column]!] as const);
  const row = Object.fromEntries(named.filter(([, text]) => text !== ""));
  check(workloadRowSchema, row, { source: `${path}:${line}`, Failure: ArtifactError });
}
