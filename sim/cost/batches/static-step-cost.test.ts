/** Costs of steps from a profile of whole batches: by hand, and the law of decodes against the steps it stands for. */
import fc from "fast-check";
import type { CostTerm, Profile, StaticBatchCost } from "../../../formats/index.js";
import { extrapolationOf } from "../range-use.js";
import { StaticStepCost } from "./static-step-cost.js";
import { stepShape } from "../step-shape.fixture.js";
import { decodeQuantities, sumTerms } from "../terms.js";

const round: StaticBatchCost = {
  kind: "static_batch",
  prefill: [
    { basis: "base", coefficient_ns: 10_000 },
    { basis: "tokens", coefficient_ns: 100 },
  ],
  decode_step: [
    { basis: "base", coefficient_ns: 4000 },
    { basis: "rows", coefficient_ns: 50 },
    { basis: "context_tokens", coefficient_ns: 1 },
  ],
  dispatch_ns: 7,
  cold_start_ns: 1e6,
};
const range: Profile["range"] = { batch: [1, 8], prompt_tokens: [4, 100], context_tokens: [4, 200] };

function costWith(change: Partial<StaticBatchCost> = {}, coldStart = false): StaticStepCost {
  return new StaticStepCost({ ...round, ...change }, range, { coldStart });
}

describe("a step on a profile of batches", () => {
  it("of decodes alone costs the sum of the decode terms", () => {
    expect(costWith().gpuNs(stepShape(2, 20))).toBe(4000 + 50 * 2 + 20);
  });

  it("of prompts alone costs a batch's prefill", () => {
    // 10000 + 100 * 20
    expect(costWith().gpuNs(stepShape(0, 0, [10, 10]))).toBe(12_000);
  });

  it("of both pays the larger base once", () => {
    // 10000 + 100 * 10 and 50 * 2 + 20.
    expect(costWith().gpuNs(stepShape(2, 20, [10]))).toBe(11_120);
  });

  it("takes at least a nanosecond", () => {
    const free: CostTerm[] = [{ basis: "base", coefficient_ns: 0 }];
    const cost = costWith({ prefill: free, decode_step: free });
    expect([cost.gpuNs(stepShape(1, 0)), cost.gpuNs(stepShape(0, 0, [5])), cost.gpuNs(stepShape(1, 0, [5]))]).toEqual([
      1, 1, 1,
    ]);
  });

  it("pays the cold start once, when asked for", () => {
    const cost = costWith({}, true);
    expect([cost.gpuNs(stepShape(1, 0)), cost.gpuNs(stepShape(1, 0))]).toEqual([1_004_050, 4050]);
    expect(costWith().gpuNs(stepShape(1, 0))).toBe(4050);
  });

  it("has a host that takes no time, and no front end", () => {
    const cost = costWith();
    const { host } = cost;
    const launchNs = host.launchNs(stepShape(3, 30), 0);
    expect([host.scheduleNs(stepShape(3, 30), 0), launchNs, host.leadNs(stepShape(3, 30), 0), host.updateNs(3, 0), host.copyNs, host.sendNs]).toEqual([0, 0, 0, 0, 0, 0]); // prettier-ignore
    expect(host.idleSpanNs(stepShape(3, 30), launchNs, 4050)).toBe(4050);
    expect(cost).not.toHaveProperty("frontEnd");
  });

  it("notes what lies beyond the measured range, each once", () => {
    const cost = costWith();
    cost.gpuNs(stepShape(6, 60, [3, 3, 3]));
    cost.gpuNs(stepShape(9, 90));
    expect(extrapolationOf([cost]).of.map(({ quantity, side, asked }) => [quantity, side, asked])).toEqual([
      ["batch", "above", 9],
    ]);
    cost.gpuNs(stepShape(1, 201, [101]));
    expect(extrapolationOf([cost]).of.slice(1)).toMatchObject([
      { quantity: "prompt_tokens", side: "above", measured_to: 100, asked: 101 },
      { quantity: "context_tokens", side: "above", measured_to: 200, asked: 201 },
    ]);
  });
});

