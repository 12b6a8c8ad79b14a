/**
 * An OTLP/HTTP receiver for a server's request spans: POST /v1/traces in protocol buffers or JSON, plain or gzip. vLLM:
 *   OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf vllm serve ... --otlp-traces-endpoint http://HOST:PORT/v1/traces
 * Listens on loopback by default. Spans come in batches, five seconds late by default.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { ArtifactError, BackendError, plainLine, messageOf } from "../../../../formats/index.js";
import { requestSpanOf, type RequestSpan } from "./request-span.js";
import { spansOf, type TraceEncoding } from "./span.js";

/** Of an export, packed and unpacked. vLLM's are some hundred KB. */
const MAX_BODY_BYTES = 4 * 2 ** 20;
/** Exports at once: each may fill a body. */
const MAX_CONNECTIONS = 16;
/** Longest time for an export to come in, ms. */
const EXPORT_MS = 30_000;
/** Spans kept where the number of requests is unknown. */
const MAX_SPANS = 1_000_000;
/** Longest reason that is kept, characters: it quotes the sender. */
const MAX_REASON = 300;

export interface OtlpReceiver {
  readonly port: number;
  /** Where the server must send to. */
  readonly endpoint: string;
  /** What was received so far. */
  readonly spans: readonly RequestSpan[];
  /** Exports that could not be read, with the first reason; gRPC counts as one. */
  readonly rejected: { readonly count: number; readonly first: string | undefined };
  /** Waits until `count` spans are there, at most so long or until the signal; says whether they are. */
  waitFor(count: number, withinMs: number, signal?: AbortSignal): Promise<boolean>;
  stop(): Promise<void>;
}

export interface ReceiverOptions {
  /** 0: any free port. */
  readonly port: number;
  readonly host?: string;
  /** Spans beyond so many are not kept, and counted as rejected. */
  readonly mostSpans?: number;
}

/** Begins to listen; BackendError when the port is taken. */
export async function startOtlpReceiver(options: ReceiverOptions): Promise<OtlpReceiver> {
  const { port, host = "127.0.0.1", mostSpans = MAX_SPANS } = options;
  const store = new SpanStore(mostSpans);
  const limits = { requestTimeout: EXPORT_MS, headersTimeout: EXPORT_MS, connectionsCheckingInterval: 1_000 };
  const server = createServer(limits, (request, response) => {
    // Nothing that is sent here may end the run that it is received beside.
    receive(request, response)
      .then((outcome) => {
        if (typeof outcome === "string") store.reject(outcome);
        else store.keep(outcome);
      })
      .catch((error: unknown) => {
        store.reject(messageOf(error));
        response.destroy();
      })
      .finally(() => {
        store.wake();
      });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on("clientError", (error: Error & { rawPacket?: Buffer }, socket) => {
    // gRPC opens with HTTP/2's preface, which HTTP/1 cannot read.
    const isGrpc = error.rawPacket?.subarray(0, 3).toString() === "PRI";
    if (isGrpc) store.reject("the server speaks gRPC; start it with OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf");
    socket.destroy();
  });
  await listen(server, port, host);
  const { port: actual } = server.address() as AddressInfo;
  return {
    port: actual,
    endpoint: `http://${host}:${actual}/v1/traces`,
    spans: store.spans,
    rejected: store.rejected,
    waitFor: (count, withinMs, signal) => store.waitFor(count, withinMs, signal),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Spans as they come in, up to a limit, and those who wait for them. */
class SpanStore {
  readonly spans: RequestSpan[] = [];
  readonly rejected: { count: number; first: string | undefined } = { count: 0, first: undefined };
  private readonly waiting = new Set<() => void>();

  constructor(private readonly mostSpans: number) {}

  keep(received: readonly RequestSpan[]): void {
    const room = this.mostSpans - this.spans.length;
    for (const span of received.slice(0, room)) this.spans.push(span);
    if (received.length > room) this.reject(`more than ${this.mostSpans} spans came`);
  }

  reject(why: string): void {
    this.rejected.count++;
    this.rejected.first ??= plainLine(why, MAX_REASON);
  }

  /** Lets those who wait look again. */
  wake(): void {
    for (const look of [...this.waiting]) look();
  }

  waitFor(count: number, withinMs: number, signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        this.waiting.delete(look);
        resolve(this.spans.length >= count);
      };
      const look = (): void => {
        if (this.spans.length >= count) end();
      };
      const timer = setTimeout(end, withinMs);
      this.waiting.add(look);
      signal?.addEventListener("abort", end);
      if (signal?.aborted === true) end();
      else look();
    });
  }
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    // Also for errors later on: one without a listener would end the process.
    server.on("error", (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === "EADDRINUSE" ? "something else listens there, choose another --otlp-port" : cause.message;
      reject(new BackendError(`cannot receive traces at ${host}:${port}: ${why}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

/** Spans of one request to the receiver, or why there are none. Answers it. */
async function receive(request: IncomingMessage, response: ServerResponse): Promise<RequestSpan[] | string> {
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  const encoding = encodings.get(type ?? "");
  const reject = (status: number, why: string): string => {
    response.writeHead(status, { "content-type": "text/plain", connection: "close" }).end(`${why}\n`);
    return why;
  };
  if (request.method !== "POST" || request.url !== "/v1/traces") {
    return reject(404, `got ${request.method ?? ""} ${request.url ?? ""}, expected POST /v1/traces`);
  }
  if (encoding === undefined) {
    return reject(415, `got content-type "${type ?? ""}", expected ${[...encodings.keys()].join(" or ")}`);
  }
  try {
    const bytes = await bodyOf(request);
    const spans = spansOf(bytes, encoding).flatMap((span) => requestSpanOf(span) ?? []);
    // An empty message says that everything was taken.
    response.writeHead(200, { "content-type": type }).end(encoding === "json" ? "{}" : undefined);
    return spans;
  } catch (error) {
    return reject(400, messageOf(error));
  }
}

const encodings: ReadonlyMap<string, TraceEncoding> = new Map([
  ["application/x-protobuf", "protobuf"],
  ["application/json", "json"],
]);

const tooLong = `a trace export of over ${MAX_BODY_BYTES} bytes, expected batches of some hundred spans`;

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new ArtifactError(tooLong);
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  const coding = request.headers["content-encoding"] ?? "identity";
  if (coding === "identity") return body;
  if (coding !== "gzip") throw new ArtifactError(`got content-encoding "${coding}", expected gzip or none`);
  try {
    return await promisify(gunzip)(body, { maxOutputLength: MAX_BODY_BYTES });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw new ArtifactError(tooLong, { cause });
    throw cause;
  }
}
