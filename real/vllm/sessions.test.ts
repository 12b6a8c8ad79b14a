/** Sessions against a server that answers by script: what each turn is made of, and the run that comes of it. */
import type { RequestRecord, Run, Session, Workload } from "../../formats/index.js";
import { linearTurns, loadSchema } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { planPolicy, simulateRun, workloadFromSessions, type SessionSummary } from "../../sim/index.js";
import { tensorrtLlm } from "../../test/support/fake-engines.js";
import { answerIds, startFakeVllm, type FakeVllm, type FakeVllmOptions } from "../../test/support/fake-vllm.js";
import { benchVllm, type BenchVllmInput } from "./index.js";

let server: FakeVllm | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const turn = (newTokens: number, outputTokens: number, pauseMs = 0) => ({
  newTokens,
  outputTokens,
  pauseNs: pauseMs * 1e6,
});
const SYSTEM = [[-1, 6]] as const;

/** Two conversations that begin alike; the third turn of the second one goes back to its first. */
const talks: readonly Session[] = [
  { id: "a", turns: linearTurns([turn(5, 4), turn(3, 6, 20), turn(2, 3)], SYSTEM) },
  {
    id: "b",
    turns: [
      ...linearTurns([turn(7, 4), turn(3, 6)], SYSTEM),
      { promptTokens: 20, outputTokens: 5, pauseNs: 0, after: 1, follows: { turn: 0, tokens: 15 } },
    ],
  },
];

function workloadOf(sessions = talks, most = 1): Workload {
  return workloadFromSessions(loadSchema.parse({ workload: "talks", max_sessions: most }), sessions, "1");
}

async function bench(options: FakeVllmOptions, more: Partial<BenchVllmInput> = {}): Promise<Run> {
  server = await startFakeVllm(options);
  return benchVllm({
    baseUrl: server.baseUrl,
    workload: workloadOf(),
    load: { kind: "sessions", max_sessions: 1 },
    seed: "1",
    date: "2026-01-01T00:00:00.000Z",
    ...more,
  });
}

const prompts = (): number[][] => server!.received.slice(1).map(({ body }) => body.prompt as number[]);
const cachedOf = ({ requests }: Run): unknown[] =>
  requests.map(({ requestId, cachedTokens }: RequestRecord) => [requestId, cachedTokens]);

test("a turn begins with the prompt before it and the tokens that the server answered", async () => {
  const { requests, info } = await bench({});
  const [a0, a1, a2, b0, b1, b2] = prompts();
  expect(a1!.slice(0, 15)).toEqual([...a0!, ...answerIds(11, 4)]);
  expect(a2!.slice(0, 24)).toEqual([...a1!, ...answerIds(18, 6)]);
  expect(b0!.slice(0, 6)).toEqual(a0!.slice(0, 6));
  expect(b0!.slice(6, 9)).not.toEqual(a0!.slice(6, 9));
  expect(b1!.slice(0, 17)).toEqual([...b0!, ...answerIds(13, 4)]);
  expect(b2!.slice(0, 15)).toEqual([...b0!, ...answerIds(13, 4)].slice(0, 15));
  expect([a1, a2, b1, b2].map((ids) => ids!.length)).toEqual([18, 26, 20, 20]);
  expect(requests.map(({ requestId }) => requestId)).toEqual(["a/0", "a/1", "a/2", "b/0", "b/1", "b/2"]);
  expect(requests[1]!.arrivalNs - requests[0]!.lastTokenNs!).toBeGreaterThanOrEqual(20e6);
  expect(server!.mostOpen()).toBe(1);
  expect(info.sessions).toMatchObject({ count: 2, completed: 2, cached_share: null });
  expect(info.notes!.join()).toContain("--enable-prompt-tokens-details");
});

test("cached tokens of each turn are those of a simulation with the same blocks", async () => {
  const run = await bench({ blockTokens: 4 });
  const simulated = simulateRun({
    workload: workloadOf(),
    ...{ load: loadSchema.parse({ workload: "talks", max_sessions: 1 }), seed: "1", engine: "fast", replicas: 1 },
    ...{ router: "round-robin", jitter: false, coldStart: false },
    plan: planPolicy("vllm", { enable_prefix_caching: true, block_size: 4 }, { source: "settings" }),
    profile: readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json"),
  });
  expect(cachedOf(run)).toEqual(cachedOf(simulated));
  const { by_turn: real, cached_share: share } = run.info.sessions as SessionSummary;
  const { by_turn: sim } = simulated.info.sessions as SessionSummary;
  expect(real.map(({ cached_share: each }) => each)).toEqual(sim.map(({ cached_share: each }) => each));
  expect(share).toBeGreaterThan(0.4);
});

test("several sessions are under way at a time, each in turn", async () => {
  const { requests } = await bench({ script: () => ({ firstMs: 15 }) }, { workload: workloadOf(talks, 2) });
  expect(server!.mostOpen()).toBe(2);
  expect(requests.every(({ status }) => status === "ok")).toBe(true);
  for (const at of [1, 2, 4, 5]) expect(requests[at]!.sentNs!).toBeGreaterThan(requests[at - 1]!.lastTokenNs!);
});

test("after a turn that failed the session goes on, with seeded tokens in place of those that did not come", async () => {
  const script = (n: number) => (n === 1 ? { misbehaves: { kind: "cut" as const, afterChunks: 2 } } : {});
  const { requests, info } = await bench({ script });
  expect(requests.map(({ status }) => status)).toEqual(["error", "ok", "ok", "ok", "ok", "ok"]);
  const [first, second] = prompts();
  expect(second!.slice(0, 13)).toEqual([...first!, ...answerIds(11, 4).slice(0, 2)]);
  expect(second).toHaveLength(18);
  expect(info.sessions).toMatchObject({ completed: 1 });
  expect(info.valid!.ok).toBe(false);
});

test("answers without token ids end the run before it begins", async () => {
  await expect(bench({ keepsIdsBack: true })).rejects.toThrow(
    /did not answer warm-up request 1 .*token_ids came of 0 of 4 tokens, so the next turn cannot begin with the answer/,
  );
});

test.each<[Partial<BenchVllmInput>, RegExp]>([
  [{ endpoint: "/v1/chat/completions" }, /^--endpoint .*a chat takes text; leave it out/],
  [{ sampling: { ignoreEos: false } }, /^--no-ignore-eos: a session's turns begin/],
  [{ workers: 2 }, /^--client-workers 2: sessions are sent by one thread/],
])("%o is rejected", async (given, message) => {
  await expect(bench({}, given)).rejects.toThrow(message);
});

test("an engine that does not send token ids is rejected by name", async () => {
  await expect(bench(tensorrtLlm)).rejects.toThrow(/answers before, which TensorRT-LLM does not send/);
});

test("a run that is stopped keeps the turns that had ended, and says nothing of sessions", async () => {
  const stop = new AbortController();
  const onProgress = (done: number): void => {
    if (done === 2) stop.abort();
  };
  const found = await bench({}, { signal: stop.signal, onProgress }).catch((error: unknown) => error);
  const { run } = found as { run: Run };
  expect(run.requests.map(({ requestId }) => requestId)).toEqual(["a/0", "a/1"]);
  expect(run.info).not.toHaveProperty("sessions");
});
