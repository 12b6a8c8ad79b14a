/**
 * A bare server of streamed completions, in a process of its own: every stream gets an event each `gapMs`, which holds the
 * clock's time at which it was written. `step`: all streams at the same instants, as an engine's steps do. Prints its port.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Stream {
  readonly response: ServerResponse;
  readonly tokens: number;
  sent: number;
  dueNs: bigint;
}

const TICK_MS = 1;
const [gapMs, mode] = [Number(process.argv[2]), process.argv[3]];
const gapNs = BigInt(gapMs) * 1_000_000n;
const streams = new Set<Stream>();

function writeDue(): void {
  const nowNs = process.hrtime.bigint();
  for (const stream of streams) if (stream.dueNs <= nowNs) writeOne(stream);
}

function writeOne(stream: Stream): void {
  const { response, tokens } = stream;
  stream.sent++;
  stream.dueNs += gapNs;
  const finish = stream.sent === tokens ? '"length"' : "null";
  // As long as vLLM's events are.
  const text = `${process.hrtime.bigint()};`;
  let event =
    `data: {"id":"cmpl-9f77efaefcbcf22a","object":"text_completion","created":1795470565,"model":"bare","choices":[{"index":0,` +
    `"text":"${text}","logprobs":null,"finish_reason":${finish},"stop_reason":null,"prompt_token_ids":null,"token_ids":null}]}\n\n`;
  if (stream.sent === tokens) {
    streams.delete(stream);
    // It has no tokenizer, so it does not say how long prompts are.
    event += `data: {"id":"cmpl-9f77efaefcbcf22a","choices":[],"usage":{"completion_tokens":${tokens}}}\n\ndata: [DONE]\n\n`;
    response.end(event);
  } else response.write(event);
}

/** When a stream that starts now gets its first event. */
function firstDueNs(nowNs: bigint): bigint {
  return mode === "step" ? (nowNs / gapNs + 1n) * gapNs : nowNs + gapNs;
}

const server = createServer((request, response) => {
  if (request.method === "GET") {
    const known = { "/v1/models": '{"data":[{"id":"bare","max_model_len":100000}]}', "/version": '{"version":"bare"}' };
    const text = known[request.url as keyof typeof known] as string | undefined;
    response.writeHead(text === undefined ? 404 : 200, { "content-type": "application/json" }).end(text ?? "{}");
    return;
  }
  let body = "";
  request.on("data", (bytes: Buffer) => (body += bytes.toString()));
  request.on("end", () => {
    const { max_tokens: tokens } = JSON.parse(body) as { max_tokens: number };
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    response.socket?.setNoDelay(true);
    const dueNs = firstDueNs(process.hrtime.bigint());
    const stream: Stream = { response, tokens, sent: 0, dueNs };
    streams.add(stream);
    response.on("close", () => streams.delete(stream));
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
setInterval(writeDue, TICK_MS);
