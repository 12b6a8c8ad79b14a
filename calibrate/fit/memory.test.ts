import { bentTruth, madeUpMeasurements } from "./made-up.js";
import { fitMemory } from "./memory.js";

const pass = madeUpMeasurements(bentTruth, { repeats: 1 }).map((m) => ({ ...m, kind: "memory" as const }));

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
