import { fromBfloat16, fromHalf, toHalf } from "./half.js";

test("every half survives the way to float32 and back", () => {
  for (let half = 0; half < 0x10000; half++) {
    const value = fromHalf(half);
    if (Number.isNaN(value)) expect(toHalf(value) & 0x7c00).toBe(0x7c00);
    else if (toHalf(value) !== half) throw new Error(`half ${half} = ${value} came back as ${toHalf(value)}`);
  }
});

test.each([
  [1, 0x3c00],
  [-2, 0xc000],
  [65504, 0x7bff],
  [65519.99, 0x7bff],
  [65520, 0x7c00],
  [-1e9, 0xfc00],
  [2 ** -24, 0x0001],
  [2 ** -25, 0x0000],
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
  [1023.9 * 2 ** -24, 0x0400],
])("%d is nearest to half %d", (value, half) => {
  expect(toHalf(value)).toBe(half);
});

test("bfloat16 is the upper half of a float32", () => {
  expect([0x3f80, 0xc000, 0x7f80, 0x0000].map(fromBfloat16)).toEqual([1, -2, Infinity, 0]);
  expect(fromBfloat16(0x4049)).toBe(3.140625);
});
