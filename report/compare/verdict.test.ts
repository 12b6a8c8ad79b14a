import fc from "fast-check";
import { stream } from "../../sim/kernel/index.js";
import { tallyOf, tallyText, verdictText } from "./tally.js";
import { judgeError, type Evidence } from "./verdict.js";

const judged = (sim: number, reals: readonly number[], more: Partial<Evidence> = {}) =>
  judgeError({ sims: [sim], reals, tolerance: 0.05, ...more })!;

describe("judgeError", () => {
  it("cannot tell an error of -33.7 % where the repeats span 40 % to either side", () => {
    const found = judged(66.3, [60, 100, 140]);
    expect(found.error).toBeCloseTo(-0.337, 12);
    expect(found).toMatchObject({ verdict: "cannot tell", noise: "repeats" });
    expect(found.interval[0]).toBeLessThan(-0.5);
    expect(found.interval[1]).toBeGreaterThan(0.2);
    expect(judged(66.3, [60, 140]).verdict).toBe("cannot tell");
  });

  it("does not agree because the simulation lies inside wide repeats", () => {
    expect(judged(100, [60, 100, 140])).toMatchObject({ verdict: "cannot tell", error: 0 });
  });

  it("agrees where the whole interval lies within the tolerance, and differs where it lies outside", () => {
    expect(judged(101, [100, 100.5, 99.5]).verdict).toBe("agrees");
    expect(judged(120, [100, 100.5, 99.5]).verdict).toBe("differs");
    expect(judged(80, [100, 100.5, 99.5]).verdict).toBe("differs");
    expect(judged(104.9, [100, 101, 99]).verdict).toBe("cannot tell");
  });

  it("has Student's interval of the mean of the repeats, in the logarithm", () => {
    const { interval } = judged(100, [99, 100, 101]);
    const half = (2.919986 * 0.01) / Math.sqrt(3);
    expect(interval[1]).toBeCloseTo(Math.exp(half) - 1, 8);
    expect(interval[0]).toBeCloseTo(Math.exp(-half) - 1, 8);
  });

  it("holds the true error of noisy runs nine times in ten", () => {
    const random = stream("verdicts/normal");
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const draws = Array.from({ length: 6000 }, normal);
    for (const repeats of [2, 3, 5]) {
      let held = 0;
      let all = 0;
      for (let at = 0; at + repeats <= draws.length; at += repeats) {
        const reals = draws.slice(at, at + repeats).map((draw) => 100 * Math.exp(0.1 * draw));
        const { interval } = judged(110, reals);
        all++;
        if (interval[0] <= 0.1 && 0.1 <= interval[1]) held++;
      }
      expect(held / all).toBeGreaterThan(0.86);
      expect(held / all).toBeLessThan(0.94);
    }
  });

  it("says how many more repeats would tell, and they do where they spread alike", () => {
    const { verdict, moreRepeats } = judged(102, [97, 100, 103]);
    expect([verdict, moreRepeats]).toEqual(["cannot tell", 2]);
    expect(judged(102, spreadOut(5, 3)).verdict).toBe("agrees");
    expect(judged(102, spreadOut(4, 3)).verdict).toBe("cannot tell");
    const beyond = judged(108, [97, 100, 103]);
    expect([beyond.verdict, beyond.moreRepeats]).toEqual(["cannot tell", 3]);
    expect(judged(108, spreadOut(6, 3)).verdict).toBe("differs");
    expect(judged(108, spreadOut(5, 3)).verdict).toBe("cannot tell");
  });

  it("says when no number of repeats would tell, since the simulation itself is too unsure", () => {
    const simulation = { run: 0.02, draws: 0.002, calibration: 0.08 };
    const found = judged(101, [100, 100.5, 99.5], { simulation });
    expect(found).toMatchObject({ verdict: "cannot tell", moreRepeats: null });
    expect(verdictText(found)).toBe("cannot tell, 1000 repeats would not settle it");
  });

  it("takes a simulation that is one draw to be as open as a real run", () => {
    const reals = [100, 101, 99];
    expect(judged(103, reals).verdict).toBe("agrees");
    expect(judged(103, reals, { simulation: { run: 0, draws: "a run", calibration: 0 } }).verdict).toBe("cannot tell");
  });

  it("pairs each repeat with the simulation at its own pace", () => {
    const reals = [100, 120, 140];
    expect(judged(120, reals).verdict).toBe("cannot tell");
    const paired = judgeError({ sims: [101, 121, 141], reals, tolerance: 0.05 })!;
    expect(paired.verdict).toBe("agrees");
    expect(paired.error).toBeCloseTo(1 / 120, 12);
  });

  it("never agrees with one real run of which nothing tells how runs differ, and differs only beyond a factor of two", () => {
    const one = judged(100, [100], { requests: [0, 0] });
    expect(one).toMatchObject({ verdict: "cannot tell", noise: "unknown", moreRepeats: 1 });
    expect(verdictText(one)).toBe("cannot tell (one real run), at least 1 more needed");
    expect(judged(170, [100], { requests: [0.6, 0.8] }).verdict).toBe("cannot tell");
    expect(judged(230, [100], { requests: [1.1, 1.5] })).toMatchObject({ verdict: "differs", noise: "unknown" });
    expect(judged(230, [100], { requests: [-0.5, 9] }).verdict).toBe("cannot tell");
    expect(judged(40, [100], { requests: [-0.61, -0.59] }).verdict).toBe("differs");
  });

  it("takes one real run at the simulation's word for how much runs differ", () => {
    const simulation = { run: 0.03, draws: 0, calibration: 0 };
    expect(judged(101, [100], { simulation })).toMatchObject({ verdict: "agrees", noise: "simulation" });
    expect(judged(103, [100], { simulation }).verdict).toBe("cannot tell");
    expect(judged(120, [100], { simulation }).verdict).toBe("differs");
    expect(judged(101, [100], { simulation, requests: [-0.2, 0.2] }).verdict).toBe("cannot tell");
  });

  it("takes the noise of a scored run from two or more other runs, without the run itself", () => {
    expect(judged(101, [100], { others: [100, 100.2] })).toMatchObject({ verdict: "agrees", noise: "other runs" });
    // The scored run lies far from the others: it does not widen its own noise.
    expect(judged(100, [150], { others: [100, 100.2] }).verdict).toBe("differs");
    expect(judged(101, [100], { others: [101] }).noise).toBe("unknown");
  });

  it("never agrees beyond the tolerance, whatever the noise", () => {
    const value = fc.double({ min: 1, max: 1000, noNaN: true });
    fc.assert(
      fc.property(value, fc.array(value, { minLength: 1, maxLength: 6 }), (sim, reals) => {
        const { verdict, error, interval } = judged(sim, reals);
        expect(interval[0]).toBeLessThanOrEqual(error + 1e-12);
        expect(interval[1]).toBeGreaterThanOrEqual(error - 1e-12);
        if (verdict === "agrees") expect(Math.abs(error)).toBeLessThanOrEqual(0.05);
        if (verdict === "differs") expect(Math.abs(error)).toBeGreaterThan(0.05);
      }),
    );
  });

  it("has no verdict against a real value of zero", () => {
    expect(judgeError({ sims: [3], reals: [0, 0], tolerance: 0.05 })).toBeNull();
    expect(judged(0, [1, 1]).verdict).toBe("differs");
  });
});

