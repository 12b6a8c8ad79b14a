import type { CostTerm, Profile } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { costDrawCount, withCostDraw } from "../../sim/index.js";
import { bentTruth, syntheticMeasurements } from "./synthetic-measurements.fixture.js";
import { fitStaticBatch } from "./static-batch.js";

const shipped = readProfile("profiles/h100-gpt2-fp32.json");

async function fittedProfile(): Promise<Profile> {
  const { cost, uncertainty } = await fitStaticBatch(syntheticMeasurements(bentTruth, { noiseFraction: 0.03 }), {
    seed: "1",
  });
  return { ...shipped, cost, uncertainty };
}

function stepTerms({ cost }: Profile): readonly CostTerm[] {
  if (cost.kind !== "static_batch") throw new Error(`costs are ${cost.kind}`);
  return cost.decode_step;
}

test("draws of a fit have the same terms, other coefficients, and lie about the estimate", async () => {
  const profile = await fittedProfile();
  expect(costDrawCount(profile)).toBe(100);
  const samples = Array.from({ length: 100 }, (_, draw) => withCostDraw(profile, draw));
  stepTerms(profile).forEach((term, i) => {
    const drawn = samples.map((sample) => stepTerms(sample)[i]!);
    expect(new Set(drawn.map(({ coefficient_ns }) => coefficient_ns)).size).toBeGreaterThan(20);
    const [low, high] = term.ci95_ns!;
    const inside = drawn.filter(({ coefficient_ns: ns }) => ns >= low * 0.999 && ns <= high * 1.001);
    expect(inside.length).toBeGreaterThanOrEqual(85);
    for (const { basis, upto } of drawn) expect({ basis, upto }).toEqual({ basis: term.basis, upto: term.upto });
  });
});
