/**
 * vLLM's span of one request ("llm_request"), and which of a client's requests it is. Attribute names: vllm/tracing.
 * vLLM names a request after its X-Request-Id: "cmpl-ID-0" for a completion (the number is the prompt's), "chatcmpl-ID"
 * for a chat.
 */
import type { Span } from "./span.js";

/** Times in ms, as the engine took them. What a span lacks is undefined. */
export interface RequestSpan {
  /** As vLLM calls the request. */
  readonly serverRequestId: string;
  /** In the scheduler's waiting list. */
  readonly queueMs: number | undefined;
  /** From first scheduled to first token. */
  readonly prefillMs: number | undefined;
  /** From first to last token. */
  readonly decodeMs: number | undefined;
  /** From the server's receipt of the request. */
  readonly ttftMs: number | undefined;
  readonly e2elMs: number | undefined;
  readonly promptTokens: number | undefined;
  readonly outputTokens: number | undefined;
}

/** vLLM's own ids, and those that a client sends, are far shorter, characters. */
const MAX_ID_LENGTH = 2_000;
/** No time in seconds and no number of tokens is larger. */
const MAX_VALUE = 10_000_000;

/**
 * A request's span; undefined for a span of another kind (start-up, say). What nobody can have measured is left out.
 */
export function requestSpanOf({ attributes }: Span): RequestSpan | undefined {
  const id = attributes.get("gen_ai.request.id");
  if (typeof id !== "string" || id.length > MAX_ID_LENGTH) return undefined;
  const number = (name: string): number | undefined => {
    const value = attributes.get(name);
    return typeof value === "number" && value >= 0 && value <= MAX_VALUE ? value : undefined;
  };
  const latencyMs = (name: string): number | undefined => {
    const seconds = number(`gen_ai.latency.${name}`);
    return seconds === undefined ? undefined : seconds * 1e3;
  };
  return {
    serverRequestId: id,
    queueMs: latencyMs("time_in_queue"),
    prefillMs: latencyMs("time_in_model_prefill"),
    decodeMs: latencyMs("time_in_model_decode"),
    ttftMs: latencyMs("time_to_first_token"),
    e2elMs: latencyMs("e2e"),
    promptTokens: number("gen_ai.usage.prompt_tokens"),
    outputTokens: number("gen_ai.usage.completion_tokens"),
  };
}

export interface JoinedSpans {
  /** By the client's request id. */
  readonly spans: ReadonlyMap<string, RequestSpan>;
  /** Requests that no span came for, in their order. */
  readonly without: readonly string[];
  /** Spans of requests that are not the client's, or came twice. */
  readonly others: number;
}

/** Joins spans to the ids that the client sent as X-Request-Id; the first span of an id counts. */
export function joinSpans(spans: readonly RequestSpan[], requestIds: readonly string[]): JoinedSpans {
  const wanted = new Set(requestIds);
  const found = new Map<string, RequestSpan>();
  let others = 0;
  for (const span of spans) {
    const id = clientIds(span.serverRequestId).find((candidate) => wanted.has(candidate));
    if (id === undefined || found.has(id)) others++;
    else found.set(id, span);
  }
  return { spans: found, without: requestIds.filter((id) => !found.has(id)), others };
}

/** The client's possible ids for a request that vLLM has under this name, likeliest first. */
function clientIds(serverRequestId: string): string[] {
  const bare = serverRequestId.replace(/^(chat)?cmpl-/, "");
  const isCompletion = serverRequestId.startsWith("cmpl-");
  const withoutPrompt = bare.replace(/[-_]\d+$/, "");
  return isCompletion ? [withoutPrompt, bare, serverRequestId] : [bare, withoutPrompt, serverRequestId];
}
