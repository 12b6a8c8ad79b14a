/** Clients that give up and try again, against a server that answers by script. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { RequestRecord, Retries, Run, Workload, WorkloadRequest } from "../../../formats/index.js";
import { startFakeVllm, type FakeVllm, type ReceivedRequest, type Script } from "../../../test/support/fake-vllm.js";
import { benchVllm, type BenchVllmInput } from "../index.js";
import { endPatience, holdPatience, PATIENCE_MS, releasePatience } from "./patience-timers.fixture.js";
import { partsOf } from "./run-in-workers.js";

let server: FakeVllm;
beforeEach(holdPatience);
afterEach(() => {
  releasePatience();
  return server.close();
});

const MS = 1e6;
const patienceNs = PATIENCE_MS * MS;

/** A request whose client gives up as soon as the server has it. */
function givenUp(): Script {
  endPatience();
  return { firstMs: 60_000 };
}

async function bench(
  wanted: readonly Partial<WorkloadRequest>[],
  script: (n: number, request: ReceivedRequest) => Script,
  {
    retries,
    slots = 1,
    ...more
  }: Partial<BenchVllmInput> & { readonly retries?: Retries; readonly slots?: number } = {},
): Promise<Run> {
  server = await startFakeVllm({ script });
  const requests = wanted.map((one, index) => ({ id: String(index), promptTokens: 10, outputTokens: 5, ...one }));
  const workload: Workload = {
    requests,
    maxConcurrency: slots,
    thinkNs: 0,
    ...(retries === undefined ? {} : { retries }),
  };
  const common = { load: { kind: "closed_loop" }, seed: "1", date: "2026-01-01T00:00:00.000Z", warmUps: 0 };
  return benchVllm({ baseUrl: server.baseUrl, workload, ...common, ...more });
}

const shortly = (records: readonly RequestRecord[]): unknown[] =>
  records.map(({ requestId, status, outputTokens, lastTokenNs }) => [
    requestId,
    status,
    outputTokens,
    lastTokenNs === undefined,
  ]);

test("a client without a first token in time closes its connection, frees its slot, and is recorded as simulated ones are", async () => {
  const { info, requests } = await bench(
    [{ ttftPatienceNs: patienceNs, e2elPatienceNs: 2 * patienceNs }, { ttftPatienceNs: patienceNs }],
    (n) => (n === 0 ? givenUp() : {}),
  );
  expect(shortly(requests)).toEqual([
    ["0", "aborted", 0, true],
    ["1", "ok", 5, false],
  ]);
  const [given] = requests;
  expect(given!.error).toBe("the client gave up after 54.32 s without a first token");
  expect(Number(given!.extra!.aborted_ms)).toBeGreaterThan(given!.sentNs! / MS);
  expect(requests[1]!.extra!.aborted_ms).toBe("");
  while (server.left() === 0) await new Promise(setImmediate);
  expect(server.left()).toBe(1);
  expect(server.mostOpen()).toBe(1);
  expect(info.summary).toMatchObject({
    completed: 1,
    failed: 1,
    ...{ aborted: 1, aborted_before_first_token: 1, aborted_in_answer: 0, retried: 0, unanswered: 1 },
    ...{ wasted_prompt_tokens: 0, wasted_output_tokens: 0 },
  });
  expect(info.summary).not.toHaveProperty("wasted_gpu_share");
  expect((info.client as { failures: object }).failures).toEqual({});
  expect(info.valid!.reasons.filter((reason) => reason.includes("failed"))).toEqual([]);
});

test("one that gives up within its answer wastes its prompt and the tokens that came, as the server counts along", async () => {
  // The client reads the tokens, then gives up.
  const onTokens = (): void => void setImmediate(endPatience);
  subscribe("undici:request:bodyChunkReceived", onTokens);
  const { info, requests } = await bench([{ e2elPatienceNs: patienceNs, outputTokens: 6 }], () => ({
    gapMs: 60_000,
    tokensPerChunk: 3,
  }));
  unsubscribe("undici:request:bodyChunkReceived", onTokens);
  expect(server.received[0]!.body.stream_options).toEqual({ include_usage: true, continuous_usage_stats: true });
  expect(shortly(requests)).toEqual([["0", "aborted", 3, true]]);
  expect(requests[0]!.error).toMatch(/without the whole answer$/);
  expect(requests[0]!.firstTokenNs).toBeDefined();
  expect(info.summary).toMatchObject({ aborted_in_answer: 1, wasted_prompt_tokens: 10, wasted_output_tokens: 3 });
});

