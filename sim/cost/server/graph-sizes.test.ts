import { defaultCaptureSizes, GraphSizes, type StepShape } from "../index.js";

/** As recorded from a server with --max-num-seqs 128 --max-num-batched-tokens 2048, which says them itself. */
const RECORDED = [
  1, 2, 4, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128, 136, 144, 152, 160, 168, 176, 184, 192,
  200, 208, 216, 224, 232, 240, 248, 256,
];

/** Up to 0.30, and since. */
const earlier = { capturesMaxNumSeqs: false };
const later = { capturesMaxNumSeqs: true };

describe("the sizes captured by default", () => {
  it("are those of a recorded server with 128 slots", () => {
    expect(defaultCaptureSizes(128, 2048, earlier)).toEqual(RECORDED);
  });

  it("are 51 up to 512 for 1024 slots and a budget of 8192", () => {
    const sizes = defaultCaptureSizes(1024, 8192, earlier);
    expect([sizes.length, sizes.at(-1), sizes.at(-2)]).toEqual([51, 512, 496]);
  });

  it("go up to twice the slots", () => {
    expect(defaultCaptureSizes(1, 2048, earlier)).toEqual([1, 2]);
    expect(defaultCaptureSizes(3, 2048, earlier)).toEqual([1, 2, 4]);
    expect(defaultCaptureSizes(10, 2048, earlier)).toEqual([1, 2, 4, 8, 16]);
    expect(defaultCaptureSizes(130, 2048, earlier).at(-1)).toBe(256);
    expect(defaultCaptureSizes(136, 2048, earlier).at(-1)).toBe(272);
  });

  it("end with the token budget where that is the least", () => {
    expect(defaultCaptureSizes(128, 100, earlier).slice(-2)).toEqual([96, 100]);
    expect(defaultCaptureSizes(128, 96, earlier).slice(-2)).toEqual([88, 96]);
    expect(defaultCaptureSizes(128, 3, earlier)).toEqual([1, 2, 3]);
  });

  it("hold the slots themselves since vLLM 0.31, once and in order", () => {
    const added = (slots: number, budget = 2048): number[] => {
      const before = defaultCaptureSizes(slots, budget, earlier);
      return defaultCaptureSizes(slots, budget, later).filter((size) => !before.includes(size));
    };
    expect([added(100), added(12), added(6)]).toEqual([[100], [12], [6]]);
    expect([added(256), added(1024, 8192), added(128)]).toEqual([[], [], []]);
    expect(defaultCaptureSizes(12, 2048, later)).toEqual([1, 2, 4, 8, 12, 16, 24]);
    // Beyond the largest size there is none.
    expect(added(700, 8192)).toEqual([]);
  });
});

describe("a step", () => {
  const graphs = new GraphSizes(RECORDED, 128);

  it("is padded to the smallest size that holds it", () => {
    const padded = [1, 2, 3, 4, 5, 8, 9, 247, 249, 256].map((tokens) => graphs.paddedTokens(tokens));
    expect(padded).toEqual([1, 2, 4, 4, 8, 8, 16, 248, 256, 256]);
  });

  it("with more tokens than the largest size is computed as it is, without a graph", () => {
    expect([graphs.paddedTokens(257), graphs.paddedTokens(2048)]).toEqual([257, 2048]);
    expect([graphs.kind(257, false), graphs.kind(257, true)]).toEqual(["none", "none"]);
  });

  it("runs as one graph when it only decodes and its padded size is within the slots", () => {
    expect([graphs.kind(128, true), graphs.kind(121, true), graphs.kind(1, true)]).toEqual(["full", "full", "full"]);
    expect([graphs.kind(129, true), graphs.kind(128, false), graphs.kind(256, false)]).toEqual([
      "piecewise",
      "piecewise",
      "piecewise",
    ]);
    // 5 decodes are padded to 8, more than the 6 slots.
    expect(new GraphSizes(RECORDED, 6).kind(5, true)).toBe("piecewise");
  });

  it("counts a prompt's last token over an existing context as a decode since vLLM 0.31, and only that", () => {
    const step = (prefillTokens: number, promptRests: number): StepShape => ({
      scheduledRequests: 8,
      scheduledTokens: 8,
      decodeRequests: 8 - prefillTokens,
      decodeContextTokens: 80,
      prefillRequests: prefillTokens,
      prefillTokens,
      prefillContextTokens: 10 * promptRests,
      prefillAttentionPairs: 11 * prefillTokens,
      promptRests,
    });
    const since = new GraphSizes(RECORDED, 128, true);
    expect([graphs.isDecodes(step(0, 0)), graphs.isDecodes(step(2, 2))]).toEqual([true, false]);
    expect([since.isDecodes(step(0, 0)), since.isDecodes(step(2, 2)), since.isDecodes(step(2, 1))]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("has no graph where none is captured", () => {
    const eager = new GraphSizes([], 128);
    expect([eager.paddedTokens(1), eager.paddedTokens(77), eager.kind(1, true)]).toEqual([1, 77, "none"]);
  });

  it("finds its size whatever the order of those given", () => {
    const shuffled = new GraphSizes([16, 4, 8], 128);
    expect([1, 4, 5, 16, 17].map((tokens) => shuffled.paddedTokens(tokens))).toEqual([4, 4, 8, 16, 17]);
  });
});
