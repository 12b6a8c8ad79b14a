import { InvariantError } from "../../../formats/index.js";
import { studentT } from "./student-t.js";

test("the quantiles are those of published tables", () => {
  const at90 = [1, 2, 3, 4, 5, 10, 30, 100].map((freedom) => studentT(0.9, freedom).toFixed(3));
  expect(at90).toEqual(["6.314", "2.920", "2.353", "2.132", "2.015", "1.812", "1.697", "1.660"]);
  expect([1, 2, 7].map((freedom) => studentT(0.95, freedom).toFixed(3))).toEqual(["12.706", "4.303", "2.365"]);
});

test("with many degrees of freedom it is the normal distribution's", () => {
  expect(studentT(0.9, 5000)).toBeCloseTo(1.645, 3);
});

test("a level or a number of degrees that has no quantile is an error", () => {
  expect(() => studentT(1, 3)).toThrow(InvariantError);
  expect(() => studentT(0.9, 0)).toThrow(/0 degrees of freedom/);
  expect(() => studentT(0.9, 1.5)).toThrow(InvariantError);
});
