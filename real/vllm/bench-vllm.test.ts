/** The load client against a server that answers, by script, as vLLM does. */
import type { RunInfo, Workload, WorkloadRequest } from "../../formats/index.js";
import { startFakeVllm, type FakeVllm, type FakeVllmOptions } from "../../test/support/fake-vllm.js";
import { benchVllm, type BenchVllmInput } from "./index.js";

let server: FakeVllm | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

function requests(count: number, more: Partial<WorkloadRequest> = {}): WorkloadRequest[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `r${index}`,
    promptTokens: 10 + index,
    outputTokens: 5,
    ...more,
  }));
}

const closedLoop = (count: number, maxConcurrency: number): Workload => ({
  requests: requests(count),
  maxConcurrency,
  thinkNs: 0,
});

async function inputFor(options: FakeVllmOptions, more: Partial<BenchVllmInput> = {}): Promise<BenchVllmInput> {
  server = await startFakeVllm(options);
  return {
    baseUrl: server.baseUrl,
    workload: closedLoop(12, 3),
    load: { kind: "closed_loop", max_concurrency: 3 },
    seed: "1",
    date: "2026-01-01T00:00:00.000Z",
    warmUps: 2,
    ...more,
  };
}

/** Why a run is not valid, but for what depends on how busy this machine is. */
const reasonsButLag = ({ valid }: RunInfo): string[] => valid!.reasons.filter((r) => !r.startsWith("the client "));

/** Requests of the run, as the server got them, warm-ups left out. */
const bodies = (warmUps = 2): Readonly<Record<string, unknown>>[] => server!.received.slice(warmUps).map((r) => r.body);

test("a closed loop: every request answered, times in order, never more open than slots", async () => {
  const { info, requests: records } = await benchVllm(await inputFor({ script: () => ({ firstMs: 2, gapMs: 1 }) }));
  expect(info).toMatchObject({
    source: "real",
    policy: "vllm",
    engine: { name: "vllm", version: "0.0.0-fake", settings: { max_model_len: 4096 } },
    model: { name: "fake" },
    load: { kind: "closed_loop", max_concurrency: 3 },
    requests: 12,
  });
  expect(reasonsButLag(info)).toEqual([]);
  expect(server!.mostOpen()).toBeLessThanOrEqual(3);
  expect(records.map(({ status }) => status)).toEqual(Array(12).fill("ok"));
  for (const [
    index,
    { requestId, sentNs, arrivalNs, firstTokenNs, lastTokenNs, extra, ...rest },
  ] of records.entries()) {
    expect(requestId).toBe(`r${index}`);
    expect(rest).toMatchObject({ promptTokens: 10 + index, outputTokens: 5 });
    expect(sentNs!).toBeGreaterThanOrEqual(arrivalNs);
    expect(firstTokenNs!).toBeGreaterThan(sentNs!);
    expect(lastTokenNs!).toBeGreaterThan(firstTokenNs!);
    const chunkMs = extra!.chunk_ms!.split(";").map(Number);
    expect(chunkMs).toHaveLength(5);
    expect(extra!.chunks).toBe("5");
    expect(sentNs! / 1e6 + chunkMs[0]!).toBeCloseTo(firstTokenNs! / 1e6, 2);
    expect(sentNs! / 1e6 + chunkMs.at(-1)!).toBeCloseTo(lastTokenNs! / 1e6, 2);
    expect(Number(extra!.headers_ms) * 1e6).toBeLessThanOrEqual(firstTokenNs!);
    expect(Number(extra!.queued_ms) * 1e6).toBeLessThanOrEqual(sentNs!);
  }
});

test("an open loop sends by its schedule, whether or not answers come", async () => {
  const workload = {
    requests: requests(8).map((request, index) => ({ ...request, arrivalNs: index * 3_000_000 })),
    maxConcurrency: Infinity,
    thinkNs: 0,
  };
  const { requests: records, info } = await benchVllm(
    await inputFor({ script: () => ({ firstMs: 500 }) }, { workload, load: { kind: "gamma", request_rate: 333 } }),
  );
  expect(records.map(({ arrivalNs }) => arrivalNs)).toEqual(workload.requests.map(({ arrivalNs }) => arrivalNs));
  expect(records.every(({ sentNs, arrivalNs }) => sentNs! >= arrivalNs)).toBe(true);
  expect(server!.mostOpen()).toBe(8);
  expect(info.from_sent).toMatchObject({ mean_ttft_ms: expect.any(Number) as number });
});

test("prompts are seeded random ids, no two with a common prefix, and salted against earlier runs", async () => {
  await benchVllm(await inputFor({}, { vocab: 1000, date: "2026-01-01T00:00:00.000Z" }));
  const first = bodies();
  const prompts = first.map(({ prompt }) => prompt as number[]);
  expect(prompts.map((ids) => ids.length).sort()).toEqual(requests(12).map(({ promptTokens }) => promptTokens));
  expect(prompts.flat().every((id) => Number.isInteger(id) && id >= 256 && id < 1000)).toBe(true);
  expect(new Set(prompts.map((ids) => ids.slice(0, 3).join())).size).toBe(12);
  expect(new Set(first.map(({ cache_salt }) => cache_salt))).toEqual(new Set(["servesim 2026-01-01T00:00:00.000Z"]));
  expect(first[0]).toMatchObject({
    ignore_eos: true,
    max_tokens: 5,
    stream: true,
    stream_options: { include_usage: true },
  });
  await server!.close();
  await benchVllm(await inputFor({}, { vocab: 1000 }));
  expect(bodies().map(({ prompt }) => prompt)).toEqual(prompts);
});

