/**
 * The streamed answer of one request as it comes in: server-sent events of JSON, as vLLM's completions and chat
 * completions send them. Each chunk has the time that its bytes were read, taken before they are parsed. Output tokens
 * are those of `usage`, or of `token_ids` where asked for; never the chunks, which may hold several, nor the text.
 */
import { StringDecoder } from "node:string_decoder";
import { createParser, type EventSourceParser } from "eventsource-parser";
import { errorText, type Failure } from "./failure.js";

/** What a server says of a request in its last chunk, ms (vLLM's --enable-per-request-metrics). */
export interface ServerTimes {
  readonly queueMs: number | undefined;
  readonly prefillMs: number | undefined;
  readonly decodeMs: number | undefined;
}

/** Longest event that is taken, bytes: what never ends is not an event. */
const MOST_EVENT_BYTES = 64 * 2 ** 20;

export class Answer {
  /** When each chunk with a choice was read, ns. */
  readonly chunkNs: number[] = [];
  /** Tokens of each of these chunks, where the server says. */
  readonly chunkTokens: number[] = [];
  promptTokens: number | undefined;
  cachedTokens: number | undefined;
  finishReason: string | undefined;
  serverTimes: ServerTimes | undefined;
  text = "";
  failure: Failure | undefined;
  private usageTokens: number | undefined;
  private isDone = false;
  private readAtNs = 0;
  private readonly decoder = new StringDecoder("utf8");
  private readonly parser: EventSourceParser;

  constructor(private readonly keepsText: boolean) {
    this.parser = createParser({
      maxBufferSize: MOST_EVENT_BYTES,
      onEvent: ({ data }) => {
        this.event(data);
      },
      onError: (error) => {
        this.malformed(error.message);
      },
    });
  }

  /** Bytes read at a time; false when the answer cannot be followed any more. */
  read(bytes: Buffer, atNs: number): boolean {
    this.readAtNs = atNs;
    this.parser.feed(this.decoder.write(bytes));
    return this.failure === undefined;
  }

  /** The stream ended: what is missing is a failure. */
  ended(): void {
    if (this.failure !== undefined) return;
    if (!this.isDone) {
      this.failure = { kind: "incomplete", message: `the stream ended after ${this.chunkNs.length} chunks, no [DONE]` };
    } else if (this.chunkNs.length === 0) {
      this.failure = { kind: "incomplete", message: "the stream ended without a chunk" };
    } else if (this.outputTokens === undefined) {
      this.failure = { kind: "no_usage", message: "neither usage nor token_ids came, so tokens are not known" };
    }
  }

  /** As the server counts them; undefined while it has not said. */
  get outputTokens(): number | undefined {
    if (this.usageTokens !== undefined) return this.usageTokens;
    if (this.chunkTokens.length === 0) return undefined;
    return this.chunkTokens.reduce((sum, tokens) => sum + tokens, 0);
  }

  private event(data: string): void {
    if (this.failure !== undefined) return;
    if (data === "[DONE]") {
      this.isDone = true;
      return;
    }
    const chunk = parseChunk(data);
    if (chunk === undefined) {
      this.malformed(`got ${JSON.stringify(data.slice(0, 80))}, expected a JSON object`);
      return;
    }
    if (chunk.error !== undefined && chunk.error !== null) {
      this.failure = { kind: "server_error", message: errorText(data) };
      return;
    }
    const choice = chunk.choices?.[0];
    if (choice !== undefined) this.choice(choice);
    if (chunk.usage !== undefined && chunk.usage !== null) this.usage(chunk.usage, chunk.metrics);
  }

  private choice(choice: Choice): void {
    const { delta, token_ids: ids } = choice;
    if (choice.finish_reason != null) this.finishReason = choice.finish_reason;
    // A chat's first chunk names the role, before any token.
    const isRoleOnly = delta?.role !== undefined && !saysSomething(delta) && (ids?.length ?? 0) === 0;
    if (isRoleOnly && choice.finish_reason == null) return;
    this.chunkNs.push(this.readAtNs);
    if (ids != null) this.chunkTokens.push(ids.length);
    if (this.keepsText) this.text += choice.text ?? delta?.content ?? "";
  }

  private usage(usage: Usage, metrics: Chunk["metrics"]): void {
    this.usageTokens = usage.completion_tokens;
    this.promptTokens = usage.prompt_tokens;
    this.cachedTokens = usage.prompt_tokens_details?.cached_tokens ?? undefined;
    if (metrics == null) return;
    this.serverTimes = {
      queueMs: metrics.queue_time_ms ?? undefined,
      prefillMs: metrics.time_to_first_token_ms ?? undefined,
      decodeMs: metrics.generation_time_ms ?? undefined,
    };
  }

  private malformed(what: string): void {
    this.failure ??= { kind: "malformed", message: `after ${this.chunkNs.length} chunks: ${what}` };
  }
}

/** What a chat's chunk may hold of the model's tokens: the answer, or what a reasoning or tool parser took for its own. */
interface Delta {
  readonly role?: string;
  readonly content?: string | null;
  /** vLLM's name today, and its former one. */
  readonly reasoning?: string | null;
  readonly reasoning_content?: string | null;
  readonly tool_calls?: readonly unknown[] | null;
}

function saysSomething({ content, reasoning, reasoning_content: former, tool_calls: calls }: Delta): boolean {
  return [content, reasoning, former].some((text) => (text ?? "") !== "") || (calls?.length ?? 0) > 0;
}

interface Choice {
  readonly text?: string;
  readonly delta?: Delta;
  readonly token_ids?: readonly number[] | null;
  readonly finish_reason?: string | null;
}

interface Usage {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number | null } | null;
}

interface Chunk {
  readonly error?: unknown;
  readonly choices?: readonly Choice[];
  readonly usage?: Usage | null;
  readonly metrics?: {
    readonly queue_time_ms?: number | null;
    readonly time_to_first_token_ms?: number | null;
    readonly generation_time_ms?: number | null;
  } | null;
}

function parseChunk(data: string): Chunk | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
