import { ConfigError } from "../../../formats/index.js";
import { stream } from "../../kernel/index.js";
import { lognormalTokens, rangeTokens, sigmaOfCv, sigmaOfP99, uniformTokens, zipfTokens } from "./distributions.js";
import type { DrawTokens } from "./distributions.js";

const COUNT = 200_000;

function sample(draw: DrawTokens, count = COUNT): Float64Array {
  const random = stream("lengths");
  return Float64Array.from({ length: count }, () => draw(random)).sort();
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: Float64Array): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / values.length);
}

describe("lengths in a range", () => {
  it("are equally likely from floor(L(1-r)) to ceil(L(1+r))", () => {
    const values = sample(rangeTokens(10, 0.25));
    expect([values[0], values.at(-1)]).toEqual([7, 13]);
    for (let tokens = 7; tokens <= 13; tokens++) {
      expect(values.filter((value) => value === tokens).length / COUNT).toBeCloseTo(1 / 7, 2);
    }
    expect(new Set(sample(rangeTokens(1024, 0), 100))).toEqual(new Set([1024]));
  });

  it("are at least 1", () => {
    expect(sample(uniformTokens(0, 1), 100)[0]).toBe(1);
    expect(sample(rangeTokens(1, 0.999))[0]).toBe(1);
  });
});

describe("log-normal lengths", () => {
  it.each([0.3, 1])("have their mean and median for sigma %p", (sigma) => {
    const values = sample(lognormalTokens(1000, sigma));
    expect(mean(values) / 1000).toBeCloseTo(1, 1);
    expect(values[COUNT / 2]! / (1000 * Math.exp(-(sigma ** 2) / 2))).toBeCloseTo(1, 1);
    expect(values.every((tokens) => Number.isSafeInteger(tokens) && tokens >= 1)).toBe(true);
  });

  it("have the coefficient of variation that is asked for", () => {
    const values = sample(lognormalTokens(1000, sigmaOfCv(0.8)));
    expect(Math.abs(deviation(values) / mean(values) / 0.8 - 1)).toBeLessThan(0.03);
  });

  it("have the 99th percentile that is asked for", () => {
    const values = sample(lognormalTokens(500, sigmaOfP99(500, 3000)));
    expect(Math.abs(values[Math.ceil(0.99 * COUNT)]! / 3000 - 1)).toBeLessThan(0.03);
    expect(mean(values) / 500).toBeCloseTo(1, 1);
  });

  it("have no 99th percentile below the mean, or 15 times above it", () => {
    expect(() => sigmaOfP99(500, 500)).toThrow(ConfigError);
    expect(() => sigmaOfP99(500, 7500)).toThrow(/at most 7484; give sigma or cv/);
    expect(sigmaOfP99(500, 7480)).toBeLessThan(2.33);
  });
});

describe("Zipf lengths", () => {
  it.each([0.5, 1, 2])("follow k^-%p from 1 to the most", (exponent) => {
    const most = 50;
    const weights = Array.from({ length: most }, (_, at) => (at + 1) ** -exponent);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const values = sample(zipfTokens(exponent, most));
    expect([values[0], values.at(-1)]).toEqual([1, most]);
    for (const tokens of [1, 2, 10, 50]) {
      const share = values.filter((value) => value === tokens).length / COUNT;
      expect(Math.abs(share - weights[tokens - 1]! / total)).toBeLessThan(0.004);
    }
  });

  it("of at most 1 are 1", () => {
    expect(new Set(sample(zipfTokens(1, 1), 100))).toEqual(new Set([1]));
  });
});
