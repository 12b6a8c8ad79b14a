/**
 * One event of a streamed answer: JSON of completions or chat completions, checked field by field. Counts and times that
 * nobody can have measured (negative, not whole, not numbers, beyond all models) are errors that name the field, so that
 * none of them reaches a run. By hand and not by schema: there is one of these per token of a load.
 */
import { plainLine } from "../../../formats/index.js";

/** What a server says of a request in its last chunk, ms (vLLM's --enable-per-request-metrics). */
export interface ServerTimes {
  readonly queueMs: number | undefined;
  readonly prefillMs: number | undefined;
  readonly decodeMs: number | undefined;
}

export interface Choice {
  /** It only names the role, as a chat's first chunk does, before any token. */
  readonly holdsNothing: boolean;
  readonly finishReason: string | undefined;
  /** As they came; undefined where the server does not send them. */
  readonly tokenIds: readonly unknown[] | undefined;
  readonly text: string;
}

export interface Chunk {
  /** Whatever the server calls an error. */
  readonly error?: unknown;
  readonly choice?: Choice;
  readonly usage?: {
    readonly outputTokens: number | undefined;
    readonly promptTokens: number | undefined;
    readonly cachedTokens: number | undefined;
  };
  readonly serverTimes?: ServerTimes;
}

/** No context of any model holds more. */
const MAX_TOKENS = 10_000_000;
/** A week, ms. */
const MAX_MS = 7 * 86_400_000;

/** The chunk in an event's data, or what is wrong with it. */
export function chunkOf(data: string): Chunk | string {
  const value = parsed(data);
  if (!isObject(value)) return `got ${JSON.stringify(plainLine(data, 80))}, expected a JSON object`;
  if (value.error !== undefined && value.error !== null) return { error: value.error };
  try {
    const first: unknown = listAt(value, "choices")?.[0];
    const usage = objectAt(value, "usage");
    const metrics = usage === undefined ? undefined : objectAt(value, "metrics");
    return {
      ...(first === undefined || first === null ? {} : { choice: choiceOf(first) }),
      ...(usage === undefined ? {} : { usage: usageOf(usage) }),
      ...(metrics === undefined ? {} : { serverTimes: timesOf(metrics) }),
    };
  } catch (error) {
    if (error instanceof Wrong) return error.message;
    throw error;
  }
}

type Json = Readonly<Record<string, unknown>>;

/** A field that cannot be what it says. */
class Wrong extends Error {
  constructor(name: string, got: unknown, expected: string) {
    super(`${name}: got ${plainLine(JSON.stringify(got), 80)}, expected ${expected}`);
  }
}

function choiceOf(value: unknown): Choice {
  if (!isObject(value)) throw new Wrong("choices[0]", value, "an object");
  const delta = objectAt(value, "delta");
  const ids = listAt(value, "token_ids");
  const namesRole = delta?.role !== undefined && !saysSomething(delta) && (ids?.length ?? 0) === 0;
  return {
    holdsNothing: namesRole,
    finishReason: reasonOf(value.finish_reason),
    tokenIds: ids,
    text: textOf(value.text) ?? textOf(delta?.content) ?? "",
  };
}

/** What a chat's chunk may hold: the answer, or what a reasoning or tool parser took for its own (two names in vLLM). */
function saysSomething({ content, reasoning, reasoning_content: former, tool_calls: calls }: Json): boolean {
  return [content, reasoning, former].some((text) => (text ?? "") !== "") || (Array.isArray(calls) && calls.length > 0);
}

/** A word of the API, not an answer: kept short. */
function reasonOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw new Wrong("finish_reason", value, "text");
  return plainLine(value, 60);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function usageOf(usage: Json): NonNullable<Chunk["usage"]> {
  const promptTokens = countAt(usage, "prompt_tokens", MAX_TOKENS);
  const details = objectAt(usage, "prompt_tokens_details");
  return {
    promptTokens,
    outputTokens: countAt(usage, "completion_tokens", MAX_TOKENS),
    cachedTokens: details === undefined ? undefined : countAt(details, "cached_tokens", promptTokens ?? MAX_TOKENS),
  };
}

function timesOf(metrics: Json): ServerTimes {
  return {
    queueMs: msAt(metrics, "queue_time_ms"),
    prefillMs: msAt(metrics, "time_to_first_token_ms"),
    decodeMs: msAt(metrics, "generation_time_ms"),
  };
}

function countAt(of: Json, name: string, most: number): number | undefined {
  const value = of[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new Wrong(`usage, ${name}`, value, `a whole number from 0 to ${most}`);
}

function msAt(of: Json, name: string): number | undefined {
  const value = of[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && value >= 0 && value <= MAX_MS) return value;
  throw new Wrong(`metrics, ${name}`, value, "a time in ms from 0 to that of a week");
}

function objectAt(of: Json, name: string): Json | undefined {
  const value = of[name];
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw new Wrong(name, value, "an object");
  return value;
}

function listAt(of: Json, name: string): readonly unknown[] | undefined {
  const value = of[name];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw new Wrong(name, value, "a list");
  return value as readonly unknown[];
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
