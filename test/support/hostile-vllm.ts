/**
 * A server that speaks enough of vLLM's protocol to be measured, and attacks its client on one path: from the start, after
 * so many completions, or in some completions. What it can do wrong is in hostile-answers.ts.
 */
import { createServer as createTlsServer } from "node:https";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export type Attack = (response: ServerResponse, request: IncomingMessage) => void;

export interface HostileOptions {
  /** Where it attacks, such as "/metrics" or "/v1/completions". */
  readonly path?: string;
  readonly attack?: Attack;
  /** Completions that come before the attack (0); those after it are attacked as `isAttacked` says (all). */
  readonly after?: number;
  readonly isAttacked?: (completion: number) => boolean;
  readonly model?: string;
  /** Value of the header "authorization" without which everything is 401. */
  readonly authorization?: string;
  /** Key and certificate, PEM, to serve by https. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface HostileVllm {
  readonly baseUrl: string;
  readonly port: number;
  /** Every request line that came, as "GET /metrics". */
  readonly requests: readonly string[];
  /** Those among them that came without the authorization asked for. */
  readonly unauthorized: readonly string[];
  /** Completions that came. */
  readonly completions: () => number;
  close(): Promise<void>;
}

export async function startHostileVllm(options: HostileOptions = {}): Promise<HostileVllm> {
  let completions = 0;
  const requests: string[] = [];
  const unauthorized: string[] = [];
  const sockets = new Set<Socket>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = (request.url ?? "").replace(/\?.*$/, "");
    requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
    response.on("error", () => undefined);
    const chunks: Buffer[] = [];
    request
      .on("error", () => undefined)
      .on("data", (bytes: Buffer) => chunks.push(bytes))
      .on("end", () => {
        const at = request.method === "POST" ? completions++ : completions;
        const { attack, after = 0, isAttacked = (): boolean => true } = options;
        if (options.authorization !== undefined && request.headers.authorization !== options.authorization) {
          unauthorized.push(requests.at(-1)!);
          response.writeHead(401).end(JSON.stringify({ error: { message: "Unauthorized" } }));
        } else if (attack !== undefined && path === options.path && at >= after && isAttacked(at)) {
          attack(response, request);
        } else answerWell(response, path, { completions, chunks, model: options.model ?? "hostile" });
      });
  };
  const server: Server = options.tls === undefined ? createServer(answer) : createTlsServer({ ...options.tls }, answer);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  });
  server.on("clientError", () => undefined);
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    port,
    requests,
    unauthorized,
    completions: () => completions,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Asked {
  readonly completions: number;
  readonly chunks: readonly Buffer[];
  readonly model: string;
}

function answerWell(response: ServerResponse, path: string, { completions, chunks, model }: Asked): void {
  const json = (value: object): void => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
  };
  if (path === "/v1/models") json({ data: [{ id: model, max_model_len: 4096, owned_by: "vllm" }] });
  else if (path === "/version") json({ version: "0.0.0-hostile" });
  else if (path === "/metrics") response.end(goodMetrics(completions));
  else if (path === "/v1/completions") {
    const body = JSON.parse(Buffer.concat(chunks).toString()) as {
      prompt: unknown;
      max_tokens: number;
      stream?: boolean;
    };
    if (body.stream !== true) json({ choices: [{ text: "x" }] });
    else goodStream(response, { promptTokens: [body.prompt].flat().length, outputTokens: body.max_tokens });
  } else response.writeHead(404).end('{"detail":"Not Found"}');
}

/** Idle, with this many requests served. */
export function goodMetrics(served: number): string {
  return [
    `vllm:request_success_total{finished_reason="length"} ${served}`,
    `vllm:request_queue_time_seconds_bucket{le="0.3"} ${served}`,
    `vllm:request_queue_time_seconds_bucket{le="+Inf"} ${served}`,
    `vllm:request_queue_time_seconds_sum 0`,
    "vllm:num_requests_running 0",
    "vllm:num_requests_waiting 0",
    "vllm:num_preemptions_total 0",
    "vllm:kv_cache_usage_perc 0.25",
    'vllm:cache_config_info{block_size="16",num_gpu_blocks="99"} 1',
    "",
  ].join("\n");
}

/** A whole answer; `usage` and `metrics` in place of honest ones. */
export function goodStream(
  response: ServerResponse,
  asked: { readonly promptTokens: number; readonly outputTokens: number },
  lies: {
    readonly usage?: string;
    readonly metrics?: string;
    readonly choice?: string;
    readonly isOpen?: boolean;
  } = {},
): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (data: string): void => void response.write(`data: ${data}\n\n`);
  const { promptTokens, outputTokens } = asked;
  for (let token = 0; token < outputTokens; token++) send(lies.choice ?? '{"choices":[{"index":0,"text":" x"}]}');
  const usage = lies.usage ?? JSON.stringify({ prompt_tokens: promptTokens, completion_tokens: outputTokens });
  send(`{"choices":[],"usage":${usage}${lies.metrics === undefined ? "" : `,"metrics":${lies.metrics}`}}`);
  send("[DONE]");
  if (lies.isOpen !== true) response.end();
}
