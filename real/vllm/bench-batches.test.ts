/** naive and dynamic in front of a server: batches sent at once, answers at the batch's end, memory from /metrics. */
import type { Workload } from "../../formats/index.js";
import { planBatchPolicy } from "../../sim/index.js";
import { startFakeVllm, type FakeVllm, type FakeVllmOptions, type Script } from "../../test/support/fake-vllm.js";
import { RunInterrupted } from "../drive.js";
import { benchBatches, type BenchBatchesInput } from "./index.js";

let server: FakeVllm;

afterEach(() => server.close());

function workloadOf(count: number, maxConcurrency: number): Workload {
  const requests = Array.from({ length: count }, (_, index) => ({
    id: `r${index}`,
    promptTokens: 8,
    outputTokens: 2 + (index % 3),
  }));
  return { requests, maxConcurrency, thinkNs: 0 };
}

const kvMetrics = (fraction: number): string =>
  `# TYPE vllm:kv_cache_usage_perc gauge\nvllm:kv_cache_usage_perc{engine="0",model_name="fake"} ${fraction}\n`;

async function inputFor(
  settings: object,
  options: FakeVllmOptions,
  more: Partial<BenchBatchesInput> & { readonly policy?: string } = {},
): Promise<BenchBatchesInput> {
  server = await startFakeVllm({ metrics: () => kvMetrics(0.1), ...options });
  const { policy = "naive", ...rest } = more;
  return {
    baseUrl: server.baseUrl,
    plan: planBatchPolicy(policy, settings, { source: "test" }),
    workload: workloadOf(9, 6),
    load: { kind: "closed_loop", max_concurrency: 6 },
    seed: "1",
    date: "2026-01-01T00:00:00.000Z",
    ...rest,
  };
}

test("a batch of naive goes out at once and the next waits for its last answer", async () => {
  const script = (): Script => ({ firstMs: 20, gapMs: 5 });
  const { info, requests, batches } = await benchBatches(await inputFor({ batch_size: 3, timeout_s: 1 }, { script }));
  expect(info).toMatchObject({ source: "real", policy: "naive", policy_settings: { batch_size: 3 }, requests: 9 });
  expect(batches.map(({ size, reason }) => [size, reason])).toEqual(Array(3).fill([3, "full"]));
  expect(server.mostOpen()).toBeLessThanOrEqual(3);
  for (const [at, batch] of batches.entries()) {
    const members = requests.filter(({ batchId }) => batchId === batch.batchId);
    expect(members).toHaveLength(3);
    expect(batch.firstTokenNs).toBe(Math.max(...members.map(({ firstTokenNs }) => firstTokenNs!)));
    for (const { scheduledNs, firstTokenNs, lastTokenNs, extra } of members) {
      expect(scheduledNs).toBe(batch.startNs);
      expect(firstTokenNs!).toBeGreaterThan(batch.startNs);
      expect(lastTokenNs).toBe(batch.endNs);
      expect(Number(extra!.answered_ms) * 1e6).toBeLessThanOrEqual(batch.endNs);
    }
    if (at > 0) expect(batch.startNs).toBeGreaterThanOrEqual(batches[at - 1]!.endNs);
  }
  expect(requests.map(({ outputTokens }) => outputTokens)).toEqual(
    workloadOf(9, 6).requests.map((r) => r.outputTokens),
  );
});

test("KV cache in use makes dynamic's batches smaller, room makes them larger", async () => {
  const settings = { batch_size: 4, min_batch_size: 2, max_batch_size: 8, timeout_s: 1, memory_threshold: 0.8 };
  const limits = async (fraction: number): Promise<number[]> => {
    const options = { metrics: () => kvMetrics(fraction) };
    const more = { policy: "dynamic", workload: workloadOf(21, 21) };
    const { batches } = await benchBatches(await inputFor({ ...settings, max_time_wait_s: 60 }, options, more));
    return batches.map(({ limit }) => limit).slice(0, 3);
  };
  expect(await limits(0.9)).toEqual([4, 3, 2]);
  await server.close();
  expect(await limits(0.1)).toEqual([4, 6, 8]);
});

test("a member that fails ends with its error, the others of its batch have their answers", async () => {
  const script = (n: number): Script =>
    n === 2 ? { misbehaves: { kind: "status", status: 400, body: "too long" } } : {};
  const { requests, info } = await benchBatches(await inputFor({ batch_size: 3, timeout_s: 1 }, { script }));
  const failed = requests.filter(({ status }) => status === "error");
  expect(failed).toHaveLength(1);
  expect(failed[0]).toMatchObject({ error: "HTTP 400: too long", outputTokens: 0, batchId: 1 });
  expect(failed[0]!.lastTokenNs).toBeUndefined();
  expect(info.client).toMatchObject({ failures: { http_4xx: 1 } });
  expect(info.valid!.ok).toBe(false);
});

test("without the server's memory nothing is sent", async () => {
  const input = await inputFor({}, { metrics: () => undefined });
  await expect(benchBatches(input)).rejects.toThrow(
    /\/metrics answered with HTTP 404, which shows the memory that a batch/,
  );
  await server.close();
  const other = await inputFor({}, { metrics: () => "up 1\n" });
  await expect(benchBatches(other)).rejects.toThrow(/\/metrics has no vllm:kv_cache_usage_perc/);
  expect(server.received).toHaveLength(0);
});

test("metrics that stop answering in the run cost no request its answer", async () => {
  let readings = 0;
  const metrics = (): string | undefined => (readings++ < 2 ? kvMetrics(0.1) : undefined);
  const { requests, info } = await benchBatches(await inputFor({ batch_size: 3, timeout_s: 1 }, { metrics }));
  expect(requests.map(({ status }) => status)).toEqual(Array(9).fill("ok"));
  expect(info.notes!.join()).toMatch(/the server's KV usage could not be read \d+ times/);
});

test("an interrupted run keeps the batches that had ended", async () => {
  const abort = new AbortController();
  const stopped = await benchBatches(
    await inputFor(
      { batch_size: 3, timeout_s: 1 },
      { script: () => ({ firstMs: 5 }) },
      {
        signal: abort.signal,
        onProgress: (ended) => {
          if (ended === 3) abort.abort();
        },
      },
    ),
  ).catch((error: unknown) => error);
  if (!(stopped instanceof RunInterrupted)) throw new Error(`the run was not interrupted: ${String(stopped)}`);
  expect(stopped.run!.requests.map(({ status }) => status)).toEqual(Array(3).fill("ok"));
  expect(stopped.run!.info.valid!.reasons[0]).toBe("the run was stopped before its end");
});
