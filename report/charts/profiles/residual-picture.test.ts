import { residualPicture, type ResidualPoint } from "./index.js";

function points(factors: readonly number[]): ResidualPoint[] {
  return factors.map((factor, at) => ({
    batchSize: 2 ** at,
    promptTokens: 8,
    decodeSteps: 20,
    realNs: 1e7 * 2 ** at,
    modelNs: 1e7 * 2 ** at * factor,
    heldOut: at % 2 === 1,
  }));
}

describe("the picture of a calibration's residuals", () => {
  it("has units and n in its title, a labelled axis to each side, and tells how many shapes are met", () => {
    const svg = residualPicture(points([1, 1.2, 0.95, 1.05]), "mini");
    expect(svg).toContain("mini (ms, %), n = 4 shapes");
    for (const text of ["measured (ms)", "modelled (ms)", "batch size (rows, log scale)", "error (%)"]) {
      expect(svg).toContain(`>${text}<`);
    }
    expect(svg).toContain("shapes of the fit: 2 of 2 within 10 %.");
    expect(svg).toContain("held out: 1 of 2 within 10 %.");
    expect(svg).toContain("2 rows of 8 tokens, 20 decode steps, held out: +20.0 %");
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("works with one shape, and with times that span far", () => {
    expect(residualPicture(points([1]), "one")).toContain("one (ms, %), n = 1 shape");
    const wide = residualPicture(points(Array.from({ length: 9 }, () => 1.5)), "wide");
    expect(wide).toContain("measured (s, log scale)");
    expect(wide).not.toMatch(/NaN|undefined|Infinity/);
  });
});
