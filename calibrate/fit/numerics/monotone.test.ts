import { monotone } from "./monotone.js";

test("values that rise stay", () => {
  expect(monotone([1, 2, 2, 5], [1, 1, 1, 1])).toEqual([1, 2, 2, 5]);
});

test("values that fall become their weighted mean", () => {
  expect(monotone([1, 4, 2, 8], [1, 1, 3, 1])).toEqual([1, 2.5, 2.5, 8]);
});

test("pooling goes back as far as it must", () => {
  expect(monotone([3, 4, 1], [1, 1, 2])).toEqual([2.25, 2.25, 2.25]);
});
