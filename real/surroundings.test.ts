import { delayOf, watchEventLoop } from "./surroundings.js";

test("the timer's own period is no delay, and a timer that never fired saw none", () => {
  const percentiles: Record<number, number> = { 50: 20_050_000, 99: 19_900_000 };
  const seen = { max: 26_000_000, percentile: (percent: number) => percentiles[percent]! };
  expect(delayOf(seen)).toEqual({ p50Ns: 50_000, p99Ns: 0, maxNs: 6_000_000 });
  expect(delayOf({ max: 0, percentile: () => Number.NaN })).toEqual({ p50Ns: 0, p99Ns: 0, maxNs: 0 });
});

test("watching ends with what was seen", () => {
  const { p50Ns, p99Ns, maxNs } = watchEventLoop()();
  expect(p50Ns).toBeLessThanOrEqual(p99Ns);
  expect(p99Ns).toBeLessThanOrEqual(maxNs);
});
