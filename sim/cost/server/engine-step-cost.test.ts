/** Steps of a vLLM engine by hand: round coefficients, every expected number worked out in the comment beside it. */
import fc from "fast-check";
import type { Profile, VllmEngineCost } from "../../../formats/index.js";
import { EngineStepCost } from "./engine-step-cost.js";
import { extrapolationOf } from "../range-use.js";
import { GraphSizes } from "../index.js";
import type { StepShape } from "../step-cost.js";

const gpu: VllmEngineCost["gpu"] = {
  decode_base_ns: 6_000_000,
  decode_padded_token_ns: 9000,
  context_token_ns: 40,
  prefill_base_ns: 1_000_000,
  prefill_padded_token_ns: 20_000,
  attention_pair_ns: 0.5,
};
const host: VllmEngineCost["host"] = {
  schedule: { base_ns: 180_000, request_ns: 13_000 },
  update: { base_ns: 119_000, request_ns: 6000 },
  launch_full_graph: { base_ns: 3_500_000, request_ns: 17_000 },
  launch_piecewise: { base_ns: 12_000_000, request_ns: 0 },
  launch_no_graph: { base_ns: 28_000_000, request_ns: 0 },
  launch_lead: 0.25,
  copy_ns: 76_000,
  send_ns: 88_000,
  take_request_ns: 9000,
  wake_ns: 60_000,
  empty_step_sleep_ns: 1_000_000,
};
const front_end: NonNullable<VllmEngineCost["front_end"]> = {
  accept_ns: 0,
  request_ns: 300_000,
  request_token_ns: 100,
  request_hops: 6,
  request_hop_ns: 115_000,
  request_hop_gap_ns: 25_000,
  output_ns: 500_000,
  output_token_ns: 30_000,
  chunk_ns: 40_000,
  first_chunk_ns: 200_000,
  delivery_ns: 0,
  first_wait_token_ns: 0,
};
const range: Profile["range"] = { batch: [1, 128], prompt_tokens: [1, 2048], context_tokens: [1, 4096] };

function costWith(change: Partial<VllmEngineCost> = {}): EngineStepCost {
  return new EngineStepCost(
    { kind: "vllm_engine", gpu, host, ...change },
    range,
    new GraphSizes([1, 2, 4, 8, 16, 24, 32], 8),
  );
}

const none = { prefillRequests: 0, prefillTokens: 0, prefillContextTokens: 0, prefillAttentionPairs: 0 };

function decodes(requests: number, contextTokens: number): StepShape {
  return {
    ...none,
    scheduledRequests: requests,
    scheduledTokens: requests,
    decodeRequests: requests,
    decodeContextTokens: contextTokens,
  };
}

/** Decodes, and one chunk of `chunk` tokens after `cached` ones. */
function mixed(decoding: StepShape, chunk: number, cached: number): StepShape {
  return {
    ...decoding,
    scheduledRequests: decoding.scheduledRequests + 1,
    scheduledTokens: decoding.scheduledTokens + chunk,
    prefillRequests: 1,
    prefillTokens: chunk,
    prefillContextTokens: cached,
    prefillAttentionPairs: chunk * cached + (chunk * (chunk + 1)) / 2,
  };
}

