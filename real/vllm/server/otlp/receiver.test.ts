import { connect } from "node:net";
import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { joinSpans } from "./request-span.js";
import { startOtlpReceiver, type OtlpReceiver } from "./receiver.js";
import { encodeExport } from "./trace-proto.js";

type Json = Readonly<Record<string, unknown>>;

/** An export with one span per id, as vLLM's exporter makes it, in OTLP's JSON form. */
function exported(...ids: readonly string[]): Json {
  const double = (key: string, doubleValue: number): Json => ({ key, value: { doubleValue } });
  const spans = ids.map((id) => ({
    name: "llm_request",
    startTimeUnixNano: "1795471453000000000",
    endTimeUnixNano: "1795471454000000000",
    attributes: [
      double("gen_ai.latency.time_in_queue", 0.25),
      double("gen_ai.latency.time_to_first_token", 0.5),
      double("gen_ai.latency.time_in_model_prefill", 0.125),
      double("gen_ai.latency.time_in_model_decode", 2),
      double("gen_ai.latency.e2e", 2.5),
      { key: "gen_ai.usage.prompt_tokens", value: { intValue: "128" } },
      { key: "gen_ai.usage.completion_tokens", value: { intValue: "9007199254740993" } },
      { key: "gen_ai.request.id", value: { stringValue: id } },
      { key: "gen_ai.odd", value: { arrayValue: { values: [] } } },
    ],
  }));
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "vllm" } }] };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "vllm" }, spans }] }] };
}

let receiver: OtlpReceiver;
beforeEach(async () => {
  receiver = await startOtlpReceiver({ port: 0 });
});
afterEach(async () => {
  await receiver.stop();
});

async function post(body: Uint8Array | string, headers: Record<string, string>): Promise<Response> {
  return await fetch(receiver.endpoint, { method: "POST", body: body as BodyInit, headers });
}

const protobufType = { "content-type": "application/x-protobuf" };

test("protocol buffers, plain and gzip: every time of a request in ms", async () => {
  const plain = await post(encodeExport(exported("cmpl-a-0")), protobufType);
  expect(plain.status).toBe(200);
  const zipped = gzipSync(encodeExport(exported("cmpl-b-0", "cmpl-c-0")));
  expect((await post(zipped, { ...protobufType, "content-encoding": "gzip" })).status).toBe(200);
  expect(await receiver.waitFor(3, 5_000)).toBe(true);
  expect(receiver.spans[0]).toMatchObject({
    serverRequestId: "cmpl-a-0",
    queueMs: 250,
    prefillMs: 125,
    decodeMs: 2000,
    ttftMs: 500,
    e2elMs: 2500,
    promptTokens: 128,
  });
});

test("JSON gives the same spans as protocol buffers", async () => {
  await post(encodeExport(exported("x")), protobufType);
  await post(JSON.stringify(exported("x")), { "content-type": "application/json; charset=utf-8" });
  expect(await receiver.waitFor(2, 5_000)).toBe(true);
  expect(receiver.spans[1]).toEqual(receiver.spans[0]);
});

test("spans of other kinds are left out", async () => {
  const span = { name: "Load model", attributes: [{ key: "code.function", value: { stringValue: "load" } }] };
  await post(encodeExport({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }), protobufType);
  expect(receiver.spans).toEqual([]);
  expect(receiver.rejected.count).toBe(0);
});

test.each([
  ["text/plain", "x", 415, 'got content-type "text/plain"'],
  ["application/json", "{", 400, "is not json"],
  ["application/json", '{"resourceSpans":3}', 400, "of another form: resourceSpans"],
  ["application/x-protobuf", "\xff\xff\xff", 400, "is not protobuf"],
])("an export as %s %j is rejected with %i", async (type, body, status, why) => {
  const response = await post(body, { "content-type": type });
  expect(response.status).toBe(status);
  expect(await response.text()).toContain(why);
  expect(receiver.rejected.first).toContain(why);
});

