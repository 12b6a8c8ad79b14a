import fc from "fast-check";
import { ConfigError } from "../../../formats/index.js";
import { stream } from "../../kernel/index.js";
import { arrivalTimesNs, type ArrivalProcess, type RampUp } from "../index.js";

const COUNT = 50_000;

function arrivals(process: Partial<ArrivalProcess>, seed = "arrivals", count = COUNT): number[] {
  return arrivalTimesNs(count, { ratePerS: 8, burstiness: 1, kind: "gamma", ...process }, stream(seed));
}

function gaps(times: readonly number[]): { mean: number; cv: number } {
  const all = times.map((time, at) => time - (times[at - 1] ?? 0));
  const mean = all.reduce((sum, gap) => sum + gap, 0) / all.length;
  const variance = all.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / all.length;
  return { mean, cv: Math.sqrt(variance) / mean };
}

describe("arrival times", () => {
  it.each([
    [1, 1],
    [0.25, 2],
    [4, 0.5],
  ])("keep the mean rate at burstiness %p, with gaps of variation 1/sqrt(burstiness) = %p", (burstiness, cv) => {
    const seen = gaps(arrivals({ burstiness }));
    expect(Math.abs(seen.mean / 125e6 - 1)).toBeLessThan(0.03);
    expect(Math.abs(seen.cv / cv - 1)).toBeLessThan(0.03);
  });

  it("are equally spaced when constant, to the rounding of whole nanoseconds", () => {
    expect(arrivals({ kind: "constant" }, "any", 4)).toEqual([125e6, 250e6, 375e6, 500e6]);
    // Rounding does not add up: 1e9 / 3 each.
    expect(arrivals({ kind: "constant", ratePerS: 3 }, "any", 3)).toEqual([333_333_333, 666_666_667, 1e9]);
  });

  it("are all 0 without a rate, and at an infinite one", () => {
    expect(arrivals({ ratePerS: undefined }, "any", 3)).toEqual([0, 0, 0]);
    expect(arrivals({ ratePerS: Infinity }, "any", 3)).toEqual([0, 0, 0]);
  });

  it("are the same for the same seed, others for another", () => {
    expect(arrivals({}, "a", 100)).toEqual(arrivals({}, "a", 100));
    expect(arrivals({}, "a", 100)).not.toEqual(arrivals({}, "b", 100));
  });

  it("ascend in whole nanoseconds", () => {
    const times = arrivals({ burstiness: 0.3 });
    expect(times.every((time, at) => Number.isSafeInteger(time) && time >= (times[at - 1] ?? 0))).toBe(true);
  });

  it.each([{ ratePerS: 0 }, { ratePerS: -1 }, { ratePerS: NaN }, { burstiness: 0 }, { ratePerS: 1e-9 }])(
    "are rejected for %p",
    (process) => {
      expect(() => arrivals(process, "any", 100)).toThrow(ConfigError);
    },
  );
});

/** So many arrivals, at one seed. */
function few(count: number, process: Partial<ArrivalProcess>): number[] {
  return arrivals({ ratePerS: undefined, ...process }, "few", count);
}

const rampUp: RampUp = { strategy: "linear", startPerS: 1, endPerS: 4 };

describe("a ramp-up", () => {
  it("has each gap at the rate of its request: equal steps when linear, equal factors when exponential", () => {
    const gaps = (times: number[]): number[] => times.map((time, at) => (time - (times[at - 1] ?? 0)) / 1e9);
    expect(gaps(few(4, { kind: "constant", rampUp }))).toEqual(
      [1, 1 / 2, 1 / 3, 1 / 4].map((gap) => expect.closeTo(gap, 8) as number),
    );
    const exponential = gaps(few(3, { kind: "constant", rampUp: { ...rampUp, strategy: "exponential" } }));
    expect(exponential).toEqual([1, 1 / 2, 1 / 4].map((gap) => expect.closeTo(gap, 8) as number));
    expect(few(1, { kind: "constant", rampUp })).toEqual([1e9]);
  });

  it("takes as long as the mean gaps say, whatever the burstiness", () => {
    const count = 40_000;
    // Sum of 1 / (1 + 3 i / (n - 1)) is about n ln(4) / 3.
    const expectedNs = (count * Math.log(4) * 1e9) / 3;
    for (const burstiness of [1, 0.5]) {
      expect(few(count, { rampUp, burstiness }).at(-1)! / expectedNs).toBeCloseTo(1, 1);
    }
  });

  it("is rejected at a rate of 0, and beyond 104 days", () => {
    expect(() => few(5, { rampUp: { ...rampUp, startPerS: 0 } })).toThrow(/request rate is 0/);
    expect(() => few(5, { rampUp: { ...rampUp, startPerS: 1e-9 } })).toThrow(/beyond 104 days/);
  });
});

test("rescaled arrivals end exactly at count / rate and keep their pattern", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.double({ min: 0.01, max: 1000, noNaN: true }),
      (count, ratePerS) => {
        const plain = few(count, { ratePerS });
        const rescaled = few(count, { ratePerS, isRescaled: true });
        expect(rescaled.at(-1)).toBe(Math.round((count * 1e9) / ratePerS));
        const factor = rescaled.at(-1)! / plain.at(-1)!;
        rescaled.forEach((time, at) => {
          expect(Math.abs(time - plain[at]! * factor)).toBeLessThanOrEqual(2 + factor);
        });
      },
    ),
  );
});
