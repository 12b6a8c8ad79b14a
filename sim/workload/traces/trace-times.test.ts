import fc from "fast-check";
import { ConfigError, loadSchema, type WorkloadRequest } from "../../../formats/index.js";
import { workloadFromRequests } from "../index.js";
import { meanRatePerS } from "./trace-times.js";

function requestsAt(timesNs: readonly number[]): WorkloadRequest[] {
  return timesNs.map((arrivalNs, at) => ({ id: `r${at}`, arrivalNs, promptTokens: 5, outputTokens: 2 }));
}

function times(requests: readonly WorkloadRequest[]): (number | undefined)[] {
  return requests.map(({ arrivalNs }) => arrivalNs);
}

function replay(requests: readonly WorkloadRequest[], settings: object): readonly WorkloadRequest[] {
  return workloadFromRequests(loadSchema.parse({ workload: "trace", ...settings }), requests, "1").requests;
}

const trace = requestsAt([0, 1e9, 2e9, 4e9]);
const anyTimes = fc
  .array(fc.integer({ min: 0, max: 1e12 }), { minLength: 2, maxLength: 50 })
  .map((values) => requestsAt(values.sort((a, b) => a - b)));

describe("a replayed trace", () => {
  it("takes time_scale times as long", () => {
    expect(times(replay(trace, { time_scale: 0.5 }))).toEqual([0, 0.5e9, 1e9, 2e9]);
    fc.assert(
      fc.property(anyTimes, fc.double({ min: 0.01, max: 100, noNaN: true }), (requests, scale) => {
        const scaled = replay(requests, { time_scale: scale });
        expect(times(scaled)).toEqual(requests.map(({ arrivalNs }) => Math.round(arrivalNs! * scale)));
        expect(scaled.map(({ id }) => id)).toEqual(requests.map(({ id }) => id));
      }),
    );
  });

  it("has the mean rate that is asked for, whatever it had", () => {
    expect(times(replay(trace, { trace_rate: 3 }))).toEqual([0, 0.25e9, 0.5e9, 1e9]);
    expect(times(replay(requestsAt([1e12, 1e12 + 1]), { trace_rate: 0.1 }))).toEqual([1e12, 1.01e12]);
    fc.assert(
      fc.property(anyTimes, fc.double({ min: 0.1, max: 100, noNaN: true }), (requests, rate) => {
        if (meanRatePerS(requests) === undefined) return;
        expect(meanRatePerS(replay(requests, { trace_rate: rate }))! / rate).toBeCloseTo(1, 6);
      }),
    );
    expect(() => replay(requestsAt([7, 7]), { trace_rate: 3 })).toThrow(/at one instant has no rate/);
    expect(() => replay(trace, { trace_rate: 1e-9 })).toThrow(/would end at .* s, expected at most 104 days: raise/);
    expect(() => replay(trace, { trace_rate: 1e-308 })).toThrow(
      /would end never, expected at most 104 days: raise trace_rate/,
    );
  });

  it("is sliced from a time to before another, cut, and then scaled", () => {
    expect(replay(trace, { slice_start_s: 1, slice_end_s: 4 })).toEqual([
      { ...trace[1]!, arrivalNs: 0 },
      { ...trace[2]!, arrivalNs: 1e9 },
    ]);
    expect(times(replay(trace, { slice_start_s: 1, num_prompts: 2, time_scale: 3 }))).toEqual([0, 3e9]);
    expect(() => replay(trace, { slice_start_s: 5 })).toThrow(
      /no request arrives from 5 s on, and the trace ends at 4 s: change/,
    );
    expect(() => replay(trace, { slice_end_s: 1e-9, slice_start_s: 0 })).not.toThrow();
    expect(() => replay(trace, { slice_start_s: 2.5, slice_end_s: 3 })).toThrow(/from 2.5 s to 3 s, and/);
  });

  it("in slices that follow each other is whole", () => {
    fc.assert(
      fc.property(anyTimes, fc.integer({ min: 1, max: 999 }), (requests, cutS) => {
        const part = (slice: object): readonly WorkloadRequest[] => {
          try {
            return replay(requests, slice);
          } catch (error) {
            if (error instanceof ConfigError) return [];
            throw error;
          }
        };
        const late = part({ slice_start_s: cutS }).map((r) => ({ ...r, arrivalNs: r.arrivalNs! + cutS * 1e9 }));
        expect([...part({ slice_end_s: cutS }), ...late]).toEqual(requests);
      }),
    );
  });

  it("keeps its times under a concurrency, and rejects a rate beside them", () => {
    const { requests, maxConcurrency } = workloadFromRequests(
      loadSchema.parse({ workload: "trace", max_concurrency: 2 }),
      trace,
    );
    expect([requests, maxConcurrency]).toEqual([trace, 2]);
    expect(() => replay(trace, { request_rate: 5 })).toThrow(
      /request_rate cannot be given .* trace_rate .* self_timed: false/,
    );
  });

  it("gives its lengths alone when self_timed is false", () => {
    const lengths = replay(trace, { self_timed: false, request_rate: 4, arrivals: "constant" });
    expect(times(lengths)).toEqual([250e6, 500e6, 750e6, 1e9]);
    expect(times(replay(trace, { self_timed: false, max_concurrency: 1 }))).toEqual(trace.map(() => undefined));
    expect(times(trace)).toEqual([0, 1e9, 2e9, 4e9]);
  });
});

describe("a trace without arrival times", () => {
  const untimed: WorkloadRequest[] = [1, 2].map((promptTokens) => {
    return { id: `r${promptTokens}`, promptTokens, outputTokens: 2, prompt: "hi", content: [[3, promptTokens]] };
  });

  it("is issued as the load says, and stays as it was", () => {
    const issued = replay(untimed, { request_rate: 2, arrivals: "constant" });
    expect(issued).toEqual([
      { ...untimed[0]!, arrivalNs: 500e6 },
      { ...untimed[1]!, arrivalNs: 1e9 },
    ]);
    expect(replay(untimed, { max_concurrency: 1 })).toEqual(untimed);
  });

  it("has no times to change", () => {
    for (const setting of [{ time_scale: 2 }, { trace_rate: 2 }, { unbin: "even" }, { self_timed: true }]) {
      expect(() => replay(untimed, setting)).toThrow(/has no arrival times, .* cannot be given with it/);
    }
  });
});
