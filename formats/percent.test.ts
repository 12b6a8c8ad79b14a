import { percent } from "./percent.js";

test("a fraction is told in percent, with as many decimals as asked", () => {
  expect([percent(0.126), percent(0.126, 1), percent(-0.5), percent(0)]).toEqual(["13 %", "12.6 %", "-50 %", "0 %"]);
});
