import fc from "fast-check";
import { KvCache } from "./kv-cache.js";
import { roomy, prompt, Scenario } from "./scenario.fixture.js";
import { Sequence, type ReplayRequest } from "./sequence.js";

const limits = { ...roomy, prefixCaching: true, blockSize: 4, numGpuBlocks: 41 };

/** A cache, and a way to look up one more request in it. */
function cacheOf(requests: ReplayRequest[]): { kv: KvCache; lookUp: (request: ReplayRequest) => number } {
  const kv = new KvCache(limits, requests);
  const lookUp = (request: ReplayRequest): number => {
    const index = requests.push(request) - 1;
    return kv.lookUp(new Sequence(index, 0, request));
  };
  return { kv, lookUp };
}

function admitted(kv: KvCache, index: number, request: ReplayRequest): Sequence {
  const sequence = new Sequence(index, 0, request);
  kv.enter(sequence);
  const cached = kv.lookUp(sequence);
  expect(kv.canAdmit(sequence, sequence.known - cached, index)).toBe(true);
  kv.admit(sequence, sequence.known - cached);
  sequence.computed = sequence.known;
  return sequence;
}

describe("the KV cache", () => {
  it("matches prompts token by token, however their runs are cut", () => {
    const first: ReplayRequest = { promptTokens: 13, outputTokens: 1, content: [[1, 6], [2, 2], [2, 5]] }; // prettier-ignore
    const { kv, lookUp } = cacheOf([first]);
    admitted(kv, 0, first);
    const hits = (content: [number, number][]): number => {
      const promptTokens = content.reduce((sum, [, tokens]) => sum + tokens, 0);
      return lookUp({ promptTokens, outputTokens: 1, content });
    };
    expect(hits([[1, 3], [1, 3], [2, 9]])).toBe(12); // prettier-ignore
    expect(hits([[1, 6], [2, 3]])).toBe(8); // prettier-ignore
    expect(hits([[1, 5], [2, 9]])).toBe(4); // prettier-ignore
    expect(hits([[2, 12]])).toBe(0);
  });

  it("keeps no key once requests are forgotten and blocks are taken for others", () => {
    const requests: ReplayRequest[] = [
      prompt(1, 30, 9),
      { promptTokens: 30, outputTokens: 9, content: [[1, 18], [2, 12]] }, // prettier-ignore
      { promptTokens: 30, outputTokens: 9 },
    ];
    const { kv } = cacheOf(requests);
    const [first, second, blank] = requests.map((request, index) => admitted(kv, index, request)) as [Sequence, Sequence, Sequence]; // prettier-ignore
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
    const { lookUp } = cacheOf([]);
    expect(() => lookUp({ promptTokens: 9, outputTokens: 1, content: [[1, 2]] })).toThrow(
      "the content of request 0 ends before its 9 tokens",
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
          answer: Array.from({ length: request.outputTokens }, (_, at) => [1000 * (index + 1) + at, 1] as const),
        }));
        expect(new Scenario(scenario, named).run()).toEqual(new Scenario(scenario, requests).run());
      }),
      { numRuns: 100, seed: 11 },
    );
  });
});
