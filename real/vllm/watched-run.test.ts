import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import type { Workload } from "../../formats/index.js";
import { startFakeVllm, type FakeVllm } from "../../test/support/fake-vllm.js";
import type { BenchVllmInput } from "./bench-input.js";
import { encodeExport } from "./server/otlp/trace-proto.js";
import { measureWatched } from "./watched-run.js";

let fake: FakeVllm;
afterEach(async () => {
  await fake.close();
});

const requests = Array.from({ length: 4 }, (_, i) => ({ id: `r/${i}`, promptTokens: 6, outputTokens: 3 }));
const workload: Workload = { requests, maxConcurrency: 2, thinkNs: 0 };

function inputFor(server: FakeVllm): BenchVllmInput {
  const load = { kind: "closed_loop" };
  return { baseUrl: server.baseUrl, workload, load, seed: "1", date: "2026-01-02T03:04:05.678Z" };
}

/** As many requests as were answered, warm-ups too, and `extra` of someone else's. */
function metricsOf(server: () => FakeVllm, extra = 0): () => string {
  return () =>
    [
      `vllm:request_success_total{finished_reason="length"} ${server().received.length * (1 + extra)}`,
      `vllm:request_queue_time_seconds_bucket{le="+Inf"} ${server().received.length}`,
      "vllm:num_requests_running 0",
      "vllm:num_preemptions_total 0",
      'vllm:cache_config_info{block_size="16",num_gpu_blocks="99"} 1',
      "",
    ].join("\n");
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

function spanOf(id: string, seconds: number): Uint8Array {
  const double = (key: string, doubleValue: number): object => ({ key, value: { doubleValue } });
  const attributes = [
    { key: "gen_ai.request.id", value: { stringValue: `cmpl-${id}-0` } },
    double("gen_ai.latency.time_in_queue", seconds),
    double("gen_ai.latency.time_in_model_prefill", 2 * seconds),
    double("gen_ai.latency.time_in_model_decode", 3 * seconds),
  ];
  return encodeExport({ resourceSpans: [{ scopeSpans: [{ spans: [{ name: "llm_request", attributes }] }] }] });
}

test("the view counts the run's requests without the warm-up, and the run knows the server's blocks", async () => {
  fake = await startFakeVllm({ metrics: metricsOf(() => fake) });
  const { measurement, view } = await measureWatched(inputFor(fake), { everyMs: 0 });
  expect(view!.counters).toEqual({ preemptions: 0, requests_finished: 4 });
  expect(measurement.run.info.engine.settings).toMatchObject({ block_size: 16, num_gpu_blocks: 99 });
  expect(measurement.run.info).toMatchObject({ preemptions: 0 });
  expect(measurement.run.info.valid!.reasons.join()).not.toContain("others");
});

test("requests of others make a run invalid", async () => {
  fake = await startFakeVllm({ metrics: metricsOf(() => fake, 1) });
  const { measurement } = await measureWatched(inputFor(fake), { everyMs: 0 });
  expect(measurement.run.info.valid).toMatchObject({ ok: false });
  expect(measurement.run.info.valid!.reasons).toContain("the server finished 4 requests of others during the run");
});

test("a server without metrics is measured, and the run says that there is no view", async () => {
  fake = await startFakeVllm();
  const { measurement, view, remarks } = await measureWatched(inputFor(fake), { everyMs: 0 });
  expect(view).toBeUndefined();
  expect(measurement.run.requests).toHaveLength(4);
  expect(remarks[0]).toMatch("no view of the server");
  expect(measurement.run.info.notes).toContain(remarks[0]);
});

test("spans join by the id that each request was sent with, whatever characters it has", async () => {
  const port = await freePort();
  const posts: Promise<Response>[] = [];
  fake = await startFakeVllm({
    script: (n, { requestId }) => {
      const headers = { "content-type": "application/x-protobuf" };
      const body = spanOf(requestId ?? `warm-up-${n}`, n / 1e3) as BodyInit;
      posts.push(fetch(`http://127.0.0.1:${port}/v1/traces`, { method: "POST", headers, body }));
      return {};
    },
  });
  const { measurement, spans, remarks } = await measureWatched(inputFor(fake), { otlp: { port } });
  await Promise.all(posts);
  expect(remarks).toEqual([]);
  expect(spans!.without).toEqual([]);
  const queueMs = measurement.run.requests.map(({ extra }) => Number(extra!.server_queue_ms));
  expect(queueMs.sort()).toEqual([1, 2, 3, 4]);
  for (const { extra } of measurement.run.requests) {
    expect(Number(extra!.server_decode_ms)).toBeCloseTo(3 * Number(extra!.server_queue_ms), 9);
  }
  expect(new Set(fake.received.slice(1).map(({ requestId }) => requestId)).size).toBe(4);
});
