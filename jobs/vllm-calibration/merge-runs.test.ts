import type { RequestRecord, Run } from "../../formats/index.js";
import { smallRun } from "../../test/support/small-run.js";
import { mergeRuns } from "./merge-runs.js";

function request(changes: Partial<RequestRecord>): RequestRecord {
  return { requestId: "0", arrivalNs: 0, promptTokens: 8, outputTokens: 2, status: "ok", ...changes };
}

function run(requests: readonly RequestRecord[], reasons: readonly string[] = []): Run {
  return smallRun(requests, {
    load: { kind: "probes" },
    merged_chunks: 2,
    summary: { mean_ttft_ms: 3 },
    valid: { ok: reasons.length === 0, reasons: [...reasons] },
  });
}

const MS = 1e6;

test("the second run begins after the first has ended, every time of it moved by as much", () => {
  const first = request({ sentNs: 1 * MS, firstTokenNs: 4 * MS, lastTokenNs: 9 * MS });
  const second = request({
    arrivalNs: 2 * MS,
    sentNs: 3 * MS,
    firstTokenNs: 5 * MS,
    lastTokenNs: 6 * MS,
    extra: { probe: "decode-b1-c8", queued_ms: "2.5", headers_ms: "4", failed_ms: "", chunk_ms: "2;3" },
  });
  const merged = mergeRuns([run([first]), run([second])]);
  expect(merged.requests[0]).toEqual(first);
  const byNs = merged.requests[1]!.arrivalNs - second.arrivalNs;
  expect(byNs).toBeGreaterThan(9 * MS);
  expect(merged.requests[1]).toMatchObject({
    sentNs: 3 * MS + byNs,
    firstTokenNs: 5 * MS + byNs,
    lastTokenNs: 6 * MS + byNs,
    extra: {
      probe: "decode-b1-c8",
      queued_ms: String(2.5 + byNs / MS),
      headers_ms: String(4 + byNs / MS),
      failed_ms: "",
      chunk_ms: "2;3",
    },
  });
});

test("a late client is counted over the groups, other reasons are reported once", () => {
  const late = (lagMs: number, reasons: readonly string[]): Run => {
    const { info, ...rest } = run([request({})], reasons);
    const client = { event_loop_delay_ms: { p99: lagMs - 3 } };
    return { ...rest, info: { ...info, client_lag_ms_p99: lagMs, client } };
  };
  const lagged = "the client lagged: P99 of the sending delay is";
  const heldUp = "the client was held up: P99 of its event loop's delay is 17 ms";
  const { info } = mergeRuns([late(7, [`${lagged} 7`]), late(1, ["odd"]), late(20, [`${lagged} 20`, heldUp, "odd"])]);
  expect(info.valid!.reasons).toEqual([
    "odd",
    "the client lagged in 2 of 3 groups, at worst a P99 of 20.0 ms, at most 5 ms is valid",
    "the client's event loop was held up in 1 of 3 groups, at worst a P99 of 17.0 ms, at most 5 ms is valid",
  ]);
});

test("a run whose request failed late is over when it failed", () => {
  const failed = request({ sentNs: 1, status: "error", error: "stalled", extra: { failed_ms: "70" } });
  const merged = mergeRuns([run([failed]), run([request({})])]);
  expect(merged.requests[1]!.arrivalNs).toBeGreaterThan(70 * MS);
});

test("counts add up, reasons are reported once, and one run's summary is not everyone's", () => {
  const { info } = mergeRuns([run([request({})], ["late"]), run([request({})], ["late"]), run([request({})])]);
  expect(info).toMatchObject({ requests: 3, merged_chunks: 6, valid: { ok: false, reasons: ["late"] } });
  expect(info.summary).toBeUndefined();
});
