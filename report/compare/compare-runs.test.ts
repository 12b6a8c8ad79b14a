import fc from "fast-check";
import type { Run } from "../../formats/index.js";
import { compareRuns, type Comparison } from "./compare-runs.js";
import { comparisonRows } from "./rows.js";
import { buildBatch, buildRun, type RequestTimes } from "./run-builder.fixture.js";
import type { StatisticComparison } from "./statistic.js";
import { parseThreshold } from "./thresholds.js";

/** `count` requests, one every 10 ms; each waits 5 ms, gets its first token 20 x scale ms later, two more after. */
function steady(source: "sim" | "real", count: number, scale: number): Run {
  return buildRun(
    source,
    Array.from({ length: count }, (_, i): RequestTimes => {
      const arrivalMs = 10 * i;
      const scheduledMs = arrivalMs + 5;
      const firstMs = scheduledMs + 20 * scale;
      return { id: String(i), arrivalMs, sentMs: arrivalMs + 1, scheduledMs, firstMs, lastMs: firstMs + 40 + (i % 7) };
    }),
  );
}

function entry(comparison: Comparison, metric: string, stat: string): StatisticComparison {
  return [...comparison.metrics, ...comparison.totals].find((each) => each.metric === metric && each.stat === stat)!;
}

describe("compareRuns", () => {
  it("works out two requests by hand", () => {
    const sim = buildRun("sim", [
      { id: "a", firstMs: 10, lastMs: 50 },
      { id: "b", firstMs: 30, lastMs: 90 },
    ]);
    const real = buildRun("real", [
      { id: "a", firstMs: 20, lastMs: 40 },
      { id: "b", firstMs: 30, lastMs: 60 },
    ]);
    const comparison = compareRuns(sim, [real]);
    expect(entry(comparison, "ttft", "mean")).toMatchObject({
      unit: "ms",
      n: 2,
      sim: 20,
      real: 25,
      difference: -5,
      error_fraction: -0.2,
      interval_fraction: [-0.5, 0], // pairs drawn: aa gives -0.5, bb gives 0
      tolerance_fraction: 0.05,
      spread: null,
      verdict: "cannot tell",
      noise: "unknown",
      more_repeats: 1,
      shown: true,
    });
    expect(entry(comparison, "e2el", "mean")).toMatchObject({ sim: 70, real: 50, verdict: "cannot tell" });
    expect(entry(comparison, "tpot", "p50")).toMatchObject({ sim: 25, real: 12.5, shown: false });
    expect(entry(comparison, "throughput", "mean")).toMatchObject({ unit: "tok/s", real: 62.5 });
    expect(entry(comparison, "queue", "mean")).toMatchObject({ n: 0, sim: null, real: null, verdict: null });
    expect(entry(comparison, "duration", "run")).toMatchObject({
      unit: "s",
      sim: 0.09,
      real: 0.06,
      verdict: "cannot tell",
    });
    expect(entry(comparison, "output_throughput", "run")).toMatchObject({ real: 100, n: 2 });
  });

  it("judges by Student's interval where there are two repeats or more", () => {
    const reals = [1, 1.04, 0.96].map((scale) => steady("real", 40, scale));
    const agreeing = compareRuns(steady("sim", 40, 1), reals);
    expect(entry(agreeing, "ttft", "mean")).toMatchObject({
      sim: 25,
      real: 25,
      verdict: "cannot tell",
      more_repeats: 1,
    });
    expect(entry(agreeing, "e2el", "mean")).toMatchObject({ verdict: "agrees", noise: "repeats", more_repeats: null });
    expect(entry(agreeing, "duration", "run")).toMatchObject({ verdict: "agrees", noise: "repeats" });
    const differing = compareRuns(steady("sim", 40, 2), reals);
    expect(entry(differing, "ttft", "mean").verdict).toBe("differs");
    const { agrees, differs, "cannot tell": open } = differing.verdicts;
    const shown = [...differing.metrics, ...differing.totals].filter((each) => each.shown && each.verdict !== null);
    expect(agrees + differs + open).toBe(shown.length);
  });

  it("cannot tell an error of a third where repeats span 40 % to either side", () => {
    const reals = [0.6, 1, 1.4].map((scale) => steady("real", 40, 5 * scale));
    const { error_fraction, verdict } = entry(compareRuns(steady("sim", 40, 3.23), reals), "ttft", "mean");
    expect(error_fraction).toBeCloseTo(-0.337, 2);
    expect(verdict).toBe("cannot tell");
  });

  it("compares each real run with its own simulation, where it has one", () => {
    const scales = [1, 1.5, 2];
    const reals = scales.map((scale) => steady("real", 40, scale));
    const paired = compareRuns(scales.map((scale) => steady("sim", 40, scale * 1.01)), reals); // prettier-ignore
    expect(entry(paired, "ttft", "mean")).toMatchObject({ verdict: "agrees", noise: "repeats" });
    expect(entry(paired, "ttft", "mean").error_fraction).toBeCloseTo(0.3 / 35, 9);
    expect(entry(compareRuns(steady("sim", 40, 1.51), reals), "ttft", "mean").verdict).toBe("cannot tell");
    expect(paired.e2el_split.prefill).toMatchObject({ sim_ms: expect.closeTo(30.3, 9) as number, real_ms: 30 });
  });

  it("judges by the tolerances given", () => {
    const reals = [1, 1.001].map((scale) => steady("real", 40, scale));
    const verdictAt = (...tolerances: string[]): string | null => {
      const options = { tolerances: tolerances.map(parseThreshold) };
      return entry(compareRuns(steady("sim", 40, 1.1), reals, options), "ttft", "mean").verdict;
    };
    expect([verdictAt(), verdictAt("ttft.mean=20%"), verdictAt("ttft.p50=20%")]).toEqual([
      "differs",
      "agrees",
      "differs",
    ]);
  });

  it("takes the mean over a simulation's replications and its word for how much runs differ", () => {
    const sim = steady("sim", 40, 1.5);
    const interval = { low: 25, high: 26, from_seed: 0.3, from_run: 0.4, from_calibration: 0 };
    const info = { ...sim.info, summary: { mean_ttft_ms: 25.1 }, intervals: { mean_ttft_ms: interval } };
    const real = steady("real", 40, 1);
    const found = entry(compareRuns({ ...sim, info }, [real]), "ttft", "mean");
    expect(found).toMatchObject({ sim: 25.1, real: 25, noise: "simulation", verdict: "agrees" });
    // Of fewer requests than were simulated the mean over the replications is not known.
    const part = { ...real, requests: real.requests.slice(1) };
    expect(entry(compareRuns({ ...sim, info }, [part]), "ttft", "mean").sim).toBe(35);
  });

  it("finds a run no error against itself, and does not call that agreement", () => {
    const times = fc.record({ waitMs: fc.nat(50), prefillMs: fc.nat(50), decodeMs: fc.integer({ min: 1, max: 500 }) });
    fc.assert(
      fc.property(fc.array(times, { minLength: 2, maxLength: 20 }), (requests) => {
        const build = (source: "sim" | "real"): Run =>
          buildRun(
            source,
            requests.map(({ waitMs, prefillMs, decodeMs }, i) => ({
              id: String(i),
              arrivalMs: i,
              scheduledMs: i + waitMs,
              firstMs: i + waitMs + prefillMs,
              lastMs: i + waitMs + prefillMs + decodeMs,
            })),
          );
        const { metrics } = compareRuns(build("sim"), [build("real")], { resamples: 50 });
        for (const { difference, error_fraction, interval_fraction, verdict } of metrics) {
          expect(difference).toBe(0);
          expect([0, null]).toContain(error_fraction);
          expect([null, "cannot tell"]).toContain(verdict);
          if (interval_fraction !== null) expect(interval_fraction).toEqual([0, 0]);
        }
        const repeated = compareRuns(build("sim"), [build("real"), build("real")]).metrics;
        expect(repeated.every(({ verdict }) => verdict === null || verdict === "agrees")).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("gives the same intervals for the same seed", () => {
    const compare = (seed: string): Comparison =>
      compareRuns(steady("sim", 40, 1.1), [steady("real", 40, 1)], { seed, resamples: 200 });
    expect(compare("7")).toEqual(compare("7"));
    expect(entry(compare("7"), "e2el", "p95").interval_fraction).not.toBeNull();
  });

  it("has no relative error against zero, but a difference", () => {
    const queued = (source: "sim" | "real", scheduledMs: number): Run =>
      buildRun(source, [{ id: "a", scheduledMs, firstMs: 9, lastMs: 10 }]);
    expect(entry(compareRuns(queued("sim", 3), [queued("real", 0)]), "queue", "mean")).toMatchObject({
      difference: 3,
      error_fraction: null,
      interval_fraction: null,
      verdict: null,
    });
  });

  it("splits the error of the mean latency so that the parts add up", () => {
    const { e2el_split: split } = compareRuns(steady("sim", 40, 2), [steady("real", 40, 1), steady("real", 40, 1.5)]);
    expect(split.n).toBe(40);
    expect(split.queue).toMatchObject({ sim_ms: 5, real_ms: 5, error_ms: 0 });
    expect(split.prefill).toMatchObject({ sim_ms: 40, real_ms: 25, error_ms: 15 });
    expect(split.decode!.error_ms).toBeCloseTo(0, 9);
    expect(split.client).toMatchObject({ sim_ms: 1, real_ms: 1 });
    expect(split.queue!.error_ms + split.prefill!.error_ms + split.decode!.error_ms).toBeCloseTo(
      split.e2el!.error_ms,
      9,
    );
    expect(split.ttft!.error_ms + split.decode!.error_ms).toBeCloseTo(split.e2el!.error_ms, 9);
  });

  it("splits into ttft and decode alone where a side does not know when requests were scheduled", () => {
    const sim = buildRun("sim", [{ id: "a", scheduledMs: 2, firstMs: 10, lastMs: 30 }]);
    const real = buildRun("real", [{ id: "a", sentMs: 4, firstMs: 15, lastMs: 30 }]);
    const { e2el_split: split } = compareRuns(sim, [real]);
    expect(split).toMatchObject({ n: 1, queue: null, prefill: null, ttft: { error_ms: -5 }, decode: { error_ms: 5 } });
    expect(split.client).toEqual({ sim_ms: 0, real_ms: 4, error_ms: -4 });
  });

  it("compares batches: number, size, service time, and how far the sequences agree", () => {
    const requests = [{ id: "a", firstMs: 1, lastMs: 2 }];
    const sim = buildRun("sim", requests, [buildBatch(0, 0, 10, 4), buildBatch(1, 10, 20, 2)]);
    const real = buildRun("real", requests, [
      buildBatch(2, 30, 42, 1),
      buildBatch(0, 0, 12, 4),
      buildBatch(1, 12, 24, 1),
    ]);
    const batches = compareRuns(sim, [real, sim]).batches!;
    expect(batches.sequences).toEqual([
      { equal_leading: 1, sim_batches: 2, real_batches: 3 },
      { equal_leading: 2, sim_batches: 2, real_batches: 2 },
    ]);
    expect(batches.statistics).toMatchObject([
      { stat: "count", sim: 2, real: 2.5, spread: [2, 3] },
      { stat: "mean_size", sim: 3, real: 2.5 },
      { stat: "mean_service", unit: "ms", sim: 10, real: 11, verdict: "cannot tell" },
    ]);
    expect(compareRuns(sim, [buildRun("real", requests)]).batches).toBeNull();
  });

  it("survives a round trip through comparison.json", () => {
    const comparison = compareRuns(steady("sim", 3, 1.1), [steady("real", 3, 1)]);
    expect(JSON.parse(JSON.stringify(comparison))).toEqual(comparison);
  });
});

describe("comparisonRows", () => {
  it("lists what people are shown, in percent", () => {
    const rows = comparisonRows(compareRuns(steady("sim", 40, 2), [steady("real", 40, 1)]));
    expect(rows.filter((row) => row.metric === "ttft").map((row) => row.stat)).toEqual(["mean", "p50"]);
    expect(rows.find((row) => row.metric === "ttft")).toMatchObject({
      sim: 45,
      real: 25,
      errorPercent: 80,
      unit: "ms",
    });
    expect(rows.at(-1)).toMatchObject({ metric: "duration", unit: "s", spread: null, tolerancePercent: 5 });
    expect(rows.at(-1)!.verdictText).toBe("cannot tell (one real run), at least 1 more needed");
  });

  it("leaves out what one side does not know", () => {
    const run = (source: "sim" | "real"): Run => buildRun(source, [{ id: "a", lastMs: 5, outputTokens: 1 }]);
    const metrics = comparisonRows(compareRuns(run("sim"), [run("real")])).map((row) => row.metric);
    expect(metrics).toEqual(["e2el", "throughput", "request_throughput", "output_throughput", "duration"]);
  });
});
