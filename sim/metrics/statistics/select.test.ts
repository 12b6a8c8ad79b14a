import fc from "fast-check";
import { quantile } from "./quantile.js";
import { quantilesOfAny } from "./select.js";
import { stream } from "../../kernel/index.js";

const ps = [0, 0.1, 0.5, 0.5, 0.9, 0.95, 0.99, 1];

function expectSame(values: Float64Array): void {
  const before = values.slice();
  const sorted = values.slice().sort();
  expect(quantilesOfAny(values, ps)).toEqual(ps.map((p) => quantile(sorted, p)));
  expect(values).toEqual(before);
}

describe("quantilesOfAny", () => {
  it("gives the numbers that sorting gives, on any sample", () => {
    const sample = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(sample, (values) => {
        expectSame(Float64Array.from(values));
      }),
    );
  });

  it.each([
    ...["random", "ascending", "descending", "equal", "few different"],
    ...["far apart", "near each other", "infinite, some"],
  ])("selects in 20,000 %s values", (kind) => {
    const random = stream("1/0/select");
    const value = (i: number): number => {
      if (kind === "random") return random();
      if (kind === "equal") return 3;
      if (kind === "few different") return Math.floor(random() * 3);
      if (kind === "far apart") return Math.exp(1400 * (random() - 0.5));
      if (kind === "near each other") return Math.floor(random() * 90) * Number.MIN_VALUE;
      if (kind === "infinite, some") return 1 / Math.floor(random() * 40);
      return kind === "ascending" ? i : -i;
    };
    expectSame(Float64Array.from({ length: 20_000 }, (_, i) => value(i)));
  });
});
