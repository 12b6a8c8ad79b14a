/** Along an axis one quantity grows, and the requests have it. */
import { contentTokens } from "../../formats/index.js";
import { axisKeys, growthAxes, pointsOf, runAt, type GrowthPoint } from "./growth-points.js";

const few = { ...pointsOf(growthAxes.requests)[0]!, requests: 4000 };

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

test.each(axisKeys)("along %s only that quantity grows", (key) => {
  const { of, values } = growthAxes[key];
  const points = pointsOf(growthAxes[key]);
  expect(points.map((point) => point[of])).toEqual(values);
  expect([...values].sort((a, b) => a - b)).toEqual(values);
  const rest = points.map((point): GrowthPoint => ({ ...point, [of]: 0 }));
  expect(new Set(rest.map((point) => JSON.stringify(point))).size).toBe(1);
});

test.each([
  ["promptTokens", 55],
  ["promptTokens", 880],
  ["outputTokens", 50],
  ["outputTokens", 800],
] as const)("%s of mean %p, and every request fits into the context", (of, wanted) => {
  const { workload, settings } = runAt({ ...few, [of]: wanted });
  const { requests } = workload;
  expect(requests).toHaveLength(4000);
  expect(Math.abs(mean(requests.map((request) => request[of])) / wanted - 1)).toBeLessThan(0.07);
  const longest = Math.max(...requests.map(({ promptTokens, outputTokens }) => promptTokens + outputTokens));
  expect(longest).toBeLessThanOrEqual(Number(settings.max_model_len));
});

test("replicas get as many requests at a time each, and KV blocks of their own", () => {
  const one = runAt({ ...few, concurrency: 16, blocks: 1000 });
  const four = runAt({ ...few, concurrency: 16, blocks: 1000, replicas: 4 });
  expect([one.workload.maxConcurrency, four.workload.maxConcurrency]).toEqual([16, 64]);
  expect([one.replicas, four.replicas]).toEqual([1, 4]);
  expect(four.settings).toEqual(one.settings);
  expect(four.workload.requests).toEqual(one.workload.requests);
});

test("a shared part is the same text in every hundredth request, and the rest is in no other", () => {
  const { workload, settings } = runAt({ ...few, sharedPercent: 60 });
  expect(settings.enable_prefix_caching).toBe(true);
  const { requests } = workload;
  for (const { content, promptTokens } of requests) expect(contentTokens(content!)).toBe(promptTokens);
  const long = requests.filter(({ promptTokens }) => promptTokens > 100);
  for (const { id, content, promptTokens } of long) {
    expect(content![0]).toEqual([Number(id) % 100, Math.round(0.6 * promptTokens)]);
  }
  const own = long.map(({ content }) => content!.at(-1)![0]);
  expect(new Set(own).size).toBe(own.length);
  expect(Math.min(...own)).toBeGreaterThanOrEqual(100);
  expect(runAt(few).settings.enable_prefix_caching).toBe(false);
});
