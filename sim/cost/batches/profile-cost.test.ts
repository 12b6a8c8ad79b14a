import { ConfigError, type Profile, type StaticBatchCost } from "../../../formats/index.js";
import { extrapolationNotes, extrapolationOf, ProfileCost, stepCostOf, type BatchCost } from "../index.js";

const prefill: StaticBatchCost["prefill"] = [
  { basis: "base", coefficient_ns: 10_000 },
  { basis: "tokens", coefficient_ns: 100 },
];
const decode_step: StaticBatchCost["decode_step"] = [
  { basis: "base", coefficient_ns: 4000 },
  { basis: "rows", coefficient_ns: 50 },
  { basis: "context_tokens", coefficient_ns: 1 },
];

/** A profile with round coefficients; `cost` and `memory` replace parts. */
function profile(change: { cost?: Partial<StaticBatchCost>; memory?: Partial<Profile["memory"]> } = {}): Profile {
  const score = { points: 1, median_ape: 0, p90_ape: 0 };
  return {
    version: 1,
    name: "round",
    source: "made up",
    machine: {},
    model: {
      name: "m",
      layers: 1,
      width: 1,
      heads: 1,
      vocab: 1,
      positions: 1024,
      parameters: 1,
      dtype: "fp32",
    },
    engine: { name: "onnxruntime-cpu", version: "1", settings: {} },
    cost: { kind: "static_batch", prefill, decode_step, dispatch_ns: 7, cold_start_ns: 1e6, ...change.cost },
    memory: {
      total_bytes: 1e6,
      base_bytes: 1000,
      terms: [
        { basis: "rows", coefficient_bytes: 10 },
        { basis: "kv_tokens", coefficient_bytes: 1 },
      ],
      kv_bytes_per_token: 1,
      arena_keeps_peak: false,
      ...change.memory,
    },
    range: { batch: [1, 8], prompt_tokens: [4, 100], context_tokens: [4, 200] },
    fit: { batch: score },
  };
}

const shape = { rows: 2, promptTokens: 10, outputTokens: 3 };

describe("a batch", () => {
  it("costs its prefill, then a step for every token after the first and the dispatch", () => {
    // 10000 + 100 * 20. Two steps of 4000 + 50 * 2 that read 2 * 10, then 2 * 11 tokens, and 7.
    expect(new ProfileCost(profile()).batch(shape)).toMatchObject({ prefillNs: 12_000, decodeNs: 4120 + 4122 + 7 });
  });

  it("of one output token decodes nothing", () => {
    expect(new ProfileCost(profile()).batch({ ...shape, outputTokens: 1 }).decodeNs).toBe(7);
  });

  it("is answered in whole nanoseconds", () => {
    const cost = new ProfileCost(profile({ cost: { prefill: [{ basis: "rows", coefficient_ns: 0.3 }] } }));
    expect(cost.batch({ ...shape, rows: 5 }).prefillNs).toBe(2);
  });

  it("peaks at base, terms and the KV of all tokens", () => {
    // 1000 + 10 * 2 + 2 * 13
    expect(new ProfileCost(profile()).batch(shape).peakBytes).toBe(1046);
  });
});

test("steps of the same profile cost what they cost inside a batch", () => {
  const made = profile({ cost: { dispatch_ns: 0 } });
  const rules = { capturesMaxNumSeqs: true, promptRestIsDecode: true };
  const steps = stepCostOf(made, { coldStart: false, maxNumSeqs: 8, maxNumBatchedTokens: 64, rules });
  const none = { prefillRequests: 0, prefillTokens: 0, prefillContextTokens: 0, prefillAttentionPairs: 0 };
  const stepNs = (contextTokens: number): number =>
    steps.gpuNs({
      ...none,
      scheduledRequests: 2,
      scheduledTokens: 2,
      decodeRequests: 2,
      decodeContextTokens: contextTokens,
    });
  expect(stepNs(20) + stepNs(22)).toBe(new ProfileCost(made).batch(shape).decodeNs);
});

