/**
 * JSON lines of prompts, as vLLM bench's dataset "custom" takes them: `prompt` and `output_tokens` (or `output_len`). Beyond
 * what it takes, `arrival` says when each comes and `priority` how urgent it is. Order is the file's; vLLM bench shuffles.
 */
import { z } from "zod";
import { check } from "../../check.js";
import { ArtifactError } from "../../errors.js";
import { type Trace, MAX_TOKENS, type WorkloadRequest } from "../../load/index.js";
import { jsonLines } from "./json-values.js";
import { finishedTrace, TimeColumn } from "./trace-rows.js";

export interface CustomOptions {
  /** Token ids of a text. */
  readonly tokenize: (text: string) => readonly number[];
  /** Output tokens of every line, whatever the line says. */
  readonly outputLen?: number | undefined;
  /** Seconds of one unit of `arrival`. */
  readonly secondsPerUnit: number;
  /** Requests wanted of a file without times: those of a shorter file come again from its start. */
  readonly wanted?: number | undefined;
}

const outputTokens = z.int().positive().max(MAX_TOKENS).nullish();
const customLine = z.looseObject({
  prompt: z.string().regex(/\S/, "expected a text"),
  output_tokens: outputTokens,
  output_len: outputTokens,
  arrival: z.number().nullish(),
  priority: z.int().nullish(),
});

type Changing = { -readonly [Key in keyof WorkloadRequest]: WorkloadRequest[Key] };

/** Either all lines have an `arrival` or none has; ArtifactError with file and line of what does not fit. */
export function readCustom(path: string, bytes: Buffer, options: CustomOptions): Trace {
  const { tokenize, outputLen, secondsPerUnit, wanted = 0 } = options;
  const requests: WorkloadRequest[] = [];
  const times = new TimeColumn(path, "arrival", secondsPerUnit * 1e9);
  for (const { value, line } of jsonLines(path, bytes)) {
    const source = `${path}:${line}`;
    const row = check(customLine, value, { source, Failure: ArtifactError });
    const { prompt, arrival, priority } = row;
    const request: Changing = {
      id: String(requests.length),
      promptTokens: tokenize(prompt).length,
      outputTokens: outputLen ?? lengthOf(row, source),
      prompt,
    };
    if (requests.length > 0) requireAlike(requests[0]!, arrival, source);
    if (arrival != null) request.arrivalNs = times.nsOf(arrival, line);
    if (priority != null) request.priority = priority;
    requests.push(request);
    if (arrival == null && requests.length === wanted) break;
  }
  const rows = requests.length;
  const isTimed = requests[0]?.arrivalNs !== undefined;
  const isRepeated = rows > 0 && !isTimed && rows < wanted;
  if (isRepeated) for (let at = rows; at < wanted; at++) requests.push({ ...requests[at % rows]!, id: String(at) });
  const notes = isRepeated ? [`its ${rows} prompts are taken again from the start for ${wanted} requests`] : [];
  return finishedTrace({ format: "custom", path, requests, rows, notes, isRebased: isTimed });
}

function lengthOf(
  { output_tokens: ofVllm, output_len: other }: Pick<z.output<typeof customLine>, "output_tokens" | "output_len">,
  source: string,
): number {
  if (ofVllm != null && other != null && ofVllm !== other)
    throw new ArtifactError(`${source}: output_tokens is ${ofVllm} and output_len ${other}, expected one length`);
  const length = ofVllm ?? other;
  if (length != null) return length;
  throw new ArtifactError(`${source}: no output_tokens; add them, or set custom_output_len for all lines`);
}

function requireAlike(first: WorkloadRequest, arrival: number | null | undefined, source: string): void {
  const isTimed = first.arrivalNs !== undefined;
  if ((arrival != null) === isTimed) return;
  throw new ArtifactError(
    `${source}: ${isTimed ? "no arrival, which the first line has" : "an arrival, which the first line does not have"}; ` +
      "expected it in all lines or in none",
  );
}
