import { assess, FitRejected, type AssessedFit } from "./assess.js";

function fit(heldOutError: number, change: Partial<AssessedFit> = {}): AssessedFit {
  const scores = (error: number) => ({ batch: { points: 12, median_ape: error, p90_ape: 2 * error } });
  return {
    fit: scores(0.03),
    held_out: scores(heldOutError),
    noise: { residual_quantiles: [], repeat_spread: 0.02 },
    ...change,
  };
}

test("a fit that predicts unseen batches within 10 % is not rejected", () => {
  expect(assess(fit(0.1))).toEqual([]);
});

test("one that misses them by more is, with the error first and what may be behind it", () => {
  const reasons = assess(fit(0.123, { warnings: ["the machine drifted"] }));
  expect(reasons[0]).toContain(
    "misses unseen batches by 12.3 % (median of 12 shapes held out), expected at most 10.0 %",
  );
  expect(reasons[1]).toContain("the grid is too coarse");
  expect(reasons[2]).toBe("the machine drifted");
  expect(new FitRejected(reasons).message).toContain("\n  the machine drifted");
});

test("noise between repeats is named before the grid", () => {
  const reasons = assess(fit(0.2, { noise: { residual_quantiles: [], repeat_spread: 0.15 } }));
  expect(reasons[1]).toContain("repeats of one shape differ by ±15.0 %");
});

test("terms that miss their own shapes are named", () => {
  const own = { batch: { points: 40, median_ape: 0.15, p90_ape: 0.3 } };
  expect(assess(fit(0.2, { fit: own }))[1]).toContain("the model's terms cannot describe what batches cost");
});

test("a fit with nothing held out has nothing to be rejected for", () => {
  const { fit: own, noise } = fit(0.5);
  expect(assess({ fit: own, noise })).toEqual([]);
});