test("a server that speaks gRPC is told what to set", async () => {
  const socket = connect(receiver.port, "127.0.0.1");
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  await once(socket, "close");
  expect(receiver.rejected.first).toContain("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf");
});

test("a wait ends when its time is over, and a port in use is rejected", async () => {
  expect(await receiver.waitFor(1, 1)).toBe(false);
  await expect(startOtlpReceiver({ port: receiver.port })).rejects.toThrow("choose another --otlp-port");
});

test("spans are joined to the client's requests by vLLM's naming of them", async () => {
  const names = ["cmpl-run-7-0", "chatcmpl-run-8", "run-9", "cmpl-run-7-0", "cmpl-stranger-0"];
  await post(encodeExport(exported(...names)), protobufType);
  await receiver.waitFor(names.length, 5_000);
  const { spans, without, others } = joinSpans(receiver.spans, ["run-7", "run-8", "run-9", "run-10"]);
  expect([...spans].map(([id, { serverRequestId }]) => [id, serverRequestId])).toEqual([
    ["run-7", "cmpl-run-7-0"],
    ["run-8", "chatcmpl-run-8"],
    ["run-9", "run-9"],
  ]);
  expect(without).toEqual(["run-10"]);
  expect(others).toBe(2);
});

/** Nested messages of the fields that lead to a span, around so many empty ones: two bytes each. */
function emptySpans(count: number): Buffer {
  const spans = Buffer.alloc(2 * count);
  for (let at = 0; at < spans.length; at += 2) spans[at] = 0x12;
  const around = (tag: number, body: Buffer): Buffer => {
    const length: number[] = [];
    for (let left = body.length; ; left >>>= 7) {
      length.push(left > 127 ? (left & 127) | 128 : left);
      if (left <= 127) break;
    }
    return Buffer.concat([Buffer.from([tag, ...length]), body]);
  };
  return around(0x0a, around(0x12, spans));
}

const packed = { "content-encoding": "gzip" };
const jsonType = { "content-type": "application/json" };

test.each([
  [
    "two million empty spans in a few KB",
    gzipSync(emptySpans(2_000_000)),
    { ...protobufType, ...packed },
    "over 200000 spans",
  ],
  [
    "as many in JSON",
    gzipSync(`{"resourceSpans":[${"{},".repeat(1_000_000)}{}]}`),
    { ...jsonType, ...packed },
    "over 200000 spans",
  ],
  ["a gzip bomb", gzipSync(Buffer.alloc(2 ** 26)), { ...protobufType, ...packed }, "over 4194304 bytes"],
  ["groups in groups without end", Buffer.alloc(2 ** 20, 0x0b), protobufType, "not protobuf"],
  ["lists in lists without end", "[".repeat(150_000), jsonType, "not json"],
  ["a length beyond the end", Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x0f]), protobufType, "cut short"],
])("%s are rejected, and the next export is taken", async (_, body, headers, why) => {
  const response = await post(body, headers);
  expect([response.status, await response.text()]).toEqual([400, expect.stringContaining(why)]);
  expect((await post(encodeExport(exported("cmpl-a-0")), protobufType)).status).toBe(200);
  expect(receiver.spans).toHaveLength(1);
});

test("no more spans are kept than there can be", async () => {
  await receiver.stop();
  receiver = await startOtlpReceiver({ port: 0, mostSpans: 3 });
  await post(encodeExport(exported("a", "b")), protobufType);
  await post(encodeExport(exported("c", "d")), protobufType);
  expect(receiver.spans.map(({ serverRequestId }) => serverRequestId)).toEqual(["a", "b", "c"]);
  expect(receiver.rejected.first).toBe("more than 3 spans came");
});

test("a signal ends the wait for spans", async () => {
  const stop = new AbortController();
  const waited = receiver.waitFor(1, 60_000, stop.signal);
  stop.abort();
  expect(await waited).toBe(false);
});
