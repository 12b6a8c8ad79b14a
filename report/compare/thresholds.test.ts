import { ConfigError } from "../../formats/index.js";
import { compareRuns } from "./compare-runs.js";
import { buildRun } from "./run-builder.fixture.js";
import { checkThresholds, parseThreshold } from "./thresholds.js";

describe("parseThreshold", () => {
  it("reads metric, statistic and percentage", () => {
    expect(parseThreshold("e2el.mean=5%")).toEqual({ metric: "e2el", stat: "mean", limitFraction: 0.05 });
    expect(parseThreshold(" throughput.p95 = 2.5 % ")).toEqual({
      metric: "throughput",
      stat: "p95",
      limitFraction: 0.025,
    });
    expect(parseThreshold("queue.p99=0%").limitFraction).toBe(0);
  });

  it.each([
    ["e2e.mean=5%", 'unknown statistic "e2e.mean", did you mean "e2el.mean"?'],
    ["ttft.p90=5%", "statistics: mean, p50, p95, p99"],
    ["latency=5%", "metrics: ttft, e2el, tpot, throughput, queue"],
    ["e2el.mean=-5%", 'got "-5%", expected a percentage of 0 or more'],
    ["e2el.mean=NaN%", 'got "NaN%", expected a percentage'],
    ["e2el.mean=Infinity%", "expected a percentage"],
    ["e2el.mean=five%", 'got "five%"'],
    ["e2el.mean=0.05", 'expected METRIC.STAT=PERCENT%, such as "e2el.mean=5%"'],
    ["e2el.mean=%", "expected METRIC.STAT=PERCENT%"],
    ["", 'threshold "": expected METRIC.STAT=PERCENT%'],
  ])("rejects %p", (text, message) => {
    expect(() => parseThreshold(text)).toThrow(ConfigError);
    expect(() => parseThreshold(text)).toThrow(message);
  });
});

describe("checkThresholds", () => {
  const sim = buildRun("sim", [{ id: "a", firstMs: 90, lastMs: 200 }]);
  const comparison = compareRuns(sim, [buildRun("real", [{ id: "a", firstMs: 100, lastMs: 200 }])]);
  const check = (...texts: string[]): string[] =>
    checkThresholds(comparison, texts.map(parseThreshold)).map((unmet) => unmet.reason);

  it("is silent when every error is within its limit, the limit included", () => {
    expect(check("ttft.mean=10%", "e2el.mean=0%")).toEqual([]);
    expect(check()).toEqual([]);
  });

  it("lists the ones not met, too low as well as too high", () => {
    expect(check("ttft.mean=5%", "e2el.mean=5%")).toEqual([
      "ttft.mean is off by -10 % (simulated 90 ms, real 100 ms), allowed 5 %",
    ]);
    expect(checkThresholds(comparison, [parseThreshold("tpot.mean=1%")])[0]!.errorFraction).toBeCloseTo(0.1, 12);
  });

  it("says when the percentile comes from few requests", () => {
    expect(check("ttft.p99=5%")[0]).toMatch(/; n = 1 is too few for p99, 368 independent requests would do$/);
  });

  it("does not take an unknown error for a met threshold", () => {
    expect(check("queue.mean=50%")).toEqual(["queue.mean is not known in both runs, allowed 50 %"]);
  });
});
