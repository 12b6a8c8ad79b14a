import type { Workload, WorkloadRequest } from "../formats/index.js";
import { planBatchPolicy, simulate, type Machine } from "../sim/index.js";
import type { Clock } from "./clock.js";
import { drive, RunInterrupted, type BatchOutcome, type DriveInput } from "./drive.js";
import { validity } from "./validity.js";

const MS = 1_000_000;
const ORIGIN_NS = 5_000 * MS;
const machine: Machine = { totalBytes: 100, baseBytes: 10, kvBytesPerToken: 1, positions: 1024 };

/** A clock that moves only when somebody waits: to the earliest moment waited for, once nothing else is left to do. */
class ManualClock implements Clock {
  private timeNs = ORIGIN_NS;
  private readonly waits = new Set<{ timeNs: number; resolve: () => void }>();

  nowNs = (): number => this.timeNs;

  until = (timeNs: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const wait = { timeNs, resolve };
      this.waits.add(wait);
      signal.addEventListener("abort", () => {
        this.waits.delete(wait);
        resolve();
      });
      setImmediate(() => {
        this.advance();
      });
    });

  private advance(): void {
    const next = [...this.waits].sort((a, b) => a.timeNs - b.timeNs)[0];
    if (next === undefined) return;
    this.waits.delete(next);
    this.timeNs = Math.max(this.timeNs, next.timeNs);
    next.resolve();
  }
}

/** Hardware where a batch of B takes 10 + 5 B ms, its first token after 4 ms. */
function hardware(clock: ManualClock): DriveInput["runBatch"] {
  return async (work): Promise<BatchOutcome> => {
    const startNs = clock.nowNs();
    await clock.until(startNs + (10 + 5 * work.requests.length) * MS, new AbortController().signal);
    return { firstTokenNs: startNs + 4 * MS, peakBytes: 20 };
  };
}

function requests(count: number, arrivalMs?: (index: number) => number): WorkloadRequest[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `r${index}`,
    promptTokens: 3,
    outputTokens: 5,
    ...(arrivalMs === undefined ? {} : { arrivalNs: arrivalMs(index) * MS }),
  }));
}

const loads: [string, Workload][] = [
  ["a closed loop", { requests: requests(23), maxConcurrency: 5, thinkNs: 0 }],
  ["a closed loop with think time", { requests: requests(11), maxConcurrency: 3, thinkNs: 7 * MS }],
  ["an open loop", { requests: requests(17, (i) => 13 * i), maxConcurrency: Infinity, thinkNs: 0 }],
  ["both combined", { requests: requests(17, (i) => 2 * i), maxConcurrency: 4, thinkNs: 0 }],
];

describe.each(["naive", "dynamic"])("%s driven on the real clock", (name) => {
  const plan = planBatchPolicy(name, { batch_size: 4, timeout_s: 0.02 }, { source: "test" });

  test.each(loads)(
    "decides and records as in the simulator when hardware costs what the model says: %s",
    async (_, workload) => {
      const clock = new ManualClock();
      const input = { workload, clock, totalBytes: 100, runBatch: hardware(clock), policy: plan.create(machine) };
      const real = await drive(input);
      const simulated = simulate({
        workload,
        policy: plan.create(machine),
        cost: {
          totalBytes: 100,
          batch: ({ rows }) => ({ prefillNs: 4 * MS, decodeNs: (6 + 5 * rows) * MS, peakBytes: 20 }),
        },
      });
      expect(real.requests).toEqual(simulated.requests);
      expect(real.batches).toEqual(simulated.batches);
    },
  );
});

const naive = planBatchPolicy("naive", { batch_size: 2, timeout_s: 0.02 }, { source: "test" });

test("a batch that fails ends its requests with the error, and the run goes on", async () => {
  const clock = new ManualClock();
  const runs = hardware(clock);
  const result = await drive({
    workload: { requests: requests(6), maxConcurrency: 2, thinkNs: 0 },
    clock,
    totalBytes: 100,
    policy: naive.create(machine),
    runBatch: async (work) => {
      if (work.id === 2) throw new Error("out of memory");
      return runs(work);
    },
  });
  expect(result.requests.map(({ status }) => status)).toEqual(["ok", "ok", "error", "error", "ok", "ok"]);
  expect(result.requests[2]!.error).toBe("out of memory");
  expect(result.requests[2]!.lastTokenNs).toBeUndefined();
  expect(validity(result.requests, result.sendLagsNs)).toEqual({
    ok: false,
    reasons: ["2 requests failed, the first with: out of memory"],
  });
});

test("an abort stops the run after the batch under way, and says how far it came", async () => {
  const clock = new ManualClock();
  const abort = new AbortController();
  const run = drive({
    workload: { requests: requests(6), maxConcurrency: 2, thinkNs: 0 },
    clock,
    totalBytes: 100,
    policy: naive.create(machine),
    runBatch: hardware(clock),
    signal: abort.signal,
    onProgress: (ended) => {
      if (ended === 2) abort.abort();
    },
  });
  await expect(run).rejects.toThrow(RunInterrupted);
  await expect(run).rejects.toThrow("stopped after 2 of 6 requests");
  const { finished } = (await run.catch((error: unknown) => error)) as RunInterrupted;
  expect(finished.requests.map(({ requestId, status }) => [requestId, status])).toEqual([
    ["r0", "ok"],
    ["r1", "ok"],
  ]);
  expect(finished.batches).toHaveLength(1);
});

test("an abort in mid-batch keeps the batch's answers and gives up what waited", async () => {
  const clock = new ManualClock();
  const abort = new AbortController();
  const runs = hardware(clock);
  const run = drive({
    workload: { requests: requests(6), maxConcurrency: 4, thinkNs: 0 },
    clock,
    totalBytes: 100,
    policy: naive.create(machine),
    signal: abort.signal,
    runBatch: (work) => {
      if (work.id === 2) abort.abort();
      return runs(work);
    },
  });
  const stopped = await run.then(
    () => undefined,
    (error: unknown) => error as RunInterrupted,
  );
  expect(stopped!.message).toBe("stopped after 4 of 6 requests");
  expect(stopped!.finished.requests.map(({ status }) => status)).toEqual(Array(4).fill("ok"));
  expect(stopped!.finished.batches).toHaveLength(2);
});

test("a client whose sending delay has a P99 above 5 ms makes a run invalid", () => {
  expect(validity([], [0, 1 * MS, 4 * MS])).toEqual({ ok: true, reasons: [] });
  const lagging = validity([], [0, 0, 9 * MS]);
  expect(lagging.ok).toBe(false);
  expect(lagging.reasons[0]).toMatch(/^the client lagged: P99 of the sending delay is 8.8 ms/);
});
