import fc from "fast-check";
import { KvCache } from "./kv-cache.js";
import { roomy, prompt, Scenario } from "./scenario.fixture.js";
import { Sequence, type ReplayRequest } from "./sequence.js";

const limits = { ...roomy, prefixCaching: true, blockSize: 4, numGpuBlocks: 41 };

function admitted(kv: KvCache, index: number, request: ReplayRequest): Sequence {
  const sequence = new Sequence(index, 0, request);
  const cached = kv.lookUp(sequence);
  expect(kv.canAdmit(sequence, sequence.known - cached, index)).toBe(true);
  kv.admit(sequence, sequence.known - cached);
  sequence.computed = sequence.known;
  return sequence;
}

describe("the KV cache", () => {
  it("matches prompts token by token, however their runs are cut", () => {
    const kv = new KvCache(limits);
    admitted(kv, 0, { promptTokens: 13, outputTokens: 1, content: [[1, 6], [2, 2], [2, 5]] }); // prettier-ignore
    const hits = (content: [number, number][]): number => {
      const promptTokens = content.reduce((sum, [, tokens]) => sum + tokens, 0);
      return kv.lookUp(new Sequence(1, 0, { promptTokens, outputTokens: 1, content }));
    };
    expect(hits([[1, 3], [1, 3], [2, 9]])).toBe(12); // prettier-ignore
    expect(hits([[1, 6], [2, 3]])).toBe(8); // prettier-ignore
    expect(hits([[1, 5], [2, 9]])).toBe(4); // prettier-ignore
    expect(hits([[2, 12]])).toBe(0);
  });

  it("keeps no key once requests are forgotten and blocks are taken for others", () => {
    const kv = new KvCache(limits);
    const first = admitted(kv, 0, prompt(1, 30, 9));
    const second = admitted(kv, 1, { promptTokens: 30, outputTokens: 9, content: [[1, 18], [2, 12]] }); // prettier-ignore
    const blank = admitted(kv, 2, { promptTokens: 30, outputTokens: 9 });
    // 7 full blocks; 4 of them shared, 3 of the second's own; 7 that nobody shares.
    expect(kv.pool.keys.live).toBe(7 + 3 + 7);
    for (const sequence of [first, second, blank]) {
      kv.release(sequence);
      kv.forget(sequence);
    }
    expect(kv.pool.keys.live).toBe(17);
    kv.pool.reset();
    expect(kv.pool.keys.live).toBe(0);
  });

  it("says which prompt it has no content for", () => {
    const kv = new KvCache(limits);
    expect(() => kv.lookUp(new Sequence(3, 0, { promptTokens: 9, outputTokens: 1, content: [[1, 2]] }))).toThrow(
      "the content of request 3 ends before its 9 prompt tokens",
    );
  });

  it("treats outputs without ids as outputs that nobody repeats", () => {
    const drawn = fc.record({
      family: fc.nat(2),
      shared: fc.nat(20),
      own: fc.integer({ min: 1, max: 20 }),
      outputs: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(drawn, { minLength: 1, maxLength: 10 }), fc.boolean(), (all, asyncScheduling) => {
        const requests = all.map(({ family, shared, own, outputs }, index): ReplayRequest => {
          const content = [[family, shared], [10 + index, own]] as const; // prettier-ignore
          return { promptTokens: shared + own, outputTokens: outputs, content };
        });
        const scenario = { ...limits, numGpuBlocks: 18, asyncScheduling };
        const named = requests.map((request, index) => ({
          ...request,
          outputToken: (position: number): number => 1000 * (index + 1) + position,
        }));
        expect(new Scenario(scenario, named).run()).toEqual(new Scenario(scenario, requests).run());
      }),
      { numRuns: 100, seed: 11 },
    );
  });
});
