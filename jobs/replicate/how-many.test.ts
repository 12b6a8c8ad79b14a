import { normal, predictionInterval, stream } from "../../sim/index.js";
import { areEnough, leastKnownWidth, MAX_REPLICATIONS, workOf } from "./how-many.js";
import type { ReplicationResult } from "./task.js";

function resultOf(summary: Readonly<Record<string, unknown>>): ReplicationResult {
  return { index: 0, summary, steady: null, preemptions: 0, notes: [] };
}

/** Replications of one statistic, as many as are enough. */
function stopped(draw: () => number): ReplicationResult[] {
  const results: ReplicationResult[] = [];
  while (results.length < MAX_REPLICATIONS && !areEnough(results)) results.push(resultOf({ mean_ttft_ms: draw() }));
  return results;
}

const TRIALS = 3000;

/** Of one more run in the interval, and how many replications were made on the mean. */
function stoppedCoverage(spread: number): { readonly coverage: number; readonly made: number } {
  const random = stream(`how-many/${spread}`);
  const draw = (): number => 100 * Math.exp(spread * normal(random));
  let inside = 0;
  let made = 0;
  for (let trial = 0; trial < TRIALS; trial++) {
    const values = stopped(draw).map(({ summary }) => summary.mean_ttft_ms as number);
    const [low, high] = predictionInterval(values)!;
    const next = draw();
    made += values.length / TRIALS;
    if (low <= next && next <= high) inside++;
  }
  return { coverage: inside / TRIALS, made };
}

test("stopping by the width leaves nine of ten further runs inside, whatever the spread", () => {
  const found = [0.002, 0.004, 0.005, 0.0065, 0.008, 0.01, 0.02, 0.2].map((spread) => stoppedCoverage(spread));
  for (const { coverage } of found) {
    expect(coverage).toBeGreaterThanOrEqual(0.88);
    expect(coverage).toBeLessThanOrEqual(0.92);
  }
  // The narrower the interval is beside the value, the fewer do.
  expect(found[0]!.made).toBeLessThan(13);
  expect(found.at(-1)!.made).toBeGreaterThan(20);
});

test("it is asked after 12, 24 and 36, and of statistics that are shown", () => {
  const wide = [100, 150, 200, 100, 150, 300, 120, 180, 90, 250, 130, 110];
  const results = (hidden: readonly string[]): ReplicationResult[] =>
    wide.map((p99) => resultOf({ mean_ttft_ms: 100, p99_ttft_ms: p99, hidden_percentiles: hidden }));
  expect(leastKnownWidth(results([]))).toBeGreaterThan(1);
  expect(areEnough(results([]))).toBe(false);
  expect(areEnough(results(["p99_ttft_ms"]))).toBe(true);
  expect(areEnough(results(["p99_ttft_ms"]).slice(0, 11))).toBe(false);
});

test("the budget is counted in output tokens, and never allows fewer than 8", () => {
  const workload = (requests: number, outputTokens: number) => ({
    requests: Array.from({ length: requests }, (_, id) => ({ id: String(id), promptTokens: 1, outputTokens })),
    maxConcurrency: Infinity,
    thinkNs: 0,
  });
  expect(workOf(workload(1000, 200))).toEqual({ outputTokens: 200_000, most: 50, isLarge: false });
  expect(workOf(workload(10_000, 200))).toMatchObject({ most: 20, isLarge: false });
  expect(workOf(workload(100_000, 200))).toMatchObject({ most: 8, isLarge: true });
});