describe("the cold start", () => {
  it("is paid by the first batch only, when asked for", () => {
    const cost = new ProfileCost(profile(), { coldStart: true });
    expect([cost.batch(shape).prefillNs, cost.batch(shape).prefillNs]).toEqual([1_012_000, 12_000]);
  });

  it("is not paid unless asked for", () => {
    expect(new ProfileCost(profile()).batch(shape).prefillNs).toBe(12_000);
  });
});

describe("the memory of an arena", () => {
  const peaks = (arena_keeps_peak: boolean): number[] => {
    const cost = new ProfileCost(profile({ memory: { arena_keeps_peak } }));
    return [2, 8, 2].map((rows) => cost.batch({ ...shape, rows }).peakBytes);
  };

  it("is not given back where it keeps its peak", () => {
    expect(peaks(true)).toEqual([1046, 1184, 1184]);
  });

  it("follows each batch where it does not", () => {
    expect(peaks(false)).toEqual([1046, 1184, 1046]);
  });
});

describe("what lies beyond the measured range", () => {
  it("is silent inside", () => {
    const cost = new ProfileCost(profile());
    cost.batch({ rows: 8, promptTokens: 100, outputTokens: 101 });
    cost.batch({ rows: 1, promptTokens: 4, outputTokens: 1 });
    expect(extrapolationOf([cost])).toEqual({ share: 0, of: [] });
  });

  it("is reported by side, with the share of the time and in words", () => {
    const cost = new ProfileCost(profile());
    const time = ({ prefillNs, decodeNs }: BatchCost): number => prefillNs + decodeNs;
    const largeNs = [9, 10].map((rows) => time(cost.batch({ rows, promptTokens: 100, outputTokens: 102 })));
    const shortNs = time(cost.batch({ rows: 1, promptTokens: 3, outputTokens: 2 }));
    const insideNs = time(cost.batch({ rows: 8, promptTokens: 100, outputTokens: 101 }));
    const totalNs = largeNs[0]! + largeNs[1]! + shortNs + insideNs;
    const [large, short] = [(largeNs[0]! + largeNs[1]!) / totalNs, shortNs / totalNs];
    const extrapolation = extrapolationOf([cost]);
    expect(extrapolation).toEqual({
      share: (largeNs[0]! + largeNs[1]! + shortNs) / totalNs,
      of: [
        { quantity: "batch", side: "above", measured_to: 8, asked: 10, share: large },
        { quantity: "prompt_tokens", side: "below", measured_to: 4, asked: 3, share: short },
        { quantity: "context_tokens", side: "above", measured_to: 200, asked: 201, share: large },
      ],
    });
    expect(extrapolationNotes(extrapolation)).toEqual([
      expect.stringMatching(
        /^extrapolated for \d+\.\d % of the time, .*: up to 10 requests at once \(measured to 8; .* %\), down to 3 tokens of a prompt \(measured from 4; .*\), up to 201 context/,
      ),
    ]);
  });
});

test("the profile of a vLLM engine has no costs of whole batches", () => {
  const perStep = { base_ns: 1, request_ns: 0 };
  const gpu = {
    decode_base_ns: 1,
    decode_padded_token_ns: 1,
    context_token_ns: 1,
    prefill_base_ns: 1,
    prefill_padded_token_ns: 1,
    attention_pair_ns: 1,
  };
  const host = {
    schedule: perStep,
    update: perStep,
    launch_full_graph: perStep,
    launch_piecewise: perStep,
    launch_no_graph: perStep,
    launch_lead: 0,
    copy_ns: 1,
    send_ns: 1,
    take_request_ns: 1,
    wake_ns: 1,
    empty_step_sleep_ns: 1,
  };
  const engine: Profile = { ...profile(), cost: { kind: "vllm_engine", gpu, host } };
  expect(() => new ProfileCost(engine)).toThrow(ConfigError);
  expect(() => new ProfileCost(engine)).toThrow('profile "round" has costs of the steps of a vLLM engine');
});
