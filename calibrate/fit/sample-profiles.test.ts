import { ConfigError, type CostTerm, type Profile } from "../../formats/index.js";
import { readProfile } from "../../formats/files/index.js";
import { bentTruth, madeUpMeasurements } from "./made-up.js";
import { sampleProfiles } from "./sample-profiles.js";
import { fitStaticBatch } from "./static-batch.js";

const shipped = readProfile("profiles/h100-gpt2-fp32.json");

async function fittedProfile(): Promise<Profile> {
  const { cost, uncertainty } = await fitStaticBatch(madeUpMeasurements(bentTruth, { noiseFraction: 0.03 }), {
    seed: "1",
  });
  return { ...shipped, cost, uncertainty };
}

function stepTerms({ cost }: Profile): readonly CostTerm[] {
  if (cost.kind !== "static_batch") throw new Error(`costs are ${cost.kind}`);
  return cost.decode_step;
}

test("samples have the same terms, other coefficients, and lie about the estimate", async () => {
  const profile = await fittedProfile();
  const samples = sampleProfiles(profile, 100, "1");
  expect(samples).toHaveLength(100);
  stepTerms(profile).forEach((term, i) => {
    const drawn = samples.map((sample) => stepTerms(sample)[i]!);
    expect(new Set(drawn.map(({ coefficient_ns }) => coefficient_ns)).size).toBeGreaterThan(20);
    const [low, high] = term.ci95_ns!;
    const inside = drawn.filter(({ coefficient_ns: ns }) => ns >= low * 0.999 && ns <= high * 1.001);
    expect(inside.length).toBeGreaterThanOrEqual(85);
    for (const { basis, upto } of drawn) expect({ basis, upto }).toEqual({ basis: term.basis, upto: term.upto });
  });
});

test("the same seed draws the same profiles, another seed others", async () => {
  const profile = await fittedProfile();
  expect(sampleProfiles(profile, 5, "1")).toEqual(sampleProfiles(profile, 5, "1"));
  expect(sampleProfiles(profile, 5, "1")).not.toEqual(sampleProfiles(profile, 5, "2"));
});

test("a profile that keeps no draws is refused by name", () => {
  const certain = Object.fromEntries(Object.entries(shipped).filter(([key]) => key !== "uncertainty")) as Profile;
  expect(() => sampleProfiles(certain, 3, "1")).toThrow(ConfigError);
  expect(() => sampleProfiles(certain, 3, "1")).toThrow('profile "h100-gpt2-fp32" says nothing of its uncertainty');
});
