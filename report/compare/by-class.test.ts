/** Comparisons by class of request, and of numbers that only some loads have. */
import type { Run } from "../../formats/index.js";
import { compareRuns, type Comparison } from "./compare-runs.js";
import { comparisonRows } from "./rows.js";
import { buildRun } from "./run-builder.fixture.js";
import type { StatisticComparison } from "./statistic.js";
import { checkThresholds, parseThreshold } from "./thresholds.js";

/** 20 requests of the class "fast" with that time to first token, and 20 of "slow" with ten times that; ms. */
function classy(source: "sim" | "real", fastMs: number, summary: Readonly<Record<string, unknown>> = {}): Run {
  const of = (name: string, firstMs: number) =>
    Array.from({ length: 20 }, (_, at) => ({ id: `${name}${at}`, firstMs, lastMs: firstMs + 40 }));
  const { info, requests } = buildRun(source, [...of("slow", 10 * fastMs), ...of("fast", fastMs)]);
  return {
    info: { ...info, load: { kind: "closed_loop", classes: "slow:share=1;fast:share=1" }, summary },
    requests: requests.map((request) => ({ ...request, extra: { class: request.requestId.replace(/\d+/, "") } })),
    batches: [],
  };
}

function entry(comparison: Comparison, metric: string, stat: string): StatisticComparison | undefined {
  return [...comparison.metrics, ...comparison.totals].find((each) => each.metric === metric && each.stat === stat);
}

const reals = [classy("real", 10), classy("real", 12)];

test("each class has the metrics of all requests, over its own alone, with the range of two repeats", () => {
  const comparison = compareRuns(classy("sim", 22), reals);
  expect(entry(comparison, "ttft@fast", "mean")).toMatchObject({
    n: 20,
    sim: 22,
    real: 11,
    error_fraction: 1,
    spread: [10, 12],
  });
  expect(entry(comparison, "ttft@slow", "p50")).toMatchObject({ n: 20, sim: 220, real: 110, spread: [100, 120] });
  expect(entry(comparison, "ttft", "mean")).toMatchObject({ n: 40, sim: 121, real: 60.5 });
  const names = [...new Set(comparisonRows(comparison).map(({ metric }) => metric))];
  const compared = ["ttft", "e2el", "tpot", "throughput"];
  expect(names).toEqual([
    ...["", "@fast", "@slow"].flatMap((suffix) => compared.map((metric) => `${metric}${suffix}`)),
    ...["request_throughput", "output_throughput", "duration"],
  ]);
  const judged = [...comparison.metrics, ...comparison.totals].filter((one) => one.shown && one.verdict !== null);
  expect(Object.values(comparison.verdicts).reduce((sum, count) => sum + count, 0)).toBe(judged.length);
});

test("the mean over a simulation's replications is taken where all of the class's answers are compared", () => {
  const intervals = { "mean_ttft_ms@fast": { low: 20, high: 26, from_seed: 1, from_run: 1 } };
  const sim = classy("sim", 22, { "mean_ttft_ms@fast": 23 });
  const replicated = { ...sim, info: { ...sim.info, intervals, replications: 12 } };
  expect(entry(compareRuns(replicated, reals), "ttft@fast", "mean")!.sim).toBe(23);
  const [first, ...others] = reals[0]!.requests;
  const partly = [first!, ...others.slice(0, -1), { ...others.at(-1)!, status: "error" as const }];
  expect(entry(compareRuns(replicated, [{ ...reals[0]!, requests: partly }]), "ttft@fast", "mean")!.sim).toBe(22);
});

test("a class may have tolerances and thresholds of its own, else those of all requests", () => {
  const tolerances = ["ttft.mean=300%", "ttft@slow.mean=7%"].map(parseThreshold);
  const comparison = compareRuns(classy("sim", 22), reals, { tolerances });
  expect(entry(comparison, "ttft@fast", "mean")!.tolerance_fraction).toBe(3);
  expect(entry(comparison, "ttft@slow", "mean")!.tolerance_fraction).toBe(0.07);
  expect(entry(comparison, "e2el@slow", "mean")!.tolerance_fraction).toBe(
    entry(comparison, "e2el", "mean")!.tolerance_fraction,
  );
  const unmet = checkThresholds(
    comparison,
    ["ttft@fast.mean=50%", "ttft@fast.mean=150%", "ttft@none.mean=50%"].map(parseThreshold),
  );
  expect(unmet.map(({ reason }) => reason)).toEqual([
    "ttft@fast.mean is off by +100 % (simulated 22 ms, real 11 ms), allowed 50 %",
    "ttft@none.mean is not known in both runs, allowed 50 %",
  ]);
  expect(() => parseThreshold("tfft@fast.mean=5%")).toThrow(/unknown statistic "tfft.mean", did you mean "ttft.mean"/);
});

test("requests given up, their waste and what classes met of their limits are compared where every run has them", () => {
  const of = (source: "sim" | "real", aborted: number, attainment: number) =>
    classy(source, 10, { aborted, wasted_prompt_tokens: 5, "attainment@fast": attainment, unanswered: 0 });
  const runs = [of("real", 10, 0.9), of("real", 14, 0.7)];
  const comparison = compareRuns(of("sim", 12, 0.8), runs);
  expect(entry(comparison, "aborted", "run")).toMatchObject({ unit: "requests", sim: 12, real: 12, spread: [10, 14] });
  const met = entry(comparison, "attainment@fast", "run")!;
  expect(met).toMatchObject({ unit: "share", sim: 0.8, spread: [0.7, 0.9] });
  expect(met.error_fraction).toBeCloseTo(0, 12);
  expect(entry(comparison, "unanswered", "run")).toMatchObject({
    sim: 0,
    real: 0,
    error_fraction: null,
    verdict: null,
  });
  expect(entry(comparison, "wasted_prompt_tokens", "run")).toBeUndefined();
  expect(entry(compareRuns(of("sim", 12, 0.8), [runs[0]!, classy("real", 10)]), "aborted", "run")).toBeUndefined();
});

test("runs of a load without classes have none", () => {
  const plain = ({ info, ...run }: Run): Run => ({ ...run, info: { ...info, load: { kind: "closed_loop" } } });
  const { metrics } = compareRuns(plain(classy("sim", 10)), reals.map(plain));
  expect(metrics.filter(({ metric }) => metric.includes("@"))).toEqual([]);
});
