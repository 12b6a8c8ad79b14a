/** What goes wrong between client and server: counted by kind, never a zero latency, and the run goes on. */
import { BackendError, ConfigError, type Workload } from "../../../formats/index.js";
import { columnsOf, summarise } from "../../../sim/index.js";
import { startFakeVllm, type FakeVllm, type Misbehaviour, type Script } from "../../../test/support/fake-vllm.js";
import { RunInterrupted } from "../../drive.js";
import { benchVllm, type BenchVllmInput, type FailureKind } from "../index.js";

let server: FakeVllm;

afterEach(() => server.close());

const workload: Workload = {
  requests: Array.from({ length: 6 }, (_, index) => ({ id: `r${index}`, promptTokens: 8, outputTokens: 4 })),
  maxConcurrency: 1,
  thinkNs: 0,
};

async function inputFor(script: (n: number) => Script, more: Partial<BenchVllmInput> = {}): Promise<BenchVllmInput> {
  server = await startFakeVllm({ script });
  return {
    baseUrl: server.baseUrl,
    workload,
    load: { kind: "closed_loop" },
    seed: "1",
    date: "2026-01-01T00:00:00.000Z",
    warmUps: 0,
    isWarm: true,
    percentiles: [],
    ...more,
  };
}

const tooLong = '{"error":{"message":"maximum context length is 8 tokens","type":"BadRequestError","code":400}}';
const cases: readonly (readonly [what: string, Misbehaviour, FailureKind, message: RegExp, hasFirstToken: boolean])[] =
  [
    [
      "a request that the server refuses",
      { kind: "status", status: 400, body: tooLong },
      "http_4xx",
      /^HTTP 400: maximum context length is 8 tokens$/,
      false,
    ],
    [
      "a server error without JSON",
      { kind: "status", status: 503, body: "upstream gone" },
      "http_5xx",
      /^HTTP 503: upstream gone$/,
      false,
    ],
    [
      "a redirect",
      { kind: "status", status: 307, body: "" },
      "http_other",
      /^HTTP 307: a redirect to nowhere; redirects are not followed/,
      false,
    ],
    ["a reset in mid-stream", { kind: "reset", afterChunks: 2 }, "reset", /^connection lost after 2 chunks: /, true],
    [
      "a reset before any chunk",
      { kind: "reset", afterChunks: 0 },
      "reset",
      /^connection lost before the first chunk: /,
      false,
    ],
    ["a stalled stream", { kind: "stall", afterChunks: 3 }, "stalled", /^nothing came for 0.3 s after 3 chunks$/, true],
    [
      "a server that never answers",
      { kind: "stall", afterChunks: 0 },
      "stalled",
      /^nothing came for 0.3 s before the first/,
      false,
    ],
    ["text that is no event", { kind: "garbage", afterChunks: 1 }, "malformed", /^after 1 chunks: /, true],
    [
      "an event that is no JSON",
      { kind: "not_json", afterChunks: 1 },
      "malformed",
      /got "{\\"choices\\": \[", expected/,
      true,
    ],
    [
      "a stream without its end",
      { kind: "cut", afterChunks: 2 },
      "incomplete",
      /ended after 2 chunks, no \[DONE\]$/,
      true,
    ],
    [
      "an error in the stream",
      { kind: "error_event", afterChunks: 2 },
      "server_error",
      /^EngineCore encountered/,
      true,
    ],
    ["an answer without usage", { kind: "no_usage" }, "no_usage", /tokens are not known/, true],
  ];

test.each(cases)("%s", async (_, misbehaves, kind, message, hasFirstToken) => {
  const script = (n: number): Script => (n === 1 || n === 3 ? { misbehaves } : {});
  const { info, requests } = await benchVllm(await inputFor(script, { limits: { stallMs: 300 } }));
  expect(requests.map(({ status }) => status)).toEqual(["ok", "error", "ok", "error", "ok", "ok"]);
  for (const failed of [requests[1]!, requests[3]!]) {
    expect(failed.error).toMatch(message);
    expect(failed.extra!.failure).toBe(kind);
    expect(failed.lastTokenNs).toBeUndefined();
    expect(failed.firstTokenNs !== undefined).toBe(hasFirstToken);
    expect(Number(failed.extra!.failed_ms)).toBeGreaterThan(0);
  }
  expect(info.client).toMatchObject({ failures: { [kind]: 2 } });
  expect(info.notes).toContain(`failures by kind: 2 ${kind}; none was sent again`);
  expect(info.valid!.ok).toBe(false);
  expect(info.valid!.reasons.join()).toMatch(/2 requests failed, the first with: /);
  // Six requests were sent, six arrived: nothing was tried again.
  expect(server.received).toHaveLength(6);
  const summary = summarise(columnsOf(requests));
  expect(summary).toMatchObject({ completed: 4, failed: 2 });
  expect(summary.mean_e2el_ms!).toBeGreaterThan(0);
});

