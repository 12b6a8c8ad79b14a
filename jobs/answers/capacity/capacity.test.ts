import { ConfigError, loadSchema, parseGoodput, parseSlos, type Goals } from "../../../formats/index.js";
import { readProfile } from "../../../formats/files/index.js";
import { ProfileCost } from "../../../sim/index.js";
import { findCapacity, type CapacityFound, type CapacityOptions } from "./capacity.js";
import type { Deployment } from "../run/deployment.js";
import { readSource, type Vary } from "../load/load-source.js";

const profile = readProfile("profiles/mini-cpu-2core.json");

interface Asked {
  readonly policy?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly load?: object;
  readonly vary?: Vary;
  readonly goals: Goals;
  readonly options?: CapacityOptions;
}

const fixed = { dataset_name: "fixed", input_len: 20, output_len: 10 };
/** How long a request takes that is served alone, ms. */
const aloneMs = (() => {
  const { prefillNs, decodeNs } = new ProfileCost(profile).batch({ rows: 1, promptTokens: 20, outputTokens: 10 });
  return (prefillNs + decodeNs) / 1e6;
})();

/** By default requests are served one at a time, each in the same time. */
async function capacity(asked: Asked): Promise<CapacityFound> {
  const { policy = "naive", settings = { batch_size: 1, timeout_s: 0.01 }, vary = "request_rate", goals } = asked;
  const load = loadSchema.parse({ ...fixed, num_prompts: 1000, ...asked.load });
  const source = await readSource(load, undefined, vary);
  const deployment: Deployment = {
    policy: { name: policy, settings },
    profile,
    load,
    source,
    vary,
    goals,
    seed: "1",
    jitter: undefined,
    engine: "fast",
    replicas: 1,
    router: "round-robin",
  };
  return findCapacity(deployment, { replications: 8, workers: 1, ...asked.options });
}

const meanBelow = (ms: number): Goals => ({ slos: parseSlos(`mean_e2el:${ms}`) });

test("evenly spaced requests, served one by one, can come as fast as they are served", async () => {
  const { value, interval, slo, pilot } = await capacity({
    load: { arrivals: "constant" },
    goals: meanBelow(10 * aloneMs),
  });
  expect((value * aloneMs) / 1e3).toBeCloseTo(1, 1);
  expect(pilot.fullPerS! * aloneMs).toBeCloseTo(1e3, 0);
  expect(interval![1] / interval![0] - 1).toBeLessThan(0.002);
  expect(["sustained", "mean_e2el"]).toContain(slo);
});

test("Poisson arrivals, served one by one, may wait as long as the formula of M/D/1 says", async () => {
  // Waiting on the mean as long as one service takes: rho / (2 (1 - rho)) = 1.
  const { value, interval, slo } = await capacity({
    load: { num_prompts: 4000 },
    goals: meanBelow(2 * aloneMs),
    options: { workers: 2 },
  });
  const exactPerS = (2 / 3) * (1e3 / aloneMs);
  expect(Math.abs(value / exactPerS - 1)).toBeLessThan(0.03);
  expect(interval![0]).toBeLessThan(exactPerS);
  expect(interval![1]).toBeGreaterThan(exactPerS);
  expect(slo).toBe("mean_e2el");
});

test("runs grow until chance moves the answer by less than asked for", async () => {
  const goals = meanBelow(2 * aloneMs);
  const coarse = await capacity({ load: { num_prompts: undefined }, goals, options: { workers: 1, precision: 0.3 } });
  const fine = await capacity({ load: { num_prompts: undefined }, goals, options: { workers: 1, precision: 0.05 } });
  expect(coarse.chance).toBeLessThanOrEqual(0.3);
  expect(fine.chance).toBeLessThanOrEqual(0.05);
  expect(fine.count).toBeGreaterThan(coarse.count);
});

test("as many clients are allowed as the goal lets each of them wait for", async () => {
  const { value, interval } = await capacity({ vary: "max_concurrency", goals: meanBelow(5.5 * aloneMs) });
  expect(value).toBe(4);
  expect(interval).toEqual([4, 4]);
});

test("a goal that no load meets is said to be one, with the best that there is", async () => {
  const found = await capacity({ goals: meanBelow(aloneMs / 2) });
  expect(found).toMatchObject({ value: 0, slo: "mean_e2el", binding: null });
  expect(found.atValue[0]!.worst.ratio).toBeGreaterThan(1);
});

