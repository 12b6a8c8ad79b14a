/** A point has the figures of its runs; the table can stand in docs/, and the chart has a line for each engine. */
import { linesPicture } from "../../report/charts/index.js";
import { figuresAt, growthPicture, growthTable, type GrowthFigures } from "./growth-figures.js";
import { growthAxes, pointsOf } from "./growth-points.js";
import { benchProfile } from "./simulate-bench.js";

const point = (axis: string, at: number, requests: number): GrowthFigures => ({
  mode: "default",
  axis,
  at,
  requests,
  outputTokens: 2_000_000,
  steps: 50_000,
  shareAtOnce: 0.724,
  preemptions: 1234,
  seconds: 0.04,
  usPerRequest: 40_000 / requests,
  nsPerStep: 800,
  stepEngineSeconds: 0.5,
});
const points = [point("requests", 5_000, 5_000), point("requests", 20_000, 20_000), point("concurrency", 16, 20_000)];

test("a row for each point; the name of an axis stands once", () => {
  expect(growthTable(points).split("\n")).toEqual([
    "| grows       |     to | seconds | µs/request | ns/step |  steps | steps at once | preemptions | step engine, s | times as fast |",
    "| ----------- | -----: | ------: | ---------: | ------: | -----: | ------------: | ----------: | -------------: | ------------: |",
    "| requests    |  5,000 |   0.040 |       8.00 |     800 | 50,000 |          72 % |       1,234 |           0.50 |         12.5x |",
    "|             | 20,000 |   0.040 |       2.00 |     800 | 50,000 |          72 % |       1,234 |           0.50 |         12.5x |",
    "| concurrency |     16 |   0.040 |       2.00 |     800 | 50,000 |          72 % |       1,234 |           0.50 |         12.5x |",
  ]);
});

test("the chart has a panel for each axis and both engines in each", () => {
  const svg = linesPicture(growthPicture(points, "default"));
  expect(svg).toContain("Over requests: fast engine 8 µs at 5000, 2 µs at 20000; step engine 100 µs at 5000");
  expect(svg).toContain("<title>fast engine, 16: 2 µs</title>");
  expect(svg.match(/data-series="step engine"/g)).toHaveLength(3);
});

test.each(["default", "bare"] as const)("in %s mode a point says what the runs did", (mode) => {
  const axis = growthAxes.replicas;
  const at = { ...pointsOf(axis)[1]!, requests: 200, outputTokens: 300, concurrency: 4 };
  const figures = figuresAt(at, axis, mode, benchProfile(mode), 0);
  expect(figures).toMatchObject({ mode, axis: "replicas", at: 2, requests: 200, preemptions: 0 });
  expect(figures.outputTokens / 200).toBeGreaterThan(200);
  expect(figures.steps).toBeGreaterThan(figures.outputTokens / 8);
  expect(figures.shareAtOnce).toBeGreaterThan(0.5);
  expect(figures.shareAtOnce).toBeLessThan(1);
  expect(figures.nsPerStep * figures.steps).toBeCloseTo(figures.usPerRequest * 200 * 1e3, 3);
});
