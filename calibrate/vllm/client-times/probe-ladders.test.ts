/** Closed forms of probes that were sent to engines of known costs. */
import type { VllmEngineCost } from "../../../formats/index.js";
import { recordEngine, type KnownRequest } from "../../../test/support/recorded-engine.js";
import { loadLinearSolver, type LinearSolver } from "../../fit/numerics/index.js";
import { decodeLadder, prefillLadder } from "./probe-ladders.js";
import type { RecordedRun } from "../recording/index.js";

const launch = { base_ns: 100_000, request_ns: 0, lead: 0.1 };
/** What steps take is the GPU's time, but for a few microseconds. */
const cost: VllmEngineCost = {
  kind: "vllm_engine",
  gpu: {
    decode_base_ns: 8e6,
    decode_padded_token_ns: 200_000,
    context_token_ns: 500,
    prefill_base_ns: 9e6,
    prefill_padded_token_ns: 300_000,
    attention_pair_ns: 200,
  },
  host: {
    schedule: { base_ns: 1000, request_ns: 0 },
    update: { base_ns: 1000, request_ns: 0 },
    launch_full_graph: launch,
    launch_piecewise: launch,
    launch_no_graph: launch,
    launch_lead: 0.1,
    copy_ns: 1000,
    send_ns: 1000,
    take_request_ns: 1000,
    wake_ns: 1000,
    empty_step_sleep_ns: 1e6,
  },
};
const decodeFactors: [number, number][] = [
  [1, 1],
  [2, 1.3],
  [4, 1],
  [16, 1],
];

function probed(given: VllmEngineCost, settings: Readonly<Record<string, unknown>> = {}): RecordedRun {
  const sent: KnownRequest[] = [];
  let arrivalMs = 10;
  const group = (probe: string, count: number, promptTokens: number, outputTokens: number): void => {
    for (let k = 0; k < count; k++) sent.push({ arrivalMs, promptTokens, outputTokens, probe });
    arrivalMs += 5000;
  };
  for (const batch of [1, 2, 4, 16]) group(`decode-b${batch}-c16`, batch, 16, 32);
  for (const context of [200, 400]) group(`decode-b4-c${context}`, 4, context, 32);
  for (const length of [16, 64, 200, 400, 600, 800, 1000]) group(`prefill-p${length}-o1`, 1, length, 1);
  return recordEngine({ cost: given, settings: { enforce_eager: true, async_scheduling: false, ...settings } }, sent, { name: "probes" }); // prettier-ignore
}

let solver: LinearSolver;
beforeAll(async () => {
  solver = await loadLinearSolver();
});

test("decode steps on a line give the line, and no factors", () => {
  const { line, factors, growsFourfold } = decodeLadder([probed(cost)], solver)!;
  const [base, token, context] = line;
  expect([base / 8e6, token / 200_000, context / 500].map((ratio) => Math.round(10 * ratio) / 10)).toEqual([1, 1, 1]);
  expect([factors, growsFourfold]).toEqual([undefined, false]);
});

test("steps off the line have factors, between which the measured times lie again; with CUDA graphs none", () => {
  const given = { ...cost, gpu: { ...cost.gpu, decode_factors: decodeFactors } };
  const { line, factors } = decodeLadder([probed(given)], solver)!;
  for (const [tokens, factor] of decodeFactors) {
    const found = factors!.find(([at]) => at === tokens)![1] * (line[0] + line[1] * tokens);
    expect(Math.abs(found / (factor * (8e6 + 200_000 * tokens)) - 1)).toBeLessThan(0.05);
  }
  const graphs = probed(given, { enforce_eager: false, cudagraph_capture_sizes: [1, 2, 4, 8, 16] });
  expect(decodeLadder([graphs], solver)!.factors).toBeUndefined();
});

test("a ladder that grows fourfold is recognised", () => {
  const given = { ...cost, gpu: { ...cost.gpu, decode_padded_token_ns: 2e6 } };
  expect(decodeLadder([probed(given)], solver)!.growsFourfold).toBe(true);
});

test("lone prefills tell tokens from pairs", () => {
  const { tokenNs, pairNs } = prefillLadder([probed(cost)], solver)!;
  expect(Math.abs(tokenNs / 300_000 - 1)).toBeLessThan(0.02);
  expect(Math.abs(pairNs! / 200 - 1)).toBeLessThan(0.05);
});

test("without probes there is nothing to tell", () => {
  const { run, ...rest } = probed(cost);
  const nameless = { ...rest, run: { ...run, requests: run.requests.map((request) => ({ ...request, extra: {} })) } };
  expect([decodeLadder([nameless], solver), prefillLadder([nameless], solver)]).toEqual([undefined, undefined]);
});
