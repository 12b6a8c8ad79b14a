import fc from "fast-check";
import type { Run } from "../../formats/index.js";
import { compareRuns, type Comparison } from "./compare-runs.js";
import { comparisonRows } from "./rows.js";
import { buildBatch, buildRun, type RequestTimes } from "./run-builder.js";
import type { StatisticComparison } from "./statistic.js";

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
      ci95_fraction: [-0.5, 0], // pairs drawn: aa gives -0.5, bb gives 0
      spread: null,
      verdict: "inside",
      rule: "bootstrap",
      shown: true,
    });
    expect(entry(comparison, "e2el", "mean")).toMatchObject({ sim: 70, real: 50, verdict: "outside" });
    expect(entry(comparison, "tpot", "p50")).toMatchObject({ sim: 25, real: 12.5, shown: false });
    expect(entry(comparison, "throughput", "mean")).toMatchObject({ unit: "tok/s", real: 62.5 });
    expect(entry(comparison, "queue", "mean")).toMatchObject({ n: 0, sim: null, real: null, verdict: null });
    expect(entry(comparison, "duration", "run")).toMatchObject({ unit: "s", sim: 0.09, real: 0.06, verdict: null });
    expect(entry(comparison, "output_throughput", "run")).toMatchObject({ real: 100, n: 2 });
  });

  it("judges by the range of the repeats where there are two or more", () => {
    const reals = [steady("real", 40, 1), steady("real", 40, 1.5)];
    const inside = compareRuns(steady("sim", 40, 1.2), reals);
    expect(entry(inside, "ttft", "mean")).toMatchObject({
      sim: 29,
      real: 30,
      spread: [25, 35],
      verdict: "inside",
      rule: "repeats",
    });
    expect(entry(inside, "duration", "run").rule).toBe("repeats");
    expect(entry(compareRuns(steady("sim", 40, 2), reals), "ttft", "mean").verdict).toBe("outside");
  });

  it("finds a run inside its own noise, with no error at all", () => {
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
        for (const { difference, error_fraction, ci95_fraction, verdict } of compareRuns(
          build("sim"),
          [build("real")],
          {
            resamples: 50,
          },
        ).metrics) {
          expect(difference).toBe(0);
          expect([0, null]).toContain(error_fraction);
          expect([null, "inside"]).toContain(verdict);
          if (ci95_fraction !== null) expect(ci95_fraction).toEqual([0, 0]);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("gives the same intervals for the same seed", () => {
    const compare = (seed: string): Comparison =>
      compareRuns(steady("sim", 40, 1.1), [steady("real", 40, 1)], { seed, resamples: 200 });
    expect(compare("7")).toEqual(compare("7"));
    expect(entry(compare("7"), "e2el", "p95").ci95_fraction).not.toBeNull();
  });

  it("has no relative error against zero, but a difference", () => {
    const queued = (source: "sim" | "real", scheduledMs: number): Run =>
      buildRun(source, [{ id: "a", scheduledMs, firstMs: 9, lastMs: 10 }]);
    expect(entry(compareRuns(queued("sim", 3), [queued("real", 0)]), "queue", "mean")).toMatchObject({
      difference: 3,
      error_fraction: null,
      ci95_fraction: null,
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
      { stat: "mean_service", unit: "ms", sim: 10, real: 11, verdict: "inside" },
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
    expect(rows.at(-1)).toMatchObject({ metric: "duration", unit: "s", ciPercent: null, spread: null });
  });

  it("leaves out what one side does not know", () => {
    const run = (source: "sim" | "real"): Run => buildRun(source, [{ id: "a", lastMs: 5, outputTokens: 1 }]);
    const metrics = comparisonRows(compareRuns(run("sim"), [run("real")])).map((row) => row.metric);
    expect(metrics).toEqual(["e2el", "throughput", "request_throughput", "output_throughput", "duration"]);
  });
});
