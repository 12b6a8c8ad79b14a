/** Writes requests as servesim's CSV, or as JSON lines (timed_trace), which keep what prompts share. */
import { ConfigError } from "../../errors.js";
import type { ContentRuns, WorkloadRequest } from "../../load/index.js";
import { writeLinesAtomic } from "../disk/index.js";
import { csvCell } from "../csv-text.js";

export const writtenForms = ["csv", "jsonl"] as const;
export type WrittenForm = (typeof writtenForms)[number];

/**
 * Writes a trace, whole or not at all; gzip when the name ends in .gz. Times are ms, exact to the nanosecond for 26
 * days. `blockTokens`: tokens behind each hash id of JSON lines. ConfigError where a request has no arrival time.
 */
export async function writeTrace(
  path: string,
  requests: readonly WorkloadRequest[],
  form: WrittenForm,
  blockTokens = 512,
): Promise<void> {
  await writeLinesAtomic(path, form === "csv" ? csvLines(requests) : jsonLines(requests, blockTokens));
}

function* csvLines(requests: readonly WorkloadRequest[]): Generator<string> {
  const hasPriority = requests.some(({ priority }) => priority !== undefined);
  const header = `arrival_ms,prompt_tokens,output_tokens,request_id${hasPriority ? ",priority" : ""}`;
  yield header;
  for (const request of requests) {
    const own = `${arrivalMs(request)},${request.promptTokens},${request.outputTokens},${field(request.id)}`;
    yield hasPriority ? `${own},${request.priority ?? 0}` : own;
  }
}

function* jsonLines(requests: readonly WorkloadRequest[], blockTokens: number): Generator<string> {
  for (const request of requests) yield jsonLine(request, blockTokens);
}

function jsonLine(request: WorkloadRequest, blockTokens: number): string {
  const { promptTokens, outputTokens, content, priority } = request;
  return JSON.stringify({
    timestamp: arrivalMs(request),
    input_length: promptTokens,
    output_length: outputTokens,
    ...(content === undefined ? {} : { hash_ids: hashIds(request.id, content, promptTokens, blockTokens) }),
    ...(priority === undefined ? {} : { priority }),
  });
}

function hashIds(id: string, content: ContentRuns, promptTokens: number, blockTokens: number): number[] {
  const isOfBlocks = content.every(
    ([, tokens], index) => tokens === Math.min(blockTokens, promptTokens - index * blockTokens),
  );
  if (!isOfBlocks) {
    throw new ConfigError(
      `request ${id}: its content is not in blocks of ${blockTokens} tokens, which JSON lines need; write csv, without it`,
    );
  }
  return content.map(([hash]) => hash);
}

function arrivalMs({ id, arrivalNs }: WorkloadRequest): number {
  if (arrivalNs === undefined) {
    throw new ConfigError(`request ${id} has no arrival time, and a trace needs one; give --request-rate`);
  }
  return arrivalNs / 1e6;
}

/** A line break in an id would be an extra row to readers that do not expect one. */
function field(text: string): string {
  return csvCell(text.replaceAll(/\s+/g, " "));
}
