/** Steps of a model with experts: concave in the batch, and by the tokens of all ranks that take one together. */
import type { Profile, VllmEngineCost } from "../../../formats/index.js";
import { DEFAULT_VERSION, rulesOf } from "../../policy/index.js";
import { decodeBaseNs } from "./gpu-step.js";
import { jointStep } from "./joint-step.js";
import { stepCostOf } from "../step-cost-of.js";
import type { StepShape } from "../step-cost.js";

const gpu: VllmEngineCost["gpu"] = {
  decode_base_ns: 9e6,
  decode_padded_token_ns: 0,
  context_token_ns: 0,
  prefill_base_ns: 0,
  prefill_padded_token_ns: 40_000,
  attention_pair_ns: 0,
  mixed_base_ns: 0,
  experts: { total: 128, active: 8, all_ns: 15e6 },
};

const still = { base_ns: 0, request_ns: 0 };

function stepNs(steps: readonly (StepShape | undefined)[]): number {
  const cost: VllmEngineCost = {
    kind: "vllm_engine",
    gpu,
    host: {
      schedule: still,
      update: still,
      launch_full_graph: still,
      launch_piecewise: still,
      launch_no_graph: still,
      launch_lead: 0,
      copy_ns: 0,
      send_ns: 0,
      take_request_ns: 0,
      wake_ns: 0,
      empty_step_sleep_ns: 0,
    },
  };
  const range = { batch: [1, 1], prompt_tokens: [1, 1], context_tokens: [1, 1] };
  const profile = { cost, range, engine: { settings: {} } } as unknown as Profile;
  const limits = { maxNumSeqs: 128, maxNumBatchedTokens: 2048, rules: rulesOf(DEFAULT_VERSION) };
  return stepCostOf(profile, { ...limits, coldStart: false }).gpuNs(jointStep(steps));
}

function shape(decodes: number, prefillTokens: number): StepShape {
  return {
    scheduledRequests: decodes + (prefillTokens > 0 ? 1 : 0),
    scheduledTokens: decodes + prefillTokens,
    decodeRequests: decodes,
    decodeContextTokens: 0,
    prefillRequests: prefillTokens > 0 ? 1 : 0,
    prefillTokens,
    prefillContextTokens: 0,
    prefillAttentionPairs: 0,
  };
}

it("a decode step grows with the batch, less and less, up to the reading of all experts", () => {
  const times = [1, 2, 4, 8, 16, 32, 64, 128, 256].map((tokens) => decodeBaseNs(gpu, tokens));
  const perToken = times.slice(1).map((ns, at) => (ns - times[at]!) / 2 ** at);
  expect(perToken.every((ns, at) => ns > 0 && (at === 0 || ns < perToken[at - 1]!))).toBe(true);
  expect(times[0]! / 1e6).toBeCloseTo(9 + 15 * (1 - Math.exp(-1 / 16)), 6);
  expect(times.at(-1)! / 1e6).toBeCloseTo(24, 4);
});

it("without experts it is a line, as before", () => {
  const dense = { ...gpu, decode_padded_token_ns: 10 };
  delete dense.experts;
  expect([1, 100].map((tokens) => decodeBaseNs(dense, tokens))).toEqual([9e6 + 10, 9e6 + 1000]);
});

describe("a step of two ranks", () => {
  it("reads the experts for the padded tokens of both, of the larger one twice", () => {
    // 17 decodes are padded to 24, on both.
    expect(stepNs([shape(17, 0), shape(3, 0)])).toBe(stepNs([shape(24, 0), shape(24, 0)]));
    expect(stepNs([shape(17, 0), undefined])).toBe(Math.round(decodeBaseNs(gpu, 24, 48)));
  });

  it("without a graph computes what each has, and nothing for padding", () => {
    expect(stepNs([shape(0, 1000), shape(10, 0)])).toBe(1010 * 40_000);
    // With one, both are as large.
    expect(stepNs([shape(0, 240), shape(10, 0)])).toBe(2 * 240 * 40_000);
  });
});
