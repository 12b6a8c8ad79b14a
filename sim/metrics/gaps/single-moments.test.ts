import fc from "fast-check";
import { GapStore } from "./gap-store.js";
import { singleSums } from "./single-moments.js";

test("sums of values and squares are exact, however many, large and heavy they are", () => {
  const value = fc.oneof(fc.nat(2 ** 31 - 1), fc.constantFrom(0, 1, 65_535, 65_536, 2 ** 32 - 1));
  const weight = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(1, 2 ** 16 - 1));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(value, weight), { maxLength: 300 }),
      fc.integer({ min: 1, max: 30 }),
      (pairs, times) => {
        const store = new GapStore();
        let [sum, squares] = [0n, 0n];
        for (let k = 0; k < times; k++) {
          for (const [v, w] of pairs) {
            store.addOne(v, w);
            sum += BigInt(v) * BigInt(w);
            squares += BigInt(v) * BigInt(v) * BigInt(w);
          }
        }
        expect(singleSums(store.chunks)).toEqual({ sum, squares });
      },
    ),
  );
});
