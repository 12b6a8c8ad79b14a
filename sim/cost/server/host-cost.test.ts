import type { EngineJitter, VllmEngineCost } from "../../../formats/index.js";
import { GraphSizes } from "./graph-sizes.js";
import { VllmFrontEndCost, VllmHostCost } from "./host-cost.js";
import { jitterFactors, meanFactors, type Factors } from "../draws/jitter-draws.js";
import type { StepShape } from "../step-cost.js";

const wide = {
  quantiles: [
    [0, 0.5],
    [0.5, 1],
    [1, 2.5],
  ] as [number, number][],
};

const jitter: EngineJitter = {
  schedule: wide,
  update: wide,
  launch_full_graph: wide,
  launch_piecewise: wide,
  launch_no_graph: wide,
  gpu: wide,
  request: wide,
  output: wide,
  host_states: [{ share: 0.5, memory_ns: 20e6 }],
  output_stall: { token_probability: 0.1, mean_ns: 5e6 },
  run_spread: 0,
};

const host: VllmEngineCost["host"] = {
  schedule: { base_ns: 100_000, request_ns: 1000 },
  update: { base_ns: 50_000, request_ns: 500 },
  launch_full_graph: { base_ns: 2e6, request_ns: 0, lead: 0.5 },
  launch_piecewise: { base_ns: 6e6, request_ns: 10_000, lead: 0.3 },
  launch_no_graph: { base_ns: 9e6, request_ns: 0 },
  launch_lead: 0.1,
  copy_ns: 76_000,
  send_ns: 90_000,
  take_request_ns: 9000,
  wake_ns: 60_000,
  empty_step_sleep_ns: 1e6,
};

const frontEnd: NonNullable<VllmEngineCost["front_end"]> = {
  accept_ns: 100_000,
  request_ns: 300_000,
  request_token_ns: 100,
  request_hops: 6,
  request_hop_ns: 50_000,
  request_hop_gap_ns: 20_000,
  output_ns: 400_000,
  output_token_ns: 30_000,
  chunk_ns: 10_000,
  first_chunk_ns: 50_000,
  delivery_ns: 200_000,
  first_wait_token_ns: 20_000,
};

function step(scheduledTokens: number, prefillTokens: number): StepShape {
  const scheduledRequests = prefillTokens > 0 ? 1 : scheduledTokens;
  return {
    scheduledRequests,
    scheduledTokens,
    decodeRequests: prefillTokens > 0 ? 0 : scheduledRequests,
    decodeContextTokens: 0,
    prefillRequests: prefillTokens > 0 ? 1 : 0,
    prefillTokens,
    prefillContextTokens: 0,
    prefillAttentionPairs: 0,
  };
}

const names = ["schedule", "update", "launch_full_graph", "launch_piecewise", "launch_no_graph", "gpu", "request", "output"] as const; // prettier-ignore
const drawsOf = (factors: Factors, count: number): number[][] =>
  Array.from({ length: count }, (_, k) => [
    ...names.map((name) => factors[name].next(5e6 * k)),
    factors.stalls.next(1),
  ]);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

test("the same name draws the same factors, another name others", () => {
  const draws = drawsOf(jitterFactors(jitter, "1/0/jitter"), 50);
  expect(drawsOf(jitterFactors(jitter, "1/0/jitter"), 50)).toEqual(draws);
  expect(drawsOf(jitterFactors(jitter, "2/0/jitter"), 50)).not.toEqual(draws);
});

test("what one kind of time draws does not shift what another does", () => {
  const [one, two] = [jitterFactors(jitter, "x"), jitterFactors(jitter, "x")];
  for (let k = 0; k < 10; k++) one.gpu.next(0);
  expect(one.schedule.next(0)).toBe(two.schedule.next(0));
  expect(one.launch_full_graph.next(0)).toBe(two.launch_full_graph.next(0));
});

test("every factor has mean 1, and being held up its own mean", () => {
  const draws = drawsOf(jitterFactors(jitter, "means"), 40_000);
  names.forEach((_, at) => {
    expect(Math.abs(mean(draws.map((row) => row[at]!)) - 1)).toBeLessThan(0.04);
  });
  expect(Math.abs(mean(draws.map((row) => row.at(-1)!)) / 0.5e6 - 1)).toBeLessThan(0.05);
});

test("an output is held up the likelier the more tokens it has", () => {
  const factors = jitterFactors(jitter, "held up");
  const heldUp = (tokens: number): number =>
    mean(Array.from({ length: 20_000 }, () => Number(factors.stalls.next(tokens) > 0)));
  expect(Math.abs(heldUp(1) - 0.1)).toBeLessThan(0.01);
  expect(Math.abs(heldUp(20) - (1 - 0.9 ** 20))).toBeLessThan(0.01);
});

test("half of the chunks and the first ones are written after an output is reported", () => {
  const cost = new VllmFrontEndCost(frontEnd, meanFactors(undefined));
  const restNs = (chunks: number, firstTokens: number): number => cost.restNs({ tokens: 9, chunks, firstTokens });
  expect([restNs(0, 0), restNs(6, 0), restNs(6, 2)]).toEqual([0, 30_000, 130_000]);
});

