import fc from "fast-check";
import { quantile } from "./quantile.js";
import { quantilesInPlace } from "./select.js";
import { stream } from "../kernel/index.js";

const ps = [0, 0.1, 0.5, 0.5, 0.9, 0.95, 0.99, 1];

function expectSame(values: Float64Array): void {
  const sorted = values.slice().sort();
  expect(quantilesInPlace(values, ps)).toEqual(ps.map((p) => quantile(sorted, p)));
  expect(values.sort()).toEqual(sorted);
}

describe("quantilesInPlace", () => {
  it("gives the numbers that sorting gives, on any sample", () => {
    const sample = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(sample, (values) => {
        expectSame(Float64Array.from(values));
      }),
    );
  });

  it.each(["random", "ascending", "descending", "equal", "few different"])("selects in 20,000 %s values", (kind) => {
    const random = stream("1/0/select");
    const value = (i: number): number => {
      if (kind === "random") return random();
      if (kind === "equal") return 3;
      if (kind === "few different") return Math.floor(random() * 3);
      return kind === "ascending" ? i : -i;
    };
    expectSame(Float64Array.from({ length: 20_000 }, (_, i) => value(i)));
  });
});
