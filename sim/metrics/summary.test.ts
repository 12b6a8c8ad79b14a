import fc from "fast-check";
import type { RequestRecord } from "../../formats/index.js";
import { GapSegments } from "./gaps/gap-segments.js";
import { columnsOf } from "./request-columns.js";
import { summarise as summariseColumns, type Summary, type SummaryOptions } from "./summary.js";

const ms = 1e6;

function request(id: number, times: Partial<RequestRecord>): RequestRecord {
  return { requestId: String(id), arrivalNs: 0, promptTokens: 10, outputTokens: 3, status: "ok", ...times };
}

function summarise(run: { readonly requests: readonly RequestRecord[] }, options?: SummaryOptions): Summary {
  return summariseColumns(columnsOf(run.requests), options);
}

/** Two overlapping requests and a rejected one; the first arrival is at 100 ms, the last token at 1100 ms. */
const requests = [
  request(0, {
    arrivalNs: 100 * ms,
    sentNs: 102 * ms,
    scheduledNs: 110 * ms,
    firstTokenNs: 200 * ms,
    lastTokenNs: 600 * ms,
  }),
  request(1, {
    arrivalNs: 300 * ms,
    sentNs: 306 * ms,
    scheduledNs: 600 * ms,
    firstTokenNs: 700 * ms,
    lastTokenNs: 1100 * ms,
    outputTokens: 5,
  }),
  request(2, { arrivalNs: 0, status: "refused", error: "prompt too long", lastTokenNs: 9000 * ms }),
];

describe("summarise", () => {
  it("works out a small run by hand", () => {
    expect(summarise({ requests })).toMatchObject({
      completed: 2,
      failed: 1,
      duration: 1,
      total_input_tokens: 20,
      total_output_tokens: 8,
      request_throughput: 2,
      output_throughput: 8,
      total_token_throughput: 28,
      mean_ttft_ms: 250,
      median_ttft_ms: 250,
      std_ttft_ms: 150, // of the population
      p50_ttft_ms: 250,
      mean_tpot_ms: 150, // 400/2 and 400/4
      mean_e2el_ms: 650,
      p90_e2el_ms: 770, // 500 + 0.9 * 300
      mean_queue_ms: 155,
      mean_client_delay_ms: 4,
      max_concurrent_requests: 2,
      mean_concurrent_requests: 1.3,
      max_queued_requests: 1,
      mean_queued_requests: 0.31,
    });
  });

  it("counts goodput per second, only when asked", () => {
    expect(summarise({ requests })).not.toHaveProperty("request_goodput");
    expect(summarise({ requests }, { goodput: { ttftMs: 100 } }).request_goodput).toBe(1);
    expect(summarise({ requests }, { goodput: { e2elMs: 10 } }).request_goodput).toBe(0);
  });

  it("adds gaps between tokens where the run recorded them", () => {
    expect(summarise({ requests })).not.toHaveProperty("mean_itl_ms");
    const itl = Float64Array.of(5, 1, 3);
    const collected = new GapSegments();
    collected.add(1e6, 2e6, 3, 1);
    for (const each of [itl, collected]) {
      const summary = summarise({ requests }, { itl: each });
      expect(summary).toMatchObject({ mean_itl_ms: 3, median_itl_ms: 3, p99_itl_ms: 4.96 });
      expect(summary.hidden_percentiles).toContain("median_itl_ms");
    }
  });

  it("shows percentiles of the gaps by how many gaps there are, not requests", () => {
    const itl = new GapSegments();
    itl.addOne(7e6, 400);
    const { hidden_percentiles: hidden } = summarise({ requests }, { itl });
    expect(hidden.filter((key) => key.endsWith("_itl_ms"))).toEqual([]);
    expect(hidden).toContain("p50_ttft_ms");
  });

  it("tells a queue that grows: an arrival each 10 ms, an answer each 20 ms", () => {
    const growing = Array.from({ length: 101 }, (_, id) =>
      request(id, { arrivalNs: id * 10 * ms, lastTokenNs: (id + 1) * 20 * ms }),
    );
    expect(summarise({ requests: growing })).toMatchObject({ overloaded: true, queue_growth_per_s: 50 });
    expect(summarise({ requests })).toMatchObject({ overloaded: false, queue_growth_per_s: null });
  });

  it("names the percentiles that come from too few requests, and keeps their numbers", () => {
    const summary = summarise({
      requests: Array.from({ length: 40 }, (_, id) => ({ ...requests[0]!, requestId: `${id}` })),
    });
    expect(summary.hidden_percentiles).toEqual(
      ["ttft", "tpot", "e2el", "queue"].flatMap((metric) => [`p95_${metric}_ms`, `p99_${metric}_ms`]),
    );
    expect(summary.p99_ttft_ms).toBe(100);
    expect(summarise({ requests }).hidden_percentiles).toContain("median_tpot_ms");
  });

  it("says null, never NaN, for what a run does not tell", () => {
    const single = summarise({ requests: [request(0, { arrivalNs: 5, lastTokenNs: 5, outputTokens: 1 })] });
    for (const summary of [summarise({ requests: [] }), summarise({ requests: [request(0, {})] }), single]) {
      expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
      expect(summary).toMatchObject({
        duration: null,
        request_throughput: null,
        mean_ttft_ms: null,
        p99_tpot_ms: null,
      });
      expect(summary).toMatchObject({ mean_queue_ms: null, mean_queued_requests: null, littles_law_ratio: null });
      expect(summary.hidden_percentiles).not.toContain("p50_ttft_ms");
    }
    expect(single.mean_e2el_ms).toBe(0);
  });

  it("shows a missing end in Little's law", () => {
    const endless = request(1, { arrivalNs: 300 * ms, firstTokenNs: 400 * ms });
    expect(summarise({ requests: [requests[0]!, endless] }).littles_law_ratio).toBeCloseTo(0.5, 12);
  });

  it("finds Little's law exact on any complete run", () => {
    const complete = fc.record({
      arrivalNs: fc.nat(1_000_000_000),
      waitNs: fc.nat(500_000_000),
      decodeNs: fc.integer({ min: 1, max: 900_000_000 }),
      outputTokens: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(fc.array(complete, { minLength: 1, maxLength: 30 }), (times) => {
        const run = times.map(({ arrivalNs, waitNs, decodeNs, outputTokens }, id) =>
          request(id, {
            arrivalNs,
            firstTokenNs: arrivalNs + waitNs,
            lastTokenNs: arrivalNs + waitNs + decodeNs,
            outputTokens,
          }),
        );
        const summary = summarise({ requests: run });
        expect(summary.littles_law_ratio).toBeCloseTo(1, 10);
        expect(summary.mean_concurrent_requests!).toBeLessThanOrEqual(summary.max_concurrent_requests! + 1e-9);
        expect(summary.mean_ttft_ms!).toBeLessThanOrEqual(summary.mean_e2el_ms!);
      }),
    );
  });

  it("rejects a request that ends before it arrives", () => {
    const backwards = request(7, { arrivalNs: 5 * ms, lastTokenNs: 3 * ms });
    expect(() => summarise({ requests: [backwards] })).toThrow(
      'request "7": last token at 3 ms, expected at or after its arrival at 5 ms',
    );
  });
});
