/** A jump over decodes leaves the measured range as its steps one by one do; what old profiles' steps were measured on. */
import fc from "fast-check";
import { extrapolationOf, measuredSteps, RangeUse, type MeasuredRange } from "./range-use.js";

const ranges: fc.Arbitrary<MeasuredRange> = fc.record({
  batch: fc.constantFrom<[number, number]>([1, 4], [3, 100]),
  step_tokens: fc.constantFrom<[number, number] | undefined>([2, 6], undefined),
  context_tokens: fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 60, max: 120 })),
});

test("a jump over decodes counts as its steps one by one, on both sides of the range and across its ends", () => {
  let crossing = 0;
  fc.assert(
    fc.property(
      ranges,
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 0, max: 900 }),
      fc.integer({ min: 1, max: 150 }),
      fc.record({ firstNs: fc.integer({ min: 1, max: 1e7 }), incrementNs: fc.nat(1000) }),
      (range, requests, contextTokens, rounds, { firstNs, incrementNs }) => {
        const [jump, steps] = [new RangeUse(range), new RangeUse(range)];
        jump.decodes(requests, contextTokens, rounds, { firstNs, incrementNs, steps: rounds });
        for (let round = 0; round < rounds; round++) {
          const shape = {
            scheduledRequests: requests,
            scheduledTokens: requests,
            decodeRequests: requests,
            decodeContextTokens: contextTokens + round * requests,
            prefillRequests: 0,
            prefillTokens: 0,
            prefillContextTokens: 0,
            prefillAttentionPairs: 0,
          };
          steps.step(shape, firstNs + round * incrementNs);
        }
        const extrapolation = extrapolationOf([{ rangeUse: jump }]);
        expect(extrapolation).toEqual(extrapolationOf([{ rangeUse: steps }]));
        if (extrapolation.of.some(({ quantity, share }) => quantity === "context_tokens" && share < 1)) crossing++;
      },
    ),
    { numRuns: 1000, seed: 20_261_126 },
  );
  expect(crossing).toBeGreaterThan(100);
});

describe("steps of a profile that does not state how far they were measured", () => {
  const range = { batch: [1, 128], prompt_tokens: [1, 3500], context_tokens: [1, 3564] } as const;
  const measured = (
    change: Partial<Record<keyof typeof range, readonly [number, number]>>,
    settings: Record<string, unknown>,
  ): MeasuredRange =>
    measuredSteps({ range: { ...range, ...change }, engine: { settings } } as unknown as Parameters<
      typeof measuredSteps
    >[0]);

  it("reach to the token budget, and in pairs to the last chunk of the longest prompt", () => {
    // 2048 tokens after 1452 cached ones.
    const attention_pairs = [0, 2048 * 1452 + (2048 * 2049) / 2];
    expect(measured({}, { max_num_batched_tokens: 2048 })).toEqual({
      ...range,
      step_tokens: [1, 2048],
      prefill_tokens: [1, 2048],
      attention_pairs,
    });
  });

  it("reach no further than the longest prompts, as many as were together, make", () => {
    expect(measured({ batch: [1, 3], prompt_tokens: [1, 100] }, { max_num_batched_tokens: 2048 })).toMatchObject({
      step_tokens: [1, 300],
      prefill_tokens: [1, 300],
      attention_pairs: [0, (3 * (100 * 101)) / 2],
    });
    expect(measured({ batch: [1, 300], prompt_tokens: [1, 1] }, {})).toMatchObject({ step_tokens: [1, 300] });
  });
});