test("who gave up or was told 503 tries again after its pause with the same prompt, as often as it may", async () => {
  const retries = { most: 2, pausesNs: Float64Array.of(3 * MS, 4 * MS, 2 * MS, 2 * MS) };
  const { info, requests } = await bench(
    [{ ttftPatienceNs: patienceNs }, {}],
    (n) => {
      if (n < 2) return givenUp();
      return n === 3 ? { misbehaves: { kind: "status", status: 503, body: "busy" } } : {};
    },
    { retries },
  );
  expect(shortly(requests)).toEqual([
    ["0", "aborted", 0, true],
    ["0-retry1", "aborted", 0, true],
    ["0-retry2", "ok", 5, false],
    ["1", "refused", 0, true],
    ["1-retry1", "ok", 5, false],
  ]);
  const [first, second, third, refused, again] = requests as [
    RequestRecord,
    RequestRecord,
    RequestRecord,
    RequestRecord,
    RequestRecord,
  ];
  const abortedNs = (record: RequestRecord): number => Number(record.extra!.aborted_ms) * MS;
  expect(Math.abs(second.arrivalNs - abortedNs(first) - 3 * MS)).toBeLessThan(1000);
  expect(Math.abs(third.arrivalNs - abortedNs(second) - 4 * MS)).toBeLessThan(1000);
  expect(again.arrivalNs).toBeGreaterThanOrEqual(refused.arrivalNs + 2 * MS);
  // The only slot was taken until the first request was answered.
  expect(refused.arrivalNs).toBeGreaterThanOrEqual(third.lastTokenNs!);
  const prompts = server.received.map(({ body }) => JSON.stringify(body.prompt));
  expect(new Set(prompts.slice(0, 3)).size).toBe(1);
  expect(prompts[3]).toBe(prompts[4]);
  expect(prompts[3]).not.toBe(prompts[0]);
  expect(info.summary).toMatchObject({ completed: 2, failed: 3, aborted: 2, retried: 3, unanswered: 0 });
  expect(info.valid!.reasons.filter((reason) => reason.includes("failed"))).toEqual([]);
});

test("other failures are not tried again", async () => {
  const retries = { most: 1, pausesNs: Float64Array.of(0) };
  const script = (): Script => ({ misbehaves: { kind: "status", status: 500, body: "no" } });
  const { info, requests } = await bench([{}], script, { retries });
  expect(shortly(requests)).toEqual([["0", "error", 0, true]]);
  expect(info.notes).toContain("failures by kind: 1 http_5xx; only those of HTTP 503 were sent again");
});

test("client threads take the pauses, patience and attempts of their own requests", async () => {
  const requests = ["a", "b", "c"].map((id, index) => ({
    id,
    promptTokens: 1,
    outputTokens: 1,
    ttftPatienceNs: index + 1,
  }));
  const retries = { most: 2, pausesNs: Float64Array.of(1, 2, 3, 4, 5, 6) };
  const parts = partsOf({ requests, maxConcurrency: Infinity, thinkNs: 0, retries }, 2);
  expect(parts.map(({ workload }) => Array.from(workload.retries!.pausesNs))).toEqual([
    [1, 2, 5, 6],
    [3, 4],
  ]);
  expect(parts.map(({ workload }) => workload.requests.map(({ ttftPatienceNs }) => ttftPatienceNs))).toEqual([
    [1, 3],
    [2],
  ]);
  const pausesNs = new Float64Array(4).fill(10 * MS);
  const { requests: records } = await bench(
    [{}, {}, {}, {}],
    (_, { requestId }) =>
      requestId!.endsWith("-retry1") ? {} : { misbehaves: { kind: "status", status: 503, body: "busy" } },
    { retries: { most: 1, pausesNs }, slots: 2, workers: 2 },
  );
  expect(server.mostOpen()).toBeLessThanOrEqual(2);
  expect(records.map(({ requestId, status }) => `${requestId} ${status}`)).toEqual(
    [0, 1, 2, 3].flatMap((id) => [`${id} refused`, `${id}-retry1 ok`]),
  );
});

test("a client thread gives up, too", async () => {
  const { requests } = await bench(
    [{ ttftPatienceNs: 50 * MS }, { ttftPatienceNs: 50 * MS }],
    () => ({ firstMs: 60_000 }),
    {
      slots: 2,
      workers: 2,
    },
  );
  expect(shortly(requests)).toEqual([
    ["0", "aborted", 0, true],
    ["1", "aborted", 0, true],
  ]);
});