test("an answer that takes too long as a whole is given up", async () => {
  const script = (n: number): Script => (n === 0 ? { gapMs: 100 } : {});
  const input = await inputFor(script, { limits: { requestMs: 150 } });
  const { requests } = await benchVllm(input);
  expect(requests.map(({ status }) => status)).toEqual(["error", "ok", "ok", "ok", "ok", "ok"]);
  expect(requests[0]).toMatchObject({ error: "no whole answer within 0.15 s", extra: { failure: "timeout" } });
});

test("a server that goes away and comes back: what was asked meanwhile was rejected, the rest is answered", async () => {
  let restarted: Promise<void> | undefined;
  const script = (n: number): Script => (n === 3 ? { misbehaves: { kind: "reset", afterChunks: 1 } } : {});
  const input = await inputFor(script, {
    workload: {
      requests: Array.from({ length: 40 }, (_, index) => ({
        id: String(index),
        promptTokens: 8,
        outputTokens: 2,
        arrivalNs: index * 20_000_000,
      })),
      maxConcurrency: Infinity,
      thinkNs: 0,
    },
    onProgress: (ended) => {
      if (ended === 4) restarted = restart();
    },
  });
  async function restart(): Promise<void> {
    const { port } = server;
    await server.close();
    await new Promise((resolve) => setTimeout(resolve, 150));
    server = await startFakeVllm({ port });
  }
  const { info, requests } = await benchVllm(input);
  await restarted;
  expect(requests).toHaveLength(40);
  const { failures } = info.client as { failures: Partial<Record<FailureKind, number>> };
  expect(failures.reset).toBeGreaterThanOrEqual(1);
  expect(failures.connect).toBeGreaterThanOrEqual(1);
  const rejected = requests.find(({ extra }) => extra!.failure === "connect")!;
  expect(rejected.error).toMatch(/ECONNREFUSED/);
  expect(rejected.sentNs).toBeUndefined();
  expect(requests.at(-1)!.status).toBe("ok");
});

test("no server, another kind of server and an unknown model are said before anything is sent", async () => {
  const input = await inputFor(() => ({}));
  await expect(benchVllm({ ...input, model: "gpt-9" })).rejects.toThrow(ConfigError);
  await expect(benchVllm({ ...input, model: "gpt-9" })).rejects.toThrow(
    /does not serve a model "gpt-9" \(it serves: fake\)/,
  );
  await expect(benchVllm({ ...input, baseUrl: `${server.baseUrl}/elsewhere` })).rejects.toThrow(/HTTP 404/);
  await expect(benchVllm({ ...input, baseUrl: "localhost:8000" })).rejects.toThrow(/base URL is "localhost:8000"/);
  expect(server.received).toHaveLength(0);
  await server.close();
  await expect(benchVllm(input)).rejects.toThrow(BackendError);
  await expect(benchVllm(input)).rejects.toThrow(
    /no server answers at .*\/v1\/models: .*ECONNREFUSED.*; start vLLM there/,
  );
});

test("a warm-up that fails stops the run before it starts, with what the server said", async () => {
  const input = await inputFor(() => ({ misbehaves: { kind: "status", status: 400, body: tooLong } }), { warmUps: 2 });
  await expect(benchVllm(input)).rejects.toThrow(
    /warm-up request 1 of 2 \(8 prompt tokens, 4 output tokens\): HTTP 400: maximum context length is 8 tokens/,
  );
});

test.each([1, 2])("an interrupted run keeps the requests that had ended (%i workers)", async (workers) => {
  const abort = new AbortController();
  const script = (n: number): Script => (n < 4 ? {} : { misbehaves: { kind: "stall", afterChunks: 1 } });
  const input = await inputFor(script, {
    workers,
    workload: {
      requests: Array.from({ length: 64 }, (_, index) => ({ id: String(index), promptTokens: 8, outputTokens: 2 })),
      maxConcurrency: 2,
      thinkNs: 0,
    },
    signal: abort.signal,
  });
  const run = benchVllm(input).catch((error: unknown) => error);
  // Both slots stall from the fifth request on.
  while (server.received.length < 6) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 20));
  abort.abort();
  const stopped = await run;
  if (!(stopped instanceof RunInterrupted)) throw new Error(`the run was not interrupted: ${String(stopped)}`);
  expect(stopped.message).toBe("stopped after 4 of 64 requests");
  expect(stopped.run!.requests.map(({ status }) => status)).toEqual(Array(4).fill("ok"));
  expect(stopped.run!.info).toMatchObject({ requests: 4, valid: { ok: false } });
  expect(stopped.run!.info.valid!.reasons).toContain("the run was stopped before its end");
});
