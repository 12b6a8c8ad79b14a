/**
 * A server that speaks vLLM's protocol and fails on demand: streamed completions and chat completions with usage,
 * /v1/models, /version, /metrics. It generates nothing; what a request gets is told by a script.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { defined } from "../../formats/index.js";
import type { AddressInfo } from "node:net";

/** How a request goes wrong: at its start, or after `afterChunks` chunks. */
export type Misbehaviour =
  | { readonly kind: "status"; readonly status: number; readonly body: string }
  | { readonly kind: "reset" | "stall" | "garbage" | "not_json" | "error_event" | "cut"; readonly afterChunks: number }
  | { readonly kind: "no_usage" };

export interface Script {
  readonly misbehaves?: Misbehaviour;
  /** Time before the first chunk, and between two, ms; 0: at the next turn of the event loop. */
  readonly firstMs?: number;
  readonly gapMs?: number;
  /** Tokens that a chunk holds (1). */
  readonly tokensPerChunk?: number;
  /** Per-request metrics in the usage chunk, ms. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Tokens of the answer; absent: max_tokens. */
  readonly tokens?: number;
}

/** What a client sent. */
export interface ReceivedRequest {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly requestId: string | undefined;
}

export interface FakeVllmOptions {
  /** What the n-th request (from 0) gets. */
  readonly script?: (n: number, request: ReceivedRequest) => Script;
  readonly model?: string;
  /** Default 4096; null: the server does not say. */
  readonly maxModelLen?: number | null;
  /** The text of /metrics; undefined: not found. */
  readonly metrics?: () => string | undefined;
  /** Who owns the model, as the server says; absent: it does not. */
  readonly ownedBy?: string;
  /** Of /version (0.0.0-fake); null: not found. */
  readonly version?: string | null;
  /** The answer of /server_info; absent: not found. */
  readonly serverInfo?: object;
  /** Answers at other paths. */
  readonly pages?: Readonly<Record<string, object>>;
  /** Why a request is answered with HTTP 400; undefined: it is not. */
  readonly rejects?: (body: Readonly<Record<string, unknown>>) => string | undefined;
  /** The last chunk of an answer has its usage, and is empty otherwise; default: a chunk of its own has it. */
  readonly usageInLastChunk?: boolean;
  /** Token ids that it takes (32,000); asking for one token after one id is how clients find out, and not among `received`. */
  readonly vocab?: number;
  /** Its prefix cache keeps everything, in blocks of so many tokens, and says what it found; absent: it has none. */
  readonly blockTokens?: number;
  /** Answers come without the token ids that were asked for. */
  readonly keepsIdsBack?: boolean;
  /** Every answer begins this much later, ms. */
  readonly answerMs?: number;
  readonly port?: number;
}

export interface FakeVllm {
  readonly baseUrl: string;
  readonly port: number;
  readonly received: readonly ReceivedRequest[];
  /** Most requests that were open at once. */
  readonly mostOpen: () => number;
  /** Requests whose client closed the connection before the end. */
  readonly left: () => number;
  /** Ends it and every connection. */
  close(): Promise<void>;
}

export async function startFakeVllm(options: FakeVllmOptions = {}): Promise<FakeVllm> {
  const fake = new Fake(options);
  await fake.listen(options.port ?? 0);
  return fake;
}

class Fake implements FakeVllm {
  readonly received: ReceivedRequest[] = [];
  private open = 0;
  private most = 0;
  private gone = 0;
  private readonly cachedBlocks = new Set<string>();
  private readonly server: Server;

  constructor(private readonly options: FakeVllmOptions) {
    this.server = createServer((request, response) => {
      void this.answer(request, response);
    });
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.on("error", reject).listen(port, "127.0.0.1", resolve);
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  readonly mostOpen = (): number => this.most;

  readonly left = (): number => this.gone;

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => {
        resolve();
      });
      this.server.closeAllConnections();
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    const { answerMs = 0 } = this.options;
    if (answerMs > 0) await pause(answerMs);
    if (request.method === "POST") {
      const body = JSON.parse(await textOf(request)) as Record<string, unknown>;
      if (asksVocabulary(body)) {
        const [id] = body.prompt as [number];
        if (id < (this.options.vocab ?? 32_000)) json(response, { choices: [{ text: " x" }] });
        else response.writeHead(400).end('{"error":{"message":"Token id is out of vocabulary"}}');
        return;
      }
      const requestId = request.headers["x-request-id"];
      const received = { path, body, requestId: typeof requestId === "string" ? requestId : undefined };
      const n = this.received.push(received) - 1;
      this.most = Math.max(this.most, ++this.open);
      response.on("close", () => {
        this.open--;
        if (!response.writableEnded) this.gone++;
      });
      const reason = this.options.rejects?.(body);
      if (reason === undefined) await this.stream(response, received, this.options.script?.(n, received) ?? {});
      else response.writeHead(400).end(JSON.stringify({ object: "error", message: reason, code: 400 }));
      return;
    }
    const { model = "fake", maxModelLen = 4096, metrics } = this.options;
    const text = path === "/metrics" ? metrics?.() : undefined;
    const { ownedBy, version = "0.0.0-fake", serverInfo, pages = {} } = this.options;
    const owner = ownedBy === undefined ? {} : { owned_by: ownedBy };
    const length = maxModelLen === null ? {} : { max_model_len: maxModelLen };
    const page = pages[path];
    if (page !== undefined) json(response, page);
    else if (path === "/v1/models") json(response, { data: [{ id: model, ...length, ...owner }] });
    else if (path === "/version" && version !== null) json(response, { version });
    else if (path.startsWith("/server_info") && serverInfo !== undefined) json(response, serverInfo);
    else if (text !== undefined) response.end(text);
    else response.writeHead(404).end('{"detail":"Not Found"}');
  }

  private async stream(response: ServerResponse, { path, body }: ReceivedRequest, script: Script): Promise<void> {
    const { usageInLastChunk = false, keepsIdsBack = false, blockTokens } = this.options;
    const cachedTokens = blockTokens === undefined ? undefined : this.cachedOf(body, blockTokens);
    await stream(response, body, path, { ...script, usageInLastChunk, keepsIdsBack, ...defined({ cachedTokens }) });
  }

  /** Tokens of the prompt's first blocks that earlier prompts and answers held; the last token of each is computed anew. */
  private cachedOf(
    { prompt, max_tokens: tokens, cache_salt: salt }: Readonly<Record<string, unknown>>,
    blockTokens: number,
  ): number {
    const ids = prompt as readonly number[];
    const computed = [...ids, ...answerIds(ids.length, Number(tokens))].slice(0, -1);
    const keyOf = (end: number): string => `${String(salt)}:${computed.slice(0, end).join()}`;
    let cached = 0;
    while (cached + blockTokens < ids.length && this.cachedBlocks.has(keyOf(cached + blockTokens)))
      cached += blockTokens;
    for (let end = blockTokens; end <= computed.length; end += blockTokens) this.cachedBlocks.add(keyOf(end));
    return cached;
  }
}

