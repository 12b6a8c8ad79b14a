/** Why a request got no whole answer: a kind to count by, and what happened in words. */

export const failureKinds = [
  "connect",
  "reset",
  "http_4xx",
  "http_5xx",
  "http_other",
  "server_error",
  "malformed",
  "incomplete",
  "stalled",
  "timeout",
  "no_usage",
  "aborted",
] as const;
/**
 * connect: no connection (refused, no route, too slow). reset: the connection broke. http_*: another status than 200.
 * server_error: an error in the stream. malformed: not server-sent events of JSON. incomplete: the stream ended before
 * its end mark. stalled: nothing came for too long. timeout: the whole answer took too long. no_usage: the server did
 * not say how many tokens. aborted: the run was stopped.
 */
export type FailureKind = (typeof failureKinds)[number];

/** A request that failed; the message says what happened, without the request's id. */
export interface Failure {
  readonly kind: FailureKind;
  readonly message: string;
}

/** Codes of errors that mean that no connection came about. */
const CONNECT_CODES = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "EADDRNOTAVAIL",
  "EMFILE",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** How far a request had come when its transport failed. */
export interface Progress {
  readonly wasSent: boolean;
  readonly chunks: number;
  readonly stallMs: number;
}

/** The failure that an error of the HTTP client stands for. */
export function failureOf(error: Error, { wasSent, chunks, stallMs }: Progress): Failure {
  const code = codeOf(error);
  const after = chunks > 0 ? ` after ${chunks} chunks` : wasSent ? " before the first chunk" : "";
  if (code === "UND_ERR_BODY_TIMEOUT" || code === "UND_ERR_HEADERS_TIMEOUT") {
    return { kind: "stalled", message: `nothing came for ${stallMs / 1e3} s${after}` };
  }
  const why = code === undefined ? error.message : `${error.message} (${code})`;
  if (!wasSent && (code === undefined || CONNECT_CODES.has(code))) return { kind: "connect", message: why };
  if (code?.startsWith("HPE_") === true) return { kind: "malformed", message: `not HTTP${after}: ${why}` };
  return { kind: "reset", message: `connection lost${after}: ${why}` };
}

/** The failure of an answer with another status than 200; `body` is what came of it. */
export function httpFailure(status: number, body: string): Failure {
  const kind = status >= 500 ? "http_5xx" : status >= 400 ? "http_4xx" : "http_other";
  return { kind, message: `HTTP ${status}: ${errorText(body)}` };
}

const MOST_TEXT = 300;

/** The message in an OpenAI-style error body, or the body itself, cut short. */
export function errorText(body: string): string {
  let text = body.trim();
  try {
    const parsed = JSON.parse(body) as { error?: { message?: unknown } | string; message?: unknown; detail?: unknown };
    const inner = typeof parsed.error === "object" ? parsed.error.message : (parsed.error ?? parsed.message);
    const found = inner ?? parsed.detail;
    if (found !== undefined) text = typeof found === "string" ? found : JSON.stringify(found);
  } catch {
    // Not JSON: the body is the message.
  }
  if (text === "") return "no body";
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}...` : text;
}

/** How many requests failed by kind; kinds that did not occur are absent. */
export function countFailures(failures: Iterable<Failure | undefined>): Partial<Record<FailureKind, number>> {
  const counts: Partial<Record<FailureKind, number>> = {};
  for (const failure of failures) {
    if (failure !== undefined) counts[failure.kind] = (counts[failure.kind] ?? 0) + 1;
  }
  return counts;
}

function codeOf(error: Error): string | undefined {
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== undefined) return code;
  // Connecting by several addresses fails with all their errors in one.
  if (error instanceof AggregateError) {
    const [first] = error.errors as NodeJS.ErrnoException[];
    return first?.code;
  }
  return error.cause instanceof Error ? codeOf(error.cause) : undefined;
}
