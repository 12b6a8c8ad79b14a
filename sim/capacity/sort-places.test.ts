import fc from "fast-check";
import { sortPlaces } from "./sort-places.js";

test("places are sorted as by comparing, equals in their order", () => {
  const numbers = fc.array(fc.oneof(fc.nat(3), fc.nat(5000), fc.nat(2 ** 31 - 1)));
  fc.assert(
    fc.property(numbers, (list) => {
      const places = Uint32Array.from(list, (_, at) => list.length - 1 - at);
      const compared = [...places].sort((a, b) => list[a]! - list[b]!);
      expect([...sortPlaces(places, Int32Array.from(list))]).toEqual(compared);
    }),
  );
});
