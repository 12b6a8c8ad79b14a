import { exponential, gamma, normal, stream, type Random } from "../../kernel/index.js";
import { predictionInterval, sampleDeviation, widthUncertainty } from "./prediction-interval.js";

const TRIALS = 4000;

const distributions: Readonly<Record<string, (random: Random) => number>> = {
  normal: (random) => 10 + normal(random),
  "normal about zero": (random) => normal(random),
  "log-normal, sigma 0.5": (random) => Math.exp(0.5 * normal(random)),
  "log-normal, sigma 1": (random) => Math.exp(normal(random)),
  "gamma of shape 4": (random) => gamma(random, 4),
  exponential: (random) => 1 + exponential(random),
};

/** Share of one more value in the interval of n. */
function coverage(draw: (random: Random) => number, n: number, name: string): number {
  const random = stream(`prediction-interval/${name}/${n}`);
  let inside = 0;
  for (let trial = 0; trial < TRIALS; trial++) {
    const [low, high] = predictionInterval(Array.from({ length: n }, () => draw(random)))!;
    const next = draw(random);
    if (low <= next && next <= high) inside++;
  }
  return inside / TRIALS;
}

test.each(Object.entries(distributions))("%s: nine of ten further values lie in the interval", (name, draw) => {
  const found = [5, 8, 12, 16, 19, 24, 30, 50].map((n) => [n, coverage(draw, n, name)] as const);
  for (const [n, share] of found) {
    expect(share).toBeGreaterThanOrEqual(0.88);
    // A steep lower edge is off the normal even on the logarithm: with few values the interval is then a little wide.
    expect(share).toBeLessThanOrEqual(name === "exponential" && n < 19 ? 0.94 : 0.92);
  }
});

test("of 19 values the interval is from the least to the greatest", () => {
  const values = Array.from({ length: 19 }, (_, i) => (i * 7) % 19);
  expect(predictionInterval(values)).toEqual([0, 18]);
});

test("equal values have an interval of no width, one value has none", () => {
  expect(predictionInterval([3, 3, 3])).toEqual([3, 3]);
  expect(predictionInterval([3])).toBeNull();
});

test("what is never negative is not predicted to be", () => {
  expect(predictionInterval([0, 0, 1, 0, 5])![0]).toBe(0);
  expect(predictionInterval([-1, 0, 1, 0, 5])![0]).toBeLessThan(0);
});

test("the width of few or far-tailed values is the less certain", () => {
  const random = stream("width");
  const normals = Array.from({ length: 2000 }, () => normal(random));
  const [few, many] = [normals.slice(0, 8), normals.slice(0, 50)];
  expect(widthUncertainty(few)).toBeGreaterThan(0.24);
  expect(widthUncertainty(many)).toBeLessThan(0.13);
  expect(widthUncertainty([...many, 20])).toBeGreaterThan(2 * widthUncertainty(many));
  expect(sampleDeviation(normals)).toBeCloseTo(1, 1);
});
