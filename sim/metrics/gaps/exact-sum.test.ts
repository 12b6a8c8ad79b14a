import fc from "fast-check";
import { ExactSum, nearestQuotient } from "./exact-sum.js";

/** Small and large factors alike. */
const factor = fc.oneof(fc.nat(1000), fc.nat(2 ** 31 - 1), fc.maxSafeNat());

describe("ExactSum", () => {
  it("adds products of two, three and four factors as BigInt does", () => {
    fc.assert(
      fc.property(fc.array(fc.array(factor, { minLength: 2, maxLength: 4 }), { maxLength: 60 }), (products) => {
        const sum = new ExactSum();
        let expected = 0n;
        for (const [a = 1, b = 1, c, d] of products) {
          if (c === undefined) sum.add(a, b);
          else if (d === undefined) sum.add3(a, b, c);
          else sum.add4(a, b, c, d);
          expected += [a, b, c ?? 1, d ?? 1].reduce((product, each) => product * BigInt(each), 1n);
          expect(sum.total()).toBe(expected);
        }
      }),
    );
  });

  it("stays exact over many of the largest products that take no BigInt", () => {
    const largest = 2 ** 48 - 1;
    const sum = new ExactSum();
    for (let i = 0; i < 10_000; i++) sum.add(largest, largest);
    expect(sum.total()).toBe(10_000n * BigInt(largest) ** 2n);
  });
});

describe("nearestQuotient", () => {
  it("is division where both numbers fit a double", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (a, b) => {
        expect(nearestQuotient(BigInt(a), BigInt(b))).toBe(a / b);
      }),
    );
  });

  it("rounds once where they do not", () => {
    const scale = 3n ** 80n;
    expect(nearestQuotient(scale, 7n * scale)).toBe(1 / 7);
    const halfway = 2n ** 53n + 1n; // between two doubles: to the even one, and up as soon as it is more
    expect(nearestQuotient(halfway * scale, scale)).toBe(2 ** 53);
    expect(nearestQuotient(halfway * scale + 1n, scale)).toBe(2 ** 53 + 2);
  });
});
