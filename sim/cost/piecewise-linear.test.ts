import { piecewiseLinear, type Curve } from "./piecewise-linear.js";

const curve: Curve = [
  [1, 10],
  [2, 30],
  [4, 20],
];

test.each([
  [0, 10],
  [1, 10],
  [1.5, 20],
  [2, 30],
  [3, 25],
  [4, 20],
  [400, 20],
])("at %d it is %d", (x, y) => {
  expect(piecewiseLinear(curve, x)).toBe(y);
});

test("of two points at one x the later counts", () => {
  const stepped: Curve = [
    [0, 1],
    [1, 2],
    [1, 5],
    [2, 6],
  ];
  expect([0.5, 1, 1.5].map((x) => piecewiseLinear(stepped, x))).toEqual([1.5, 5, 5.5]);
});

test("one point is a level", () => {
  expect([1, 7, 9].map((x) => piecewiseLinear([[7, 3]], x))).toEqual([3, 3, 3]);
});