test("low loads that miss the goal, since batches wait for their timeout, are reported", async () => {
  const { value, notes } = await capacity({
    settings: { batch_size: 4, timeout_s: 5 },
    goals: meanBelow(500),
  });
  expect(value).toBeGreaterThan(0);
  expect(notes).toEqual(
    expect.arrayContaining([expect.stringMatching(/^low loads miss the goals too: at .* mean_e2el is/)]),
  );
});

test("a share of requests within limits is a goal, too, and is met at the answer", async () => {
  const goals = { slos: [], goodput: parseGoodput(`e2el:${6 * aloneMs}`, 0.9) };
  const { value, evidence } = await capacity({ goals });
  expect(value).toBeGreaterThan(0);
  expect(evidence[0]!.statistics.goodput_share).toBeGreaterThan(0.88);
  expect(evidence[0]!.statistics.goodput_share).toBeLessThan(0.92);
});

test("twice the batch size is found to be what helps", async () => {
  const { binding, value } = await capacity({
    settings: { batch_size: 4, timeout_s: 0.01 },
    goals: meanBelow(8 * aloneMs),
  });
  expect(binding).toMatchObject({ resource: "seats", next: { change: "batch_size 8" } });
  expect(value * binding!.next!.factor).toBeGreaterThan(1.03 * value);
});

test("the answer does not depend on the number of threads", async () => {
  const goals = { slos: parseSlos("p95_ttft:60") };
  const asked = { policy: "vllm", settings: { max_num_seqs: 16 }, load: { num_prompts: 300 }, goals };
  const one = await capacity({ ...asked, options: { workers: 1, curve: true } });
  const two = await capacity({ ...asked, options: { workers: 2, curve: true } });
  expect(two).toEqual(one);
  expect(one.evidence.length).toBeGreaterThan(8);
});

test("a run too short for a percentile is rejected with the number that it takes", async () => {
  const goals = { slos: parseSlos("p99.9_ttft:60") };
  await expect(capacity({ goals })).rejects.toThrow(ConfigError);
  await expect(capacity({ goals })).rejects.toThrow(
    "--num-prompts: 1000 requests, too few to show p99.9_ttft <= 60 ms: it takes at least 3688",
  );
});

test("requests that could never be served are named", async () => {
  const asked = { policy: "vllm", settings: { max_model_len: 16 }, goals: meanBelow(100) };
  await expect(capacity(asked)).rejects.toThrow(
    /1000 of 1000 requests cannot be served at any load: request 0: .*max_model_len/,
  );
});

test.each([
  [{ request_rate: 5 }, "request_rate", /--request-rate 5: servesim finds this value/],
  [{ max_concurrency: 5 }, "max_concurrency", /--max-concurrency 5: servesim finds this value/],
  [{ request_rate: 5 }, "max_concurrency", /closed loops, leave out --request-rate/],
  [{ ramp_up_strategy: "linear", ramp_up_start_rps: 1, ramp_up_end_rps: 2 }, "request_rate", /leave the ramp-up out/],
] as const)("a load of %j with --vary %s contradicts the question", async (load, vary, message) => {
  await expect(capacity({ load, vary, goals: meanBelow(100) })).rejects.toThrow(message);
});

describe("clients that think", () => {
  const think = { think_time_s: 10 };

  test("limit the rate where they are few: twice of them would send twice as much", async () => {
    const load = { max_concurrency: 4, think_time_s: 10, num_prompts: 400 };
    const { value, binding } = await capacity({ load, goals: meanBelow(5 * aloneMs) });
    // Each of them sends no more than one request in 10 s.
    expect(value).toBeLessThan(0.4);
    expect(binding).toMatchObject({ resource: "clients", next: { change: "max_concurrency 8" } });
    expect(binding!.next!.factor).toBeGreaterThan(1.5);
  });

  test("do not limit it where the server does", async () => {
    const load = { max_concurrency: 1000, num_prompts: 1000 };
    const { binding } = await capacity({ load, goals: meanBelow(5 * aloneMs) });
    expect(binding!.resource).not.toBe("clients");
  });

  test("of whom the server takes as many as are tried, nothing of the server is the limit", async () => {
    const { binding, notes } = await capacity({ load: think, vary: "max_concurrency", goals: meanBelow(1e6) });
    expect(binding).toBeNull();
    expect(notes.join()).toMatch(/up to the most that was tried, \d+ clients, who do not reach a limit of the server/);
  });
});
