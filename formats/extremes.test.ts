import { greatest, least, norm } from "./extremes.js";

test("extremes and the norm of 300,000 values, which as arguments would overflow the stack", () => {
  const values = Array.from({ length: 300_000 }, (_, at) => ((at * 7_919) % 300_007) - 150_000);
  const sorted = Float64Array.from(values).sort();
  expect([least(values), greatest(values)]).toEqual([sorted[0], sorted.at(-1)]);
  expect(greatest(Float64Array.from(values))).toBe(sorted.at(-1));
  const squares = values.reduce((sum, value) => sum + BigInt(value) ** 2n, 0n);
  expect(norm(values)).toBeCloseTo(Math.sqrt(Number(squares)), 5);
  expect(() => Math.max(...values)).toThrow(RangeError);
});

test("of nothing, of one, and of what is no number", () => {
  expect([least([]), greatest([]), norm([])]).toEqual([Infinity, -Infinity, 0]);
  expect([least([-3]), greatest([-3]), norm([-3])]).toEqual([-3, -3, 3]);
  expect([least([1, NaN]), greatest([NaN, 1])]).toEqual([NaN, NaN]);
});

test("the norm is Math.hypot's to the bit, also where squares are too large or too small", () => {
  for (const scale of [1, 1e-300, 1e300, 3e-170]) {
    const values = [3, -4, 12, 0.1, 7e-9].map((value) => value * scale);
    expect(norm(values)).toBe(Math.hypot(...values));
  }
  expect(norm([1, Infinity])).toBe(Infinity);
});
