import { arenaBytes } from "../../sim/cost/index.js";
import { bentTruth, syntheticMeasurements } from "./synthetic-measurements.fixture.js";
import { fitMemory } from "./memory.js";

const pass = syntheticMeasurements(bentTruth, { repeats: 1 }).map((m) => ({ ...m, kind: "memory" as const }));

test("bytes per token held come back from the peaks", async () => {
  const { terms, worstErrorFraction, warnings } = await fitMemory(pass, 5e8);
  expect(terms).toEqual([{ basis: "kv_tokens", coefficient_bytes: 100_000 }]);
  expect(worstErrorFraction).toBeLessThan(1e-3);
  expect(warnings).toEqual([]);
});

test("what the first batch takes once is a base term", async () => {
  const { terms } = await fitMemory(pass, 4.9e8);
  expect(terms).toContainEqual({ basis: "base", coefficient_bytes: 10_000_000 });
});

test("without a memory pass there are no terms, and a warning", async () => {
  const { terms, warnings } = await fitMemory([], 5e8);
  expect(terms).toEqual([]);
  expect(warnings).toHaveLength(1);
});

describe("an arena that grows in regions of up to 1 GiB and gives nothing back", () => {
  const baseBytes = 800 * 2 ** 20;
  let heldBytes = 0;
  const recorded = syntheticMeasurements(bentTruth, {
    batchSizes: [1, 8, 32, 64, 128],
    promptTokens: [8, 64, 256],
    decodeSteps: [96],
    repeats: 1,
  })
    .sort((a, b) => a.promptTokens - b.promptTokens || a.batchSize - b.batchSize)
    .map((m, order) => {
      const needed = 5e8 + 2e5 * m.batchSize * (m.promptTokens + 97);
      heldBytes = Math.max(heldBytes, arenaBytes(needed, 2 ** 30));
      return { ...m, order, kind: "memory" as const, peakRssBytes: baseBytes + heldBytes };
    });

  it("is recognised without knowing what lies outside it, and unseen peaks are predicted", async () => {
    const isHeldOut = ({ batchSize }: { readonly batchSize: number }): boolean => batchSize === 64;
    const fit = await fitMemory(recorded, undefined, { isHeldOut });
    expect(fit.arenaRegionBytes).toBe(2 ** 30);
    expect(fit.baseBytes).toBe(baseBytes);
    expect(fit.worstErrorFraction).toBeLessThan(0.01);
    expect(fit.heldOutErrorFraction).toBeLessThan(0.1);
  });
});
