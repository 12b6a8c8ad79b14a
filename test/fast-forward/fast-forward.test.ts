import fc from "fast-check";
import { fastCases } from "./cases.js";
import { compareEngines } from "./identical.js";

describe("fast-forward", () => {
  it("gives every time, preemption, high-water mark and gap quantile that stepping gives, to the last bit", () => {
    let [jumped, preempting] = [0, 0];
    fc.assert(
      fc.property(fastCases, (fastCase) => {
        const { differences, jumpedSteps, preemptions } = compareEngines(fastCase);
        expect(differences).toEqual([]);
        jumped += jumpedSteps;
        if (preemptions > 0) preempting++;
      }),
      { numRuns: 500, seed: 20_261_124 },
    );
    // Cases in which nothing is jumped over or preempted would show nothing.
    expect(jumped).toBeGreaterThan(10_000);
    expect(preempting).toBeGreaterThan(20);
  });
});