test("at a shared pace all times of the host are slow together, each about it on its own, and the GPU not at all", () => {
  const states = [{ share: 1, memory_ns: 50e6 }];
  const factors = jitterFactors({ pace: { ...wide, states }, gpu: wide, host_states: [], run_spread: 0 }, "shared");
  const times = [0, 1e6, 1e9, 1e6];
  const paces = times.map((atNs) => factors.schedule.next(atNs));
  expect(new Set(paces).size).toBe(2 + Number(paces[1] !== paces[0]));
  for (const name of ["update", "launch_full_graph", "launch_no_graph", "request", "output"] as const) {
    expect(times.map((atNs) => factors[name].next(atNs))).toEqual(paces);
  }
  const own = jitterFactors({ pace: { ...wide, states }, schedule: wide, host_states: [], run_spread: 0 }, "shared");
  expect(times.map((atNs) => own.update.next(atNs))).toEqual(paces);
  expect(own.schedule.next(0)).not.toBe(own.schedule.next(0));
  const everywhere = Array.from({ length: 20_000 }, (_, k) => factors.update.next(20e6 * k));
  expect(Math.abs(mean(everywhere) - 1)).toBeLessThan(0.03);
});

test("without jitter every time is its mean, that of being held up too", () => {
  const steady = new VllmFrontEndCost(frontEnd, meanFactors(jitter));
  const job = { tokens: 2, chunks: 2, firstTokens: 1 };
  // 2 tokens of 30 + 10 us, one of them a first chunk.
  expect(steady.outputNs(job, 0)).toBe(400_000 + 2 * 40_000 + 50_000 + 0.19 * 5e6);
  expect([steady.requestNs(1000, 0), steady.hopNs(0), steady.hopGapNs(0)]).toEqual([400_000, 50_000, 20_000]);
  expect(new VllmFrontEndCost(frontEnd, meanFactors(undefined)).outputNs(job, 0)).toBe(530_000);
  const sampled = new VllmFrontEndCost(frontEnd, jitterFactors(jitter, "output"));
  const outputs = Array.from({ length: 40_000 }, (_, k) => sampled.outputNs(job, 5e6 * k));
  expect(Math.abs(mean(outputs) / steady.outputNs(job, 0) - 1)).toBeLessThan(0.04);
});

test("a launch costs by the kind of its step, and lets the GPU begin after its own part", () => {
  const cost = new VllmHostCost(host, new GraphSizes([1, 2, 4, 8, 16], 8), meanFactors(jitter));
  const [decodes, piecewise, eager] = [step(3, 0), step(12, 12), step(100, 100)];
  expect([decodes, piecewise, eager].map((one) => cost.launchNs(one, 0))).toEqual([2e6, 6.01e6, 9e6]);
  expect([decodes, piecewise, eager].map((one) => cost.leadNs(one, 1e6))).toEqual([0.5e6, 0.3e6, 0.1e6]);
  expect([cost.scheduleNs(step(8, 0), 0), cost.updateNs(8, 0)]).toEqual([108_000, 54_000]);
});

test("the first requests of a step, and those that prefill, may take longer each", () => {
  const first_requests = { upto: 4, request_ns: 500 };
  const more = { ...host, schedule: { ...host.schedule, first_requests, prefill_request_ns: 50_000 }, update: { ...host.update, first_requests } }; // prettier-ignore
  const cost = new VllmHostCost(more, new GraphSizes([1, 2, 4, 8, 16], 8), meanFactors(undefined));
  expect([cost.scheduleNs(step(2, 0), 0), cost.scheduleNs(step(8, 0), 0)]).toEqual([103_000, 110_000]);
  expect(cost.scheduleNs(step(12, 12), 0)).toBe(101_500 + 50_000);
  expect([cost.updateNs(2, 0), cost.updateNs(8, 0)]).toEqual([52_000, 56_000]);
});

test("launches of prefills are shorter soon after one without graphs, those of decodes never", () => {
  const recent = { ...host, launch_recency: { share: 0.2, memory_ns: 60e6 } };
  const cost = new VllmHostCost(recent, new GraphSizes([1, 2, 4, 8, 16], 8), meanFactors(undefined));
  const [decodes, piecewise, eager] = [step(3, 0), step(12, 12), step(100, 100)];
  expect([cost.launchNs(piecewise, 0), cost.launchNs(eager, 0)]).toEqual([6.01e6, 9e6]);
  expect(cost.launchNs(eager, 60e6)).toBe(Math.round(9e6 * (1 - 0.2 / Math.E)));
  expect(cost.launchNs(decodes, 61e6)).toBe(2e6);
  expect(cost.launchNs(piecewise, 60e6)).toBe(Math.round(6.01e6 * 0.8));
});

test("a GPU that finds kernels one by one ends later than either clock alone, with a graph after the later", () => {
  const soft = { ...host, launch_no_graph: { ...host.launch_no_graph, lead: 0, overlap_power: 2 } };
  const cost = new VllmHostCost(soft, new GraphSizes([1, 2, 4, 8, 16], 8), meanFactors(undefined));
  expect(cost.idleSpanNs(step(100, 100), 3e6, 4e6)).toBe(5e6);
  expect(cost.idleSpanNs(step(100, 100), 3e6, 0)).toBe(3e6);
  expect(cost.idleSpanNs(step(12, 12), 3e6, 4e6)).toBe(0.3 * 3e6 + 4e6);
  // Decodes without graphs have a closed form, and none of a soft end.
  expect(cost.idleSpanNs(step(100, 0), 3e6, 4e6)).toBe(4e6);
});
