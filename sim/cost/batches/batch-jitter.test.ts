import { batchJitter } from "./batch-jitter.js";

const noise = (repeat_quantiles: [number, number][]) => ({
  name: "p",
  noise: { residual_quantiles: [], repeat_spread: 0.1, repeat_quantiles },
});

test("factors have the quantiles of the repeats, and the same stream gives the same ones", () => {
  const profile = noise([
    [0.05, 0.9],
    [0.5, 1],
    [0.95, 1.3],
  ]);
  const [one, two] = [batchJitter(profile, "1/jitter"), batchJitter(profile, "1/jitter")];
  const factors = Array.from({ length: 4000 }, () => one());
  expect(factors.slice(0, 9)).toEqual(Array.from({ length: 9 }, () => two()));
  const sorted = factors.sort((a, b) => a - b);
  expect(sorted[0]).toBe(0.9);
  expect(sorted.at(-1)).toBe(1.3);
  expect(sorted[2000]).toBeCloseTo(1, 1);
  expect(sorted[3000]).toBeCloseTo(1 + (0.3 * 0.25) / 0.45, 1);
});

test("a profile that does not say how its repeats vary is rejected", () => {
  expect(() => batchJitter({ name: "old", noise: undefined }, "1")).toThrow('profile "old" does not say how');
  expect(() => batchJitter(noise([]), "1")).toThrow("simulate without jitter");
});