describe("a tally", () => {
  it("counts agreement alone, the other two beside it", () => {
    const given = [
      ...Array<"agrees">(61).fill("agrees"),
      ...Array<"differs">(20).fill("differs"),
      null,
      "cannot tell",
    ] as const;
    expect(tallyText(tallyOf(given.map((verdict) => ({ verdict }))))).toBe(
      "agrees 61, differs 20, cannot tell 1 of 82",
    );
  });
});

/** So many values about 100 with that standard deviation. */
function spreadOut(count: number, deviation: number): number[] {
  const steps = Array.from({ length: count }, (_, at) => at - (count - 1) / 2);
  const scale = deviation / Math.sqrt(steps.reduce((sum, step) => sum + step ** 2, 0) / (count - 1));
  return steps.map((step) => 100 + scale * step);
}

test("disturbed real runs may agree, but that they do not says nothing of the simulation", () => {
  const isDisturbed = true;
  const far = { sims: [10], reals: [30, 31, 29], tolerance: 0.05 };
  expect(judgeError(far)!.verdict).toBe("differs");
  const judged = judgeError({ ...far, isDisturbed })!;
  expect(judged).toMatchObject({ verdict: "cannot tell", noise: "disturbed", moreRepeats: null });
  expect(verdictText(judged)).toBe("cannot tell, the real runs were disturbed: run again when nothing else does");
  expect(judgeError({ sims: [10], reals: [10, 10.01, 9.99], tolerance: 0.05, isDisturbed })!.verdict).toBe("agrees");
});
