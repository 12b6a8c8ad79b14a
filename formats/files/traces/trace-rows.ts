/** What the readers of every trace format share: checked fields, rows left out, and requests in order of arrival. */
import { ArtifactError } from "../../errors.js";
import { type Trace, type TraceFormat, LATEST_MS, MAX_TOKENS, type WorkloadRequest } from "../../load/index.js";

/** Where a field stands, for errors. */
export interface FieldPlace {
  readonly path: string;
  readonly line: number;
  readonly column: string;
}

export function fieldError({ path, line, column }: FieldPlace, got: unknown, expected: string): ArtifactError {
  const text = got === undefined || got === "" ? "nothing" : JSON.stringify(got);
  const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return new ArtifactError(`${path}:${line}: ${column}: got ${shown}, expected ${expected}`);
}

/** ArtifactError where a prompt does not have a hash id for each of its blocks; `where`: file and line. */
export function requireBlocks(where: string, ids: number, promptTokens: number, blockTokens: number): void {
  const blocks = Math.ceil(promptTokens / blockTokens);
  if (ids === blocks) return;
  throw new ArtifactError(
    `${where}: hash_ids: got ${ids} ids, expected ${blocks} for input_length ${promptTokens} in blocks of ` +
      `${blockTokens} tokens; if the trace has other blocks, set timed_trace_chunk_hash_size`,
  );
}

/** A whole number of tokens from 0, as text. */
export function tokensOf(text: string, line: number, path: string, column: string): number {
  const tokens = Number(text);
  if (text === "" || !Number.isSafeInteger(tokens) || tokens < 0) {
    throw fieldError({ path, line, column }, text, "a whole number of tokens, 0 or more");
  }
  return tokens;
}

/**
 * Times of a column as whole nanoseconds from its first row: counted from 1970, a time of today would no longer be a
 * whole number of nanoseconds.
 */
export class TimeColumn {
  private origin: number | undefined;

  constructor(
    private readonly path: string,
    private readonly column: string,
    private readonly nsPerUnit: number,
  ) {}

  nsOfText(text: string, line: number): number {
    return this.nsOf(text, line, text === "" ? NaN : Number(text));
  }

  /** `value` in the column's unit, NaN where it is not a number; `got` is what the file says. */
  nsOf(got: unknown, line: number, value = typeof got === "number" ? got : NaN): number {
    this.origin ??= value;
    const ns = Math.round((value - this.origin) * this.nsPerUnit);
    if (!Number.isFinite(ns)) throw fieldError({ path: this.path, line, column: this.column }, got, "a number");
    return ns;
  }
}

export interface TraceOutcome {
  readonly format: TraceFormat;
  readonly path: string;
  /** In file order; `arrivalNs` from any origin when rebased. */
  readonly requests: WorkloadRequest[];
  readonly rows: number;
  readonly notes?: readonly string[];
  /** Arrival times count from the first request's (else they are from 0 already). */
  readonly isRebased: boolean;
}

/** The trace, by arrival; ArtifactError where no request is left, one is too long or the span is beyond 104 days. */
export function finishedTrace({ format, path, requests, rows, notes = [], isRebased }: TraceOutcome): Trace {
  if (requests.length === 0) {
    const why = rows === 0 ? ", expected at least one row" : `: ${notes.join("; ")}`;
    throw new ArtifactError(`${path} holds no requests${why}`);
  }
  const longest = requests.find((request) => Math.max(request.promptTokens, request.outputTokens) > MAX_TOKENS);
  if (longest !== undefined) {
    throw new ArtifactError(
      `${path}: request ${longest.id} has ${longest.promptTokens} prompt and ${longest.outputTokens} output tokens, expected ` +
        `at most ${MAX_TOKENS} of either; correct or remove its row`,
    );
  }
  const arrivalOf = (request: WorkloadRequest): number => request.arrivalNs ?? 0;
  const isInOrder = requests.every((request, at) => at === 0 || arrivalOf(requests[at - 1]!) <= arrivalOf(request));
  const sorted = isInOrder ? requests : requests.sort((a, b) => arrivalOf(a) - arrivalOf(b));
  const originNs = isRebased ? arrivalOf(sorted[0]!) : 0;
  if (arrivalOf(sorted.at(-1)!) - originNs > LATEST_MS * 1e6) {
    throw new ArtifactError(
      `${path}: the last request comes ${Math.round((arrivalOf(sorted.at(-1)!) - originNs) / 1e9)} s after the first, ` +
        "expected at most 104 days; cut the file, or set the unit of its times",
    );
  }
  const shifted =
    originNs === 0 ? sorted : sorted.map((request) => ({ ...request, arrivalNs: arrivalOf(request) - originNs }));
  return { format, requests: shifted, rows, notes };
}

/** "3 of 12 rows left out: <why>", or nothing. */
export function leftOut(count: number, rows: number, why: string): string[] {
  return count === 0 ? [] : [`${count} of ${rows} rows left out: ${why}`];
}
