/** Why a request got no whole answer: a kind to count by, and what happened in words, printable whatever the server said. */
import { plainLine } from "../../../formats/index.js";

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
  "gave_up",
] as const;
/**
 * connect: no connection (refused, no route, too slow, a certificate that is not trusted). reset: the connection broke. http_*: another status than 200.
 * server_error: an error in the stream. malformed: not server-sent events of JSON. incomplete: the stream ended before
 * its end mark. stalled: nothing came for too long. timeout: the whole answer took too long. no_usage: the server did
 * not say how many tokens. aborted: the run was stopped. gave_up: the patience of the load's client was over.
 */
export type FailureKind = (typeof failureKinds)[number];

/** A request that failed; the message says what happened, without the request's id. */
export interface Failure {
  readonly kind: FailureKind;
  readonly message: string;
  /** Of HTTP, where it was another than 200. */
  readonly status?: number;
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

/** Node's codes of certificates that do not verify. */
const CERTIFICATE_CODE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME|^ERR_SSL|^ERR_TLS/;

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
  const said = plainLine(error.message, MAX_TEXT);
  const why = code === undefined ? said : `${said} (${code})`;
  if (code !== undefined && CERTIFICATE_CODE.test(code)) {
    return { kind: "connect", message: `${why}; give the certificate that signed it with --cacert FILE` };
  }
  if (!wasSent && (code === undefined || CONNECT_CODES.has(code))) return { kind: "connect", message: why };
  if (code === "UND_ERR_HEADERS_OVERFLOW") return { kind: "malformed", message: `headers too long${after}: ${why}` };
  if (code?.startsWith("HPE_") === true) return { kind: "malformed", message: `not HTTP${after}: ${why}` };
  return { kind: "reset", message: `connection lost${after}: ${why}` };
}

/** The failure of an answer with another status than 200; `body` is what came of it, `location` where it points. */
export function httpFailure(status: number, body: string, location?: string): Failure {
  const kind = status >= 500 ? "http_5xx" : status >= 400 ? "http_4xx" : "http_other";
  const isRedirect = status >= 300 && status < 400;
  return { kind, status, message: `HTTP ${status}: ${isRedirect ? redirectText(location) : errorText(body)}` };
}

/** What a redirect says, as far as it may be shown: its query and userinfo may be secrets. */
export function redirectText(location: unknown, base?: string): string {
  const text = typeof location === "string" ? location : undefined;
  return `${text === undefined ? "a redirect to nowhere" : `a redirect to "${shownLocation(text, base)}"`}; redirects are not followed, give the URL of the server itself`;
}

function shownLocation(text: string, base = "relative://here"): string {
  try {
    const { protocol, host, pathname } = new URL(text, base);
    return plainLine(protocol === "relative:" ? pathname : `${protocol}//${host}${pathname}`, MAX_TEXT);
  } catch {
    return plainLine(text.replace(/\/\/[^/]*@/, "//...@").replace(/[?#].*$/s, "?..."), MAX_TEXT);
  }
}

const MAX_TEXT = 300;

/** The message in an OpenAI-style error body, or the body itself, cut short. */
export function errorText(body: string): string {
  let text = body;
  try {
    const parsed = JSON.parse(body) as {
      error?: { message?: unknown } | string | null;
      message?: unknown;
      detail?: unknown;
    };
    const inner = typeof parsed.error === "object" ? parsed.error?.message : (parsed.error ?? parsed.message);
    const found = inner ?? parsed.detail;
    if (found !== undefined) text = typeof found === "string" ? found : JSON.stringify(found);
  } catch {
    // Not JSON: the body is the message.
  }
  const line = plainLine(text, MAX_TEXT);
  return line === "" ? "no body" : line;
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
