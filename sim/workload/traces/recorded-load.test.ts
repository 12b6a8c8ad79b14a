import type { RequestRecord, Run } from "../../../formats/index.js";
import { smallRun } from "../../../test/support/small-run.js";
import { recordedWorkload } from "./recorded-load.js";

const MS = 1e6;

/** A request from `arrivalMs` to `lastMs`; 20 prompt and 10 output tokens. */
function request(id: string, arrivalMs: number, lastMs: number, more: Partial<RequestRecord> = {}): RequestRecord {
  return {
    requestId: id,
    arrivalNs: arrivalMs * MS,
    sentNs: arrivalMs * MS,
    firstTokenNs: arrivalMs * MS + 1,
    lastTokenNs: lastMs * MS,
    promptTokens: 20,
    outputTokens: 10,
    status: "ok",
    ...more,
  };
}

const failed = (id: string, arrivalMs: number): RequestRecord => ({
  requestId: id,
  arrivalNs: arrivalMs * MS,
  promptTokens: 20,
  outputTokens: 0,
  status: "error",
});

function recording(requests: readonly RequestRecord[], load: Run["info"]["load"]): Run {
  return smallRun(requests, { load });
}

test("an open loop comes as it was recorded, in sending order, from no earlier than 0", () => {
  const late = request("late", 30, 90);
  const early = request("early", -0.5, 40, { promptTokens: 7, outputTokens: 3 });
  const { requests, maxConcurrency, thinkNs, notes } = recordedWorkload(
    recording([late, early], { kind: "open_loop" }),
  );
  expect(requests).toEqual([
    { id: "early", promptTokens: 7, outputTokens: 3, arrivalNs: 0 },
    { id: "late", promptTokens: 20, outputTokens: 10, arrivalNs: 30 * MS },
  ]);
  expect([maxConcurrency, thinkNs, notes]).toEqual([Infinity, 0, undefined]);
});

test("a closed loop keeps its clients, and the median time they took from an answer to the next request", () => {
  // Two clients: answers at 10, 12, 21, 26; the requests they let go at 11, 15, 23: after 1, 3 and 2 ms.
  const requests = [
    request("a", 0, 10),
    request("b", 0, 12),
    request("c", 11, 21),
    request("d", 15, 26),
    request("e", 23, 40),
  ];
  const workload = recordedWorkload(recording(requests, { kind: "closed_loop", max_concurrency: 2 }));
  expect(workload.maxConcurrency).toBe(2);
  expect(workload.thinkNs).toBe(2 * MS);
  expect(workload.requests.map(({ arrivalNs }) => arrivalNs)).toEqual(requests.map(() => undefined));
});

test("an open loop with a limit of concurrency keeps arrivals and limit", () => {
  const workload = recordedWorkload(recording([request("a", 5, 10)], { kind: "open_loop", max_concurrency: 3 }));
  expect(workload).toMatchObject({ maxConcurrency: 3, thinkNs: 0, requests: [{ arrivalNs: 5 * MS }] });
});

test("requests without an answer are left out, and counted in a note", () => {
  const run = recording([failed("x", 0), request("a", 5, 10), failed("y", 7)], { kind: "open_loop" });
  const { requests, notes } = recordedWorkload(run);
  expect(requests.map(({ id }) => id)).toEqual(["a"]);
  expect(notes).toEqual(["2 recorded requests without an answer are left out"]);
});

test("a recording whose prompts were found in the prefix cache is rejected with what was seen", () => {
  const hit = [
    request("a", 0, 10),
    request("b", 5, 15, { cachedTokens: 16 }),
    request("c", 6, 15, { cachedTokens: 0 }),
  ];
  expect(() => recordedWorkload(recording(hit, { kind: "open_loop" }))).toThrow(
    /found 16 of 60 prompt tokens \(26\.7 %\) of 1 requests in its prefix cache, .*--no-enable-prefix-caching/,
  );
  // By chance, of random prompts.
  const chance = request("d", 7, 20, { promptTokens: 4000, cachedTokens: 16 });
  expect(recordedWorkload(recording([request("a", 0, 10), chance], { kind: "open_loop" })).requests).toHaveLength(2);
});

test("a recording without an answer is rejected", () => {
  expect(() => recordedWorkload(recording([failed("x", 0)], { kind: "open_loop" }))).toThrow(
    "the recording has no answered request",
  );
});

test("an answer of no tokens cannot be simulated, and is rejected by its id", () => {
  const run = recording([request("a", 0, 5), request("b", 3, 9, { outputTokens: 0 })], { kind: "open_loop" });
  expect(() => recordedWorkload(run)).toThrow(/request "b" is answered \(status ok\) with 0 output tokens/);
});