test("text goes as text, shared content as shared ids", async () => {
  const workload: Workload = {
    requests: [
      { id: "a", promptTokens: 2, outputTokens: 1, prompt: "Hello there" },
      {
        id: "b",
        promptTokens: 6,
        outputTokens: 1,
        content: [
          [1, 4],
          [2, 2],
        ],
      },
      {
        id: "c",
        promptTokens: 6,
        outputTokens: 1,
        content: [
          [1, 4],
          [3, 2],
        ],
      },
    ],
    maxConcurrency: 1,
    thinkNs: 0,
  };
  await benchVllm(await inputFor({}, { workload }));
  // Warm-ups are text where the first requests are, and another text, which no cache helps.
  expect(server!.received[0]!.body.prompt).toMatch(/^\w+ \w+$/);
  expect(server!.received[0]!.body.prompt).not.toBe("Hello there");
  const [text, b, c] = bodies();
  expect(text).toMatchObject({ prompt: "Hello there" });
  expect(text).not.toHaveProperty("cache_salt");
  const [left, right] = [b!.prompt as number[], c!.prompt as number[]];
  expect(left.slice(0, 4)).toEqual(right.slice(0, 4));
  expect(left.slice(4)).not.toEqual(right.slice(4));
});

test("chat completions: messages, sampling, and the chunk that names the role is no token", async () => {
  const { requests: records } = await benchVllm(
    await inputFor(
      { script: () => ({ gapMs: 2 }) },
      {
        endpoint: "/v1/chat/completions",
        sampling: { ignoreEos: false, temperature: 0.7, topP: 0.9, topK: 20 },
      },
    ),
  );
  expect(new Set(server!.received.map(({ path }) => path))).toEqual(new Set(["/v1/chat/completions"]));
  const [body] = bodies();
  expect(body).toMatchObject({ ignore_eos: false, temperature: 0.7, top_p: 0.9, top_k: 20 });
  const [message] = body!.messages as { role: string; content: string }[];
  expect(message!.role).toBe("user");
  expect(message!.content.split(" ")).toHaveLength(10);
  expect(records.map(({ extra }) => extra!.chunks)).toEqual(Array(12).fill("5"));
});

test("tokens are counted by usage or token ids, never by chunks", async () => {
  const script = () => ({ tokensPerChunk: 2 });
  const byUsage = await benchVllm(await inputFor({ script }));
  expect(byUsage.requests.map(({ outputTokens, extra }) => [outputTokens, extra!.chunks])).toEqual(
    Array(12).fill([5, "3"]),
  );
  expect(byUsage.info.merged_chunks).toBe(12);
  await server!.close();
  const noUsage = () => ({ tokensPerChunk: 2, misbehaves: { kind: "no_usage" } as const });
  const byIds = await benchVllm(
    await inputFor({ script: noUsage }, { returnTokenIds: true, warmUps: 0, isWarm: true }),
  );
  expect(byIds.requests.map(({ outputTokens }) => outputTokens)).toEqual(Array(12).fill(5));
  expect(byIds.requests[0]!.extra).toMatchObject({ chunk_tokens: "2;2;1" });
});

test("the server's own times and the probe's label become columns, stated settings the engine's", async () => {
  const metrics = { queue_time_ms: 0.5, time_to_first_token_ms: 7, generation_time_ms: 31 };
  const run = await benchVllm(
    await inputFor(
      { script: () => ({ metrics }) },
      { probeOf: ({ id }) => (id === "r1" ? "prefill-p11" : undefined), settings: { max_num_seqs: 16 } },
    ),
  );
  expect(run.requests[1]!.extra).toMatchObject({
    probe: "prefill-p11",
    server_queue_ms: "0.5",
    server_prefill_ms: "7",
    server_decode_ms: "31",
  });
  expect(run.requests[0]!.extra).not.toHaveProperty("probe");
  expect(run.info.engine.settings).toMatchObject({ max_num_seqs: 16 });
});

test("a run says why it is not to be trusted: no warm-up, too few requests, answers too short", async () => {
  const run = await benchVllm(
    await inputFor(
      { script: () => ({ tokens: 3 }) },
      { warmUps: 0, workload: closedLoop(4, 2), percentiles: [50, 99] },
    ),
  );
  expect(run.info.valid!.ok).toBe(false);
  expect(reasonsButLag(run.info)).toEqual([
    expect.stringMatching(/^no request went before the run/) as string,
    "4 finished requests are too few for P50, P99",
  ]);
  expect(run.info.notes).toContain("4 answers do not have the requested length, although ignore_eos was set");
});

test("several workers send the same requests on the same schedule, each one once", async () => {
  const workload = {
    requests: requests(30).map((request, index) => ({ ...request, arrivalNs: index * 1_000_000 })),
    maxConcurrency: Infinity,
    thinkNs: 0,
  };
  const ended: number[] = [];
  const run = await benchVllm(await inputFor({}, { workload, workers: 3, onProgress: (count) => ended.push(count) }));
  expect(run.requests.map(({ requestId, arrivalNs, status }) => [requestId, arrivalNs, status])).toEqual(
    workload.requests.map(({ id, arrivalNs }) => [id, arrivalNs, "ok"]),
  );
  expect(bodies()).toHaveLength(30);
  expect(ended.at(-1)).toBe(30);
  expect(run.info.client).toMatchObject({ workers: 3 });
});

test("workers share the slots of a closed loop", async () => {
  const run = await benchVllm(
    await inputFor({ script: () => ({ firstMs: 5 }) }, { workload: closedLoop(20, 5), workers: 2 }),
  );
  expect(run.requests).toHaveLength(20);
  expect(server!.mostOpen()).toBeLessThanOrEqual(5);
});
