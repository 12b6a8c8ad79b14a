import fc from "fast-check";
import { fastCases } from "./cases.js";
import { compareEngines } from "./identical.js";

describe("fast-forward", () => {
  it("gives every time, preemption, high-water mark and gap quantile that stepping gives, to the last bit", () => {
    let [jumped, inRuns, preempting] = [0, 0, 0];
    fc.assert(
      fc.property(fastCases, (fastCase) => {
        const { differences, jumpedSteps, runSteps, preemptions } = compareEngines(fastCase);
        expect(differences).toEqual([]);
        jumped += jumpedSteps;
        inRuns += runSteps;
        if (preemptions > 0) preempting++;
      }),
      { numRuns: 500, seed: 20_261_124 },
    );
    // Cases in which nothing is jumped over, drawn in runs or preempted would show nothing.
    expect(jumped).toBeGreaterThan(10_000);
    expect(inRuns).toBeGreaterThan(3_000);
    expect(preempting).toBeGreaterThan(10);
  });
});