const coefficient = fc.oneof(fc.integer({ min: 0, max: 50_000 }), fc.double({ min: 0, max: 5000, noNaN: true }));
const decodeTerm: fc.Arbitrary<CostTerm> = fc
  .record({
    basis: fc.constantFrom("base" as const, "rows" as const, "context_tokens" as const, "kv_tokens" as const),
    coefficient_ns: coefficient,
    from: fc.integer({ min: 1, max: 3000 }),
    width: fc.integer({ min: 1, max: 3000 }),
    clip: fc.constantFrom("none", "upto", "beyond", "both"),
  })
  .map(({ basis, coefficient_ns, from, width, clip }) => ({
    basis,
    coefficient_ns,
    ...(clip === "beyond" || clip === "both" ? { beyond: from } : {}),
    ...(clip === "upto" || clip === "both" ? { upto: from + width } : {}),
  }));
const laws = fc.record({
  terms: fc.array(decodeTerm, { minLength: 1, maxLength: 5 }),
  requests: fc.integer({ min: 1, max: 64 }),
  contextTokens: fc.integer({ min: 0, max: 5000 }),
  further: fc.nat(400),
});

describe("the law of decodes", () => {
  it("gives what the law asked at each of its steps gives", () => {
    fc.assert(
      fc.property(laws, ({ terms, requests, contextTokens, further }) => {
        const cost = costWith({ decode_step: terms });
        const { firstNs, incrementNs, steps } = cost.decodeLaw(requests, contextTokens);
        expect(steps).toBeGreaterThanOrEqual(1);
        const last = Math.min(further, steps - 1);
        for (const at of [0, Math.floor(last / 2), last]) {
          const askedNs = cost.decodeLaw(requests, contextTokens + at * requests).firstNs;
          expect(askedNs).toBe(firstNs + at * incrementNs);
        }
      }),
      { numRuns: 2000, seed: 20_251_124 },
    );
  });

  it("says the cost of a step of decodes", () => {
    fc.assert(
      fc.property(laws, ({ terms, requests, contextTokens }) => {
        const cost = costWith({ decode_step: terms });
        const gpuNs = cost.gpuNs(stepShape(requests, contextTokens));
        expect(gpuNs).toBe(cost.decodeLaw(requests, contextTokens).firstNs);
      }),
      { numRuns: 500, seed: 20_251_124 },
    );
  });

  it("differs from the terms' sum by rounding alone: half a ns, and half a ns per token of mean context", () => {
    fc.assert(
      fc.property(laws, ({ terms: drawn, requests, contextTokens }) => {
        // A base that outweighs what a term beyond a knot would be at no context.
        const terms: CostTerm[] = [{ basis: "base", coefficient_ns: 1e9 }, ...drawn];
        const { firstNs } = costWith({ decode_step: terms }).decodeLaw(requests, contextTokens);
        const exactNs = sumTerms(terms, decodeQuantities(requests, contextTokens));
        expect(Math.abs(firstNs - exactNs)).toBeLessThanOrEqual(2 + 0.5 * (contextTokens / requests));
      }),
      { numRuns: 500, seed: 20_251_124 },
    );
  });

  it("ends with the last step that starts before a knot of what it reads", () => {
    const knotted: CostTerm[] = [
      { basis: "base", coefficient_ns: 5000 },
      { basis: "context_tokens", coefficient_ns: 10, beyond: 100 },
    ];
    const cost = costWith({ decode_step: knotted });
    // Two requests: 20, 22, ..., 98 are below 100; at 100 the term begins to grow.
    expect(cost.decodeLaw(2, 20)).toEqual({ firstNs: 5000, incrementNs: 0, steps: 40 });
    expect(cost.decodeLaw(2, 100)).toEqual({ firstNs: 5000, incrementNs: 20, steps: Infinity });
    expect(cost.decodeLaw(2, 104)).toEqual({ firstNs: 5040, incrementNs: 20, steps: Infinity });
  });

  it("is continuous over its knots", () => {
    const knotted: CostTerm[] = [
      { basis: "base", coefficient_ns: 1000 },
      { basis: "context_tokens", coefficient_ns: 3, beyond: 50, upto: 90 },
    ];
    const cost = costWith({ decode_step: knotted });
    const timesNs = Array.from({ length: 60 }, (_, at) => cost.gpuNs(stepShape(1, 40 + at)));
    const gapsNs = timesNs.slice(1).map((ns, at) => ns - timesNs[at]!);
    expect([timesNs[0], Math.min(...gapsNs), Math.max(...gapsNs), timesNs.at(-1)]).toEqual([1000, 0, 3, 1120]);
  });
});
