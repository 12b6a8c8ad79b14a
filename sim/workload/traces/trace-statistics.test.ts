import type { WorkloadRequest } from "../../../formats/index.js";
import { stream } from "../../kernel/index.js";
import { arrivalTimesNs, traceStatistics } from "../index.js";

const options = { blockTokens: 16, parts: 10 };

function requestsAt(timesNs: readonly number[]): WorkloadRequest[] {
  return timesNs.map((arrivalNs, at) => ({ id: String(at), arrivalNs, promptTokens: at + 1, outputTokens: 2 }));
}

describe("statistics of a trace", () => {
  it("have exact lengths, rates, peaks and counts", () => {
    const { requests, prompt, output, arrivals } = traceStatistics(requestsAt([5e9, 5e9, 5.5e9, 6.2e9, 9e9]), options);
    expect(requests).toBe(5);
    expect(prompt).toEqual({ mean: 3, min: 1, p50: 3, p90: 5, p99: 5, max: 5, total: 15 });
    expect(output).toMatchObject({ mean: 2, min: 2, max: 2, total: 10 });
    expect(arrivals).toMatchObject({
      spanNs: 4e9,
      meanRatePerS: 1,
      mostInSecond: 3,
      mostInMinute: 5,
      binning: undefined,
    });
    expect(arrivals!.counts).toEqual([2, 1, 0, 1, 0, 0, 0, 0, 0, 1]);
    // Gaps 0, 0.5, 0.7, 2.8 s; whole seconds 3, 1, 0, 0.
    expect(arrivals!.gapVariation).toBeCloseTo(Math.sqrt((1 + 0.25 + 0.09 + 3.24) / 4), 10);
    expect(arrivals!.dispersionPerSecond).toBeCloseTo(1.5, 10);
  });

  it("find both signs of burstiness at 1 for Poisson arrivals, and at 0 for constant ones", () => {
    const at = (kind: "gamma" | "constant") =>
      requestsAt(arrivalTimesNs(50_000, { ratePerS: 10, burstiness: 1, kind }, stream("poisson")));
    const poisson = traceStatistics(at("gamma"), options).arrivals!;
    expect(poisson.gapVariation).toBeCloseTo(1, 1);
    expect(Math.abs(poisson.dispersionPerSecond! - 1)).toBeLessThan(0.06);
    expect(poisson.meanRatePerS).toBeCloseTo(10, 0);
    const constant = traceStatistics(at("constant"), options).arrivals!;
    expect(constant).toMatchObject({ gapVariation: 0, dispersionPerSecond: 0, mostInSecond: 10, mostInMinute: 600 });
  });

  it("say nothing of what one request, or one instant, cannot tell", () => {
    for (const times of [[7], [7, 7, 7]]) {
      expect(traceStatistics(requestsAt(times), options).arrivals).toMatchObject({
        spanNs: 0,
        meanRatePerS: undefined,
        gapVariation: undefined,
        dispersionPerSecond: undefined,
        counts: [times.length],
      });
    }
    expect(traceStatistics([{ id: "0", promptTokens: 1, outputTokens: 1 }], options)).toMatchObject({
      arrivals: undefined,
      prefix: undefined,
    });
  });
});
