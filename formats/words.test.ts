import { percent, sharePercent, signedPercent } from "./words.js";

test("a fraction is written in percent, with the decimals asked for", () => {
  expect([percent(0.126), percent(0.126, 1), percent(-0.5), percent(0)]).toEqual(["13 %", "12.6 %", "-50 %", "0 %"]);
});

test("a difference has its sign", () => {
  expect([0.0321, 0, -0.25].map(signedPercent)).toEqual(["+3.2 %", "+0.0 %", "-25.0 %"]);
});

test("a small share is not rounded to nothing", () => {
  expect([0, 0.0004, 0.001].map(sharePercent)).toEqual(["0.0 %", "below 0.1 %", "0.1 %"]);
});

test("a fraction of nothing is no number", () => {
  expect([percent(0 / 0), percent(1e307), signedPercent(-1 / 0), signedPercent(1 / 0), sharePercent(0 / 0)]).toEqual(
    Array.from({ length: 5 }, () => "-"),
  );
});
