import { resolve } from "node:path";
import { loadSchema } from "../formats/index.js";
import { readProfile } from "../formats/files/index.js";
import { planPolicy, simulateRun, workloadFromLengths, type SimulatedRunInput } from "../sim/index.js";
import { uncertaintyBands, withBands } from "./uncertainty.js";

const profile = readProfile(resolve("profiles/h100-gpt2-fp32.json"));
const load = loadSchema.parse({
  dataset_name: "random",
  random_input_len: 32,
  random_output_len: 16,
  num_prompts: 40,
  request_rate: 20,
});
/** All at once, so that batches are the same however long they take. */
const atOnce = { ...load, request_rate: undefined };

function input(change: Partial<SimulatedRunInput> = {}): SimulatedRunInput {
  const workload = workloadFromLengths(change.load ?? load, "1");
  const plan = planPolicy("naive", { batch_size: 4, timeout_s: 0.02 }, { source: "test" });
  return { plan, profile, workload, load, seed: "1", coldStart: false, ...change };
}

test("bands hold the statistic of the profile itself, are wider than a point and the same every time", () => {
  const one = uncertaintyBands(input(), 100);
  expect(uncertaintyBands(input(), 100)).toEqual(one);
  const [low, high] = one.bands.mean_e2el_ms!;
  const { summary } = simulateRun(input()).info;
  expect(low).toBeLessThan(high);
  expect(summary!.mean_e2el_ms).toBeGreaterThan(low);
  expect(summary!.mean_e2el_ms).toBeLessThan(high);
  expect(one.bands.completed).toEqual([40, 40]);
});

test("draws that all say the same give bands of no width, twice the coefficients twice the time", () => {
  const { cost } = profile;
  if (cost.kind !== "static_batch") throw new Error("the profile prices whole batches");
  const row = (factor: number) => ({
    prefill: [cost.prefill.map((term) => factor * term.coefficient_ns)],
    decode_step: [cost.decode_step.map((term) => factor * term.coefficient_ns)],
  });
  const mean = (factor: number) => {
    const uncertain = { ...profile, uncertainty: row(factor) };
    const [low, high] = uncertaintyBands(input({ profile: uncertain, load: atOnce }), 1).bands.mean_tpot_ms!;
    expect(low).toBe(high);
    return low;
  };
  expect(mean(2)).toBeCloseTo(2 * mean(1), 2);
});

test("a profile without draws, or with too few, is refused", () => {
  const bare = { ...profile };
  delete bare.uncertainty;
  expect(() => uncertaintyBands(input({ profile: bare }), 10)).toThrow("says nothing of its uncertainty");
  expect(() => uncertaintyBands(input(), 101)).toThrow("keeps 100 draws of its coefficients, 101 were asked for");
});

test("the bands are kept with the run", () => {
  const uncertainty = uncertaintyBands(input(), 5);
  expect(withBands(simulateRun(input()), uncertainty).info.uncertainty).toBe(uncertainty);
});