function asksVocabulary({ prompt, stream: isStream, max_tokens: tokens }: Readonly<Record<string, unknown>>): boolean {
  return isStream !== true && tokens === 1 && Array.isArray(prompt) && prompt.length === 1;
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const bytes of request) text += (bytes as Buffer).toString();
  return text;
}

interface Answering {
  readonly usageInLastChunk: boolean;
  readonly keepsIdsBack: boolean;
  readonly cachedTokens?: number;
}

/** Ids of an answer, others for prompts of other lengths. */
export function answerIds(promptTokens: number, tokens: number): number[] {
  return Array.from({ length: tokens }, (_, at) => 300 + ((31 * promptTokens + at) % 20_000));
}

async function stream(
  response: ServerResponse,
  body: Readonly<Record<string, unknown>>,
  path: string,
  script: Script & Answering,
): Promise<void> {
  const { misbehaves, firstMs = 0, gapMs = 0, tokensPerChunk = 1 } = script;
  if (misbehaves?.kind === "status") {
    response.writeHead(misbehaves.status, { "content-type": "application/json" }).end(misbehaves.body);
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" }).flushHeaders();
  const send = (data: string): void => {
    response.write(`data: ${data}\n\n`);
  };
  const tokens = script.tokens ?? Number(body.max_tokens);
  const isChat = path.includes("chat");
  const countsAlong = (body.stream_options as Record<string, unknown> | undefined)?.continuous_usage_stats === true;
  if (isChat) send(JSON.stringify({ choices: [{ index: 0, delta: { role: "assistant", content: "" } }] }));
  for (let sent = 0, chunk = 0; sent < tokens; chunk++) {
    await pause(chunk === 0 ? firstMs : gapMs);
    if (response.destroyed) return;
    if (misbehaves !== undefined && "afterChunks" in misbehaves && misbehaves.afterChunks === chunk) {
      if (await goWrong(misbehaves.kind, response, send)) return;
    }
    const held = Math.min(tokensPerChunk, tokens - sent);
    sent += held;
    const text = " x".repeat(held);
    const ids =
      body.return_token_ids === true && !script.keepsIdsBack
        ? { token_ids: answerIds(promptTokensOf(body), tokens).slice(sent - held, sent) }
        : {};
    const finish = { finish_reason: sent >= tokens ? "length" : null };
    const content = isChat ? { delta: { content: text } } : { text };
    const usage = countsAlong ? { usage: { prompt_tokens: promptTokensOf(body), completion_tokens: sent } } : {};
    send(JSON.stringify({ choices: [{ index: 0, ...content, ...ids, ...finish }], ...usage }));
  }
  if (misbehaves?.kind !== "no_usage") {
    const { cachedTokens: cached_tokens } = script;
    const usage = {
      ...{ prompt_tokens: promptTokensOf(body), completion_tokens: tokens },
      ...(cached_tokens === undefined ? {} : { prompt_tokens_details: { cached_tokens } }),
    };
    const choices = script.usageInLastChunk ? [{ index: 0, text: "", finish_reason: "length" }] : [];
    send(JSON.stringify({ choices, usage, ...defined({ metrics: script.metrics }) }));
  }
  send("[DONE]");
  response.end();
}

/** Goes wrong in the middle of an answer; whether that was the end of it. */
async function goWrong(kind: string, response: ServerResponse, send: (data: string) => void): Promise<boolean> {
  // What was written before is to be read before.
  await pause(5);
  if (kind === "reset") response.socket?.resetAndDestroy();
  else if (kind === "cut") response.end();
  else if (kind === "garbage") response.end("this is no event\n\n");
  else if (kind === "not_json") send('{"choices": [');
  else if (kind === "error_event") {
    send(JSON.stringify({ error: { message: "EngineCore encountered an issue", code: 500 } }));
    send("[DONE]");
    response.end();
  }
  // A stall: the connection stays open and nothing comes.
  return kind !== "not_json";
}

function promptTokensOf({ prompt, messages }: Readonly<Record<string, unknown>>): number {
  if (Array.isArray(prompt)) return prompt.length;
  const text = typeof prompt === "string" ? prompt : JSON.stringify(messages);
  return text.split(/\s+/).length;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (ms === 0) setImmediate(resolve);
    else setTimeout(resolve, ms).unref();
  });
}
