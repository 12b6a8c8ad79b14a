import fc from "fast-check";
import { stream } from "../../kernel/index.js";
import { ascending } from "./sort-times.js";

describe("ascending", () => {
  it("sorts any times, however they are spread", () => {
    const time = fc.oneof(fc.nat(5), fc.maxSafeNat(), fc.double({ min: -1e18, max: 1e18, noNaN: true }));
    fc.assert(
      fc.property(fc.array(time, { maxLength: 300 }), (times) => {
        const values = Float64Array.from(times, (value) => value + 0); // no negative zero
        expect(ascending(values)).toEqual(values.slice().sort());
        expect([...values]).toEqual(times.map((value) => value + 0));
      }),
    );
  });

  it.each(["spread", "crowded"])("sorts 20,000 %s times", (kind) => {
    const random = stream("1/0/sort");
    const value = (): number => Math.floor(kind === "spread" ? random() * 1e13 : Math.exp(random() * 30));
    const values = Float64Array.from({ length: 20_000 }, value);
    expect(ascending(values)).toEqual(values.slice().sort());
  });

  it("gives times that are in order back", () => {
    const values = Float64Array.of(1, 2, 2, 9);
    expect(ascending(values)).toBe(values);
  });
});
