/** The scenes of shipped profiles: what was measured is where the profile says it is, and the model meets it as the profile says. */
import { loadProfile, shippedProfile } from "../inputs/index.js";
import { profileScene } from "./index.js";

const sceneOf = (name: string) => profileScene(shippedProfile(name), loadProfile(name));
const medianOf = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

test("of batches: every measured shape with its model, and the peaks of the memory pass", async () => {
  const { held_out, fit } = loadProfile("mini-cpu-2core");
  const { batches, heldOut, memory, notes } = await sceneOf("mini-cpu-2core");
  expect(batches).toHaveLength(held_out!.batch.points + fit!.batch.points);
  const error = medianOf(batches.map(({ modelNs, realNs }) => Math.abs(modelNs / realNs - 1)));
  expect(error).toBeCloseTo(fit!.batch.median_ape, 2);
  expect([memory.unit, memory.measured.length, heldOut, notes]).toEqual(["bytes", 9, [], []]);
  for (const { amount, modelled } of memory.measured) expect(Math.abs(modelled / amount - 1)).toBeLessThan(0.05);
  for (const { points } of memory.lines) expect(points.at(-1)!.amount).toBeGreaterThan(points[0]!.amount);
});

test("shapes are said to be held out where the rule of calibrations holds out as many as the profile says", async () => {
  const profile = loadProfile("mini-cpu-2core");
  const path = shippedProfile("mini-cpu-2core");
  const heldOutOf = async (points: number) => {
    const scored = { ...profile, held_out: { batch: { ...profile.held_out!.batch, points } } };
    return (await profileScene(path, scored)).batches.map(({ heldOut }) => heldOut);
  };
  const shapes = profile.held_out!.batch.points + profile.fit!.batch.points;
  const known: (boolean | undefined)[][] = [];
  for (let points = 1; points < shapes; points++) {
    const found = await heldOutOf(points);
    if (found.every((one) => one !== undefined)) known.push(found);
    else expect(found.every((one) => one === undefined)).toBe(true);
  }
  expect(known).toHaveLength(1);
  expect(known[0]!.filter(Boolean).length).toBeGreaterThan(2);
});

test("of a grid of whole batches: which shapes were held out is not known, so none is said to be", async () => {
  const { batches, memory } = await sceneOf("h100-gpt2-fp16");
  expect(batches.length).toBeGreaterThan(100);
  expect(batches.every((shape) => shape.heldOut === undefined)).toBe(true);
  expect([memory.measured.length, memory.lines.length]).toEqual([53, 5]);
});

test("of a server: blocks of recorded steps lie where their tokens say, and held-out runs give each statistic", async () => {
  const { batches, heldOut, memory } = await sceneOf("h100-llama-3.1-8b-vllm-0.26");
  expect(batches).toEqual([]);
  expect(new Set(heldOut.map(({ metric }) => metric))).toEqual(new Set(["ttft", "tpot", "e2el"]));
  expect([memory.unit, memory.limit, memory.measured.length]).toEqual(["KV blocks", 28_981, 250]);
  const off = memory.measured.filter(({ amount }) => amount > 500).map(({ amount, modelled }) => Math.abs(modelled / amount - 1)); // prettier-ignore
  expect(medianOf(off)).toBeLessThan(0.01);
  expect(memory.lines.map(({ points }) => points.at(-1)!.amount)).toEqual([128 * 16, 128 * 64, 128 * 256]);
});

test("measurements that are not beside the profile are said to be missing", async () => {
  const { batches, memory, notes } = await profileScene("/nowhere/p.json", loadProfile("mini-cpu-2core"));
  expect([batches, memory.measured]).toEqual([[], []]);
  expect(notes).toEqual(["The measurements (mini-cpu-2core.measurements.csv) are not beside the profile, so there are no measured points."]); // prettier-ignore
});
