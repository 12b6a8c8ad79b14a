import { readFileSync } from "node:fs";
import { profileSchema, type EngineJitter, type VllmEngineCost } from "../../../formats/index.js";
import { ASSUMED_RUN_SPREAD, atPace, atRunPace, hostPace, runFactor } from "./host-pace.js";

const file = new URL("../../../profiles/h100-llama-3.1-8b-vllm-0.26.json", import.meta.url);
const profile = profileSchema.parse(JSON.parse(readFileSync(file, "utf8")));
const cost = profile.cost as VllmEngineCost;

const spreadOf = (jitter: EngineJitter): number => {
  const logs = Array.from({ length: 2000 }, (_, k) => Math.log(runFactor(jitter, `run ${k}`)));
  return Math.sqrt(logs.reduce((sum, log) => sum + log * log, 0) / logs.length);
};

test("a run has one pace, spread as measured, or as assumed where that is not known", () => {
  expect(spreadOf({ host_states: [], run_spread: 0.2 })).toBeCloseTo(0.2, 1.6);
  expect(spreadOf({ host_states: [], run_spread: null })).toBeCloseTo(ASSUMED_RUN_SPREAD, 1.9);
  expect(runFactor({ host_states: [], run_spread: 0 }, "x")).toBe(1);
});

test("a pace is the host's and the front end's, not the GPU's, the copy's nor that of vLLM's pause", () => {
  const slow = atPace(cost, 2);
  expect(slow.gpu).toEqual(cost.gpu);
  const { host, front_end: frontEnd } = cost;
  expect(slow.host.schedule.request_ns).toBe(2 * host.schedule.request_ns);
  expect(slow.host.launch_no_graph).toMatchObject({
    base_ns: 2 * host.launch_no_graph.base_ns,
    lead: host.launch_no_graph.lead,
  });
  expect([slow.host.send_ns, slow.host.copy_ns]).toEqual([2 * host.send_ns, host.copy_ns]);
  expect(slow.host.empty_step_sleep_ns).toBe(host.empty_step_sleep_ns);
  expect(slow.front_end!.chunk_ns).toBe(2 * frontEnd!.chunk_ns);
  expect(slow.front_end!.request_hops).toBe(frontEnd!.request_hops);
  expect(slow.jitter!.output_stall!.mean_ns).toBe(2 * cost.jitter!.output_stall!.mean_ns);
  const recency = { share: 0.1, memory_ns: 60e6 };
  expect(atPace({ ...cost, host: { ...host, launch_recency: recency } }, 2).host.launch_recency).toEqual(recency);
});

test("where the model runs on the host's own cores, its steps have the pace, too", () => {
  const factors: [number, number][] = [[1, 1], [2, 1.4]]; // prettier-ignore
  const { gpu } = cost;
  const slow = atPace({ ...cost, gpu: { ...gpu, on_host: true, decode_factors: factors } }, 2);
  expect(slow.gpu).toMatchObject({
    on_host: true,
    decode_base_ns: 2 * gpu.decode_base_ns,
    prefill_padded_token_ns: 2 * gpu.prefill_padded_token_ns,
    decode_factors: factors,
  });
  expect(slow.host.copy_ns).toBe(cost.host.copy_ns);
});

test("at a run's pace nothing is left to draw of it", () => {
  const known = atRunPace(profile, 1.3).cost as VllmEngineCost;
  expect([known.host.pace, known.jitter!.run_spread]).toEqual([1.3, 0]);
});

test("the path of the pace has the quantiles that it is given, over their mean", () => {
  const quantiles: [number, number][] = [
    [0, 0.5],
    [0.5, 1],
    [1, 2.5],
  ];
  const path = hostPace({ quantiles, states: [{ share: 0.3, memory_ns: 10 }, { share: 0.1, memory_ns: 200 }] }, "path"); // prettier-ignore
  const sorted = Array.from({ length: 40_000 }, (_, k) => path.at(25 * k)).sort((a, b) => a - b);
  expect(sorted[20_000]! * 1.25).toBeCloseTo(1, 1);
  expect(sorted[0]! * 1.25).toBeGreaterThanOrEqual(0.5);
  expect(sorted.at(-1)! * 1.25).toBeLessThanOrEqual(2.5);
});
