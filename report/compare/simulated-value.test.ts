import type { Run } from "../../formats/index.js";
import { simulatedValue, widest } from "./simulated-value.js";

const intervals = { mean_e2el_ms: { low: 80, high: 120, from_seed: 3, from_run: 4, from_calibration: 12 } };

function runOf(info: object): Run {
  return { info: { summary: { mean_e2el_ms: 100 }, ...info }, requests: [], batches: [] } as unknown as Run;
}

test("of a simulation with intervals the mean over its replications counts, its own draws averaged out", () => {
  const { value, spread } = simulatedValue(runOf({ intervals, replications: 25 }), "mean_e2el_ms", 97, true);
  expect(value).toBe(100);
  expect(spread!.run).toBeCloseTo((0.2 * 5) / 13, 12);
  expect(spread!.draws).toBeCloseTo((0.2 * 5) / 13 / 5, 12);
  expect(spread!.calibration).toBeCloseTo((0.2 * 12) / 13, 12);
});

test("where only a part of its requests is compared the value is one draw, as open as a run", () => {
  const { value, spread } = simulatedValue(runOf({ intervals }), "mean_e2el_ms", 97, false);
  expect(value).toBe(97);
  expect(spread!.draws).toBe(spread!.run);
});

test("without a part that a whole run shares it does not say how much runs differ", () => {
  const own = { mean_e2el_ms: { ...intervals.mean_e2el_ms, from_run: 0 } };
  expect(simulatedValue(runOf({ intervals: own }), "mean_e2el_ms", 97, true).spread!.run).toBe(0);
});

test("without intervals the requests' own value counts, exact unless times vary", () => {
  expect(simulatedValue(runOf({}), "mean_e2el_ms", 97, true)).toEqual({ value: 97 });
  expect(simulatedValue(runOf({ jitter: "on" }), "mean_e2el_ms", 97, true).spread!.draws).toBe("a run");
  expect(simulatedValue(runOf({ intervals }), "p95_ttft_ms", 97, true)).toEqual({ value: 97 });
});

test("several simulations are as open as the most open one", () => {
  const narrow = { run: 0.1, draws: 0.01, calibration: 0.2 };
  expect(widest([narrow, undefined, { run: 0, draws: 0.03, calibration: 0.1 }])).toEqual({ ...narrow, draws: 0.03 });
  expect(widest([narrow, { ...narrow, draws: "a run" }])!.draws).toBe("a run");
  expect(widest([undefined])).toBeUndefined();
});