describe("the GPU time of a step", () => {
  it("of decodes is the line's times the factor of its padded size, not so what it reads", () => {
    const decode_factors: [number, number][] = [
      [2, 1.5],
      [8, 1],
      [32, 2],
    ];
    const cost = costWith({ gpu: { ...gpu, decode_factors } });
    // (6000000 + 9000 * 2) * 1.5 + 40 * 100.
    expect(cost.gpuNs(decodes(2, 100))).toBe(9_031_000);
    // Half-way from 2 to 8 are 5, but 5 are padded to 8.
    expect(cost.gpuNs(decodes(5, 1000))).toBe(costWith().gpuNs(decodes(5, 1000)));
    // 16 lie a third of the way from 8 to 32: (6000000 + 9000 * 16) * 4 / 3.
    expect(cost.gpuNs(decodes(16, 0))).toBe(8_192_000);
    // A step that prefills has none.
    expect(cost.gpuNs(mixed(decodes(2, 100), 100, 0))).toBe(costWith().gpuNs(mixed(decodes(2, 100), 100, 0)));
  });

  it("of decodes grows with its padded size and what it reads", () => {
    // 5 are padded to 8: 6000000 + 9000 * 8 + 40 * 1000.
    expect(costWith().gpuNs(decodes(5, 1000))).toBe(6_112_000);
  });

  it("of a prompt's last token over a context is that of one more decode where vLLM counts it as one", () => {
    const rest = { ...mixed(decodes(4, 300), 1, 50), promptRests: 1 };
    const cost = new EngineStepCost({ kind: "vllm_engine", gpu, host }, range, new GraphSizes([1, 2, 4, 8], 8, true));
    const one = decodes(5, 350);
    expect(cost.gpuNs(rest)).toBe(cost.gpuNs(one));
    expect(cost.host.launchNs(rest, 0)).toBe(cost.host.launchNs(one, 0));
    expect(cost.host.launchNs(rest, 0)).not.toBe(costWith().host.launchNs(rest, 0));
  });

  it("of a long prefill is its own base and its padded tokens, and its pairs", () => {
    // 400 tokens, no graph: 1000000 + 20000 * 400 = 9000000 against 6000000 + 9000 * 400 = 9600000; 0.5 * 80200 pairs.
    expect(costWith().gpuNs(mixed(decodes(0, 0), 400, 0))).toBe(9_600_000 + 40_100);
    // 1000 tokens: 21000000 against 15000000; 0.5 * 500500 pairs.
    expect(costWith().gpuNs(mixed(decodes(0, 0), 1000, 0))).toBe(21_000_000 + 250_250);
  });

  it("of a short chunk beside decodes is what decoding so many padded tokens takes", () => {
    // 3 + 10 = 13 tokens, padded to 16: 1320000 against 6144000. Pairs 10 * 50 + 55, context 300 + 50.
    expect(costWith().gpuNs(mixed(decodes(3, 300), 10, 50))).toBe(6_144_000 + Math.round(0.5 * 555) + 40 * 350);
  });

  it("is a nanosecond at least", () => {
    const free = Object.fromEntries(Object.keys(gpu).map((key) => [key, 0])) as unknown as typeof gpu;
    const cost = costWith({ gpu: free });
    expect([cost.gpuNs(decodes(3, 30)), cost.gpuNs(mixed(decodes(0, 0), 10, 0))]).toEqual([1, 1]);
  });

  it("of decodes follows a law that holds at each of its steps", () => {
    const drawn = fc.record({
      requests: fc.integer({ min: 1, max: 64 }),
      contextTokens: fc.integer({ min: 0, max: 200_000 }),
      context_token_ns: fc.double({ min: 0, max: 200, noNaN: true }),
      decode_base_ns: fc.double({ min: 0, max: 1e7, noNaN: true }),
      at: fc.nat(5000),
    });
    fc.assert(
      fc.property(drawn, ({ requests, contextTokens, at, ...change }) => {
        const cost = costWith({ gpu: { ...gpu, ...change } });
        const { firstNs, incrementNs, steps } = cost.decodeLaw(requests, contextTokens);
        const read = contextTokens + at * requests;
        expect(steps).toBe(Infinity);
        expect([firstNs, incrementNs].every(Number.isSafeInteger)).toBe(true);
        expect(cost.decodeLaw(requests, read)).toEqual({ firstNs: firstNs + at * incrementNs, incrementNs, steps });
        expect(cost.gpuNs(decodes(requests, read))).toBe(firstNs + at * incrementNs);
      }),
      { numRuns: 1000, seed: 20_251_124 },
    );
  });
});

describe("the host's times", () => {
  const times = costWith().host;

  it("grow with the requests of the step", () => {
    expect([times.scheduleNs(decodes(10, 100), 0), times.updateNs(10, 0)]).toEqual([310_000, 179_000]);
  });

  it("of the launch depend on the graphs that run the step", () => {
    // Full up to the 8 slots, graphs between attention calls up to the largest size of 32.
    expect(times.launchNs(decodes(8, 80), 0)).toBe(3_500_000 + 8 * 17_000);
    expect(times.launchNs(decodes(9, 90), 0)).toBe(12_000_000);
    expect(times.launchNs(mixed(decodes(2, 20), 30, 0), 0)).toBe(12_000_000);
    expect(times.launchNs(mixed(decodes(2, 20), 31, 0), 0)).toBe(28_000_000);
  });

  it("let the GPU begin after a part of the launch", () => {
    expect(times.leadNs(decodes(1, 10), 12_000_001)).toBe(3_000_000);
  });

  it("are taken from the profile as they are otherwise", () => {
    const { copyNs, sendNs, takeRequestNs, wakeNs, emptyStepSleepNs } = times;
    expect([copyNs, sendNs, takeRequestNs, wakeNs, emptyStepSleepNs]).toEqual([76_000, 88_000, 9000, 60_000, 1_000_000]); // prettier-ignore
  });
});

describe("the front end", () => {
  it("is there when the profile has one", () => {
    expect(costWith().frontEnd).toBeUndefined();
    expect(costWith({ front_end }).frontEnd).toMatchObject({ hops: 6 });
  });

  it("takes longer for longer prompts, more tokens and first tokens", () => {
    const cost = costWith({ front_end }).frontEnd!;
    expect([cost.requestNs(1000, 0), cost.hopNs(0), cost.hopGapNs(0)]).toEqual([400_000, 115_000, 25_000]);
    // 500000 + (30000 + 40000) * 5 + 200000 * 2
    expect(cost.outputNs({ tokens: 5, chunks: 5, firstTokens: 2 }, 0)).toBe(1_250_000);
    // Those of three of them are of two outputs: 500000 + 30000 * 8 + 40000 * 5
    expect(cost.outputNs({ tokens: 8, chunks: 5, firstTokens: 0 }, 0)).toBe(940_000);
  });
});

test("steps beyond the measured range are reported, with their share of the GPU's time", () => {
  const cost = costWith();
  const insideNs = cost.gpuNs(decodes(128, 128 * 4096));
  expect(extrapolationOf([cost])).toEqual({ share: 0, of: [] });
  const beyondNs = cost.gpuNs(decodes(129, 129 * 4097)) + cost.gpuNs(decodes(130, 130 * 4098));
  const share = beyondNs / (insideNs + beyondNs);
  expect(extrapolationOf([cost])).toEqual({
    share,
    of: [
      { quantity: "batch", side: "above", measured_to: 128, asked: 130, share },
      { quantity: "context_tokens", side: "above", measured_to: 4096, asked: 4098, share },
    ],
  });
});
