import { normal, stream } from "../../kernel/index.js";
import { warmUpCount } from "./warm-up.js";

const noise = (count: number, at: (index: number) => number): Float64Array => {
  const random = stream("warm-up/0/test");
  return Float64Array.from({ length: count }, (_, index) => at(index) + 0.1 * normal(random));
};

test("nothing much is cut where there is no start-up", () => {
  expect(warmUpCount(noise(2000, () => 5))).toBeLessThan(200);
});

test("a start-up is cut, with little of what follows", () => {
  const cut = warmUpCount(noise(2000, (index) => (index < 300 ? index / 60 : 5)));
  expect(cut).toBeGreaterThanOrEqual(250);
  expect(cut).toBeLessThan(500);
});

test("of a series that grows to its end, half is cut", () => {
  expect(warmUpCount(Float64Array.from({ length: 1000 }, (_, index) => index))).toBe(500);
});

test("equal values and series too short for a batch are left whole", () => {
  expect(warmUpCount(new Float64Array(100).fill(3))).toBe(0);
  expect(warmUpCount(Float64Array.of(9, 1, 1))).toBe(0);
  expect(warmUpCount(new Float64Array(0))).toBe(0);
});
