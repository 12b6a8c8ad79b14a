/** Naive and dynamic by hand: every expected number follows from design.md section 2 as the comment beside it says. */
import fc from "fast-check";
import { planBatchPolicy } from "./index.js";
import { affineCost, observe, type Observation } from "./policy.conformance.js";

interface Scenario {
  readonly policy: "naive" | "dynamic";
  readonly settings: object;
  readonly arrivalsMs: readonly number[];
  /** Duration of every batch, ms. */
  readonly batchMs?: number;
  /** Peak memory of a batch per row, fraction of the total. */
  readonly memoryPerRow?: number;
}

function run({ policy, settings, arrivalsMs, batchMs = 100, memoryPerRow = 0 }: Scenario): Observation {
  const requests = arrivalsMs.map((arrivalMs, index) => {
    return { id: String(index), arrivalNs: arrivalMs * 1e6, promptTokens: 1, outputTokens: 1 };
  });
  const machine = { totalBytes: 1, baseBytes: 0, kvBytesPerToken: 1, positions: 1024 };
  return observe(
    planBatchPolicy(policy, settings, { source: "scene" }).create(machine),
    { requests, maxConcurrency: Infinity, thinkNs: 0 },
    affineCost({ fixedNs: batchMs * 1e6, memoryPerRow }),
  );
}

/** Each batch as "start-end ms: members of limit reason". */
function trace(scenario: Scenario): string[] {
  const { result, ran } = run(scenario);
  return result.batches.map(({ startNs, endNs, limit, reason }, at) => {
    const members = ran[at]!.work.requests.map(({ index }) => index).join(",");
    return `${startNs / 1e6}-${endNs / 1e6}: ${members} of ${limit} ${reason ?? ""}`;
  });
}

describe("naive, 4 a batch, timeout 500 ms, batches of 100 ms", () => {
  const naive = (...arrivalsMs: number[]): string[] =>
    trace({ policy: "naive", settings: { batch_size: 4, timeout_s: 0.5 }, arrivalsMs });

  it("sends the first of a burst alone after an idle spell longer than the timeout, the others after it", () => {
    // Collection opened at 0, so at 1000 left = -500: the first taken leaves. The next opens at 1100 with four waiting.
    expect(naive(1000, 1000, 1000, 1000, 1000)).toEqual(["1000-1100: 0 of 4 timeout", "1100-1200: 1,2,3,4 of 4 full"]);
  });

  it("sends a batch the moment it is exactly full", () => {
    // The fourth comes at 40, long before 0 + 500.
    expect(naive(10, 20, 30, 40)).toEqual(["40-140: 0,1,2,3 of 4 full"]);
  });

  it("sends one left over when the timeout since the last batch's end is over", () => {
    // Four of five leave at 0. Collection reopens at 100, the fifth is there: 100 + 500.
    expect(naive(0, 0, 0, 0, 0)).toEqual(["0-100: 0,1,2,3 of 4 full", "600-700: 4 of 4 timeout"]);
  });

  it("counts the timeout from the last batch's end and not from the arrival", () => {
    // Reopened at 100: the request of 400 waits 200 ms only, until 600.
    expect(naive(0, 0, 0, 0, 400)).toEqual(["0-100: 0,1,2,3 of 4 full", "600-700: 4 of 4 timeout"]);
  });

  it("waits 10 ms for another request when less than that is left", () => {
    // Left at 495 is 5 ms, so it waits max(10, 5): until 505.
    expect(naive(495)).toEqual(["505-605: 0 of 4 timeout"]);
    // Taken at 498 with 2 ms left: another 10 ms from then, until 508.
    expect(naive(495, 498)).toEqual(["508-608: 0,1 of 4 timeout"]);
    // Taken at 503, inside the wait but 3 ms after the timeout: leaves at once.
    expect(naive(495, 503)).toEqual(["503-603: 0,1 of 4 timeout"]);
    // 10 ms are left at 490: no more than those.
    expect(naive(490)).toEqual(["500-600: 0 of 4 timeout"]);
    // Nothing is left at 500.
    expect(naive(500, 501)).toEqual(["500-600: 0 of 4 timeout", "1100-1200: 1 of 4 timeout"]);
  });

  it("takes what arrives at the very instant that the wait ends or a batch completes", () => {
    // Arrivals come before collection: 505 is in time for the wait from 495, and leaves since the timeout is over.
    expect(naive(495, 505)).toEqual(["505-605: 0,1 of 4 timeout"]);
    // Completion at 100, the arrivals of 100, then collection: four are there.
    expect(naive(0, 0, 0, 0, 0, 100, 100, 100)).toEqual(["0-100: 0,1,2,3 of 4 full", "100-200: 4,5,6,7 of 4 full"]);
  });
});

describe("the batch size of dynamic", () => {
  const limits = (settings: object, requests: number, memoryPerRow: number): string[] =>
    trace({
      policy: "dynamic",
      settings: { timeout_s: 0.5, memory_threshold: 0.8, ...settings },
      arrivalsMs: Array.from({ length: requests }, () => 0),
      memoryPerRow,
    });

  it("grows by two after each batch below the threshold, not above the maximum", () => {
    // 2, 2 + 2, min(4 + 2, 5): eleven requests in all.
    expect(limits({ batch_size: 2, min_batch_size: 1, max_batch_size: 5 }, 11, 0)).toEqual([
      "0-100: 0,1 of 2 full",
      "100-200: 2,3,4,5 of 4 full",
      "200-300: 6,7,8,9,10 of 5 full",
    ]);
  });

  it("shrinks by one after each batch at the threshold, not below the minimum", () => {
    // Every batch peaks above the threshold: 4, 3, max(3, 2).
    expect(limits({ batch_size: 4, min_batch_size: 3, max_batch_size: 8 }, 10, 1)).toEqual([
      "0-100: 0,1,2,3 of 4 full",
      "100-200: 4,5,6 of 3 full",
      "200-300: 7,8,9 of 3 full",
    ]);
  });

  it("swings around the threshold, which counts as reached when it is met exactly", () => {
    // 4 rows of 0.2 are 0.8: shrink to 3. 3 rows are 0.6: grow to 5. 5 rows are 1: shrink to 4.
    expect(limits({ batch_size: 4, min_batch_size: 1, max_batch_size: 8 }, 16, 0.2)).toEqual([
      "0-100: 0,1,2,3 of 4 full",
      "100-200: 4,5,6 of 3 full",
      "200-300: 7,8,9,10,11 of 5 full",
      "300-400: 12,13,14,15 of 4 full",
    ]);
  });

  it("starts at the maximum when it is set above, and is lifted to the minimum by its first shrinking when below", () => {
    // min(8, 4) twice: min(8 + 2, 4) after the first.
    expect(limits({ batch_size: 8, min_batch_size: 1, max_batch_size: 4 }, 8, 0)).toEqual([
      "0-100: 0,1,2,3 of 4 full",
      "100-200: 4,5,6,7 of 4 full",
    ]);
    // 2, then max(4, 2 - 1).
    expect(limits({ batch_size: 2, min_batch_size: 4, max_batch_size: 8 }, 6, 1)).toEqual([
      "0-100: 0,1 of 2 full",
      "100-200: 2,3,4,5 of 4 full",
    ]);
  });
});

describe("the SLA of dynamic", () => {
  const dynamic = (
    sla: "deadline" | "reference",
    timeoutS: number,
    maxWaitS: number,
    arrivalsMs: number[],
  ): Scenario => ({
    policy: "dynamic",
    settings: { batch_size: 4, min_batch_size: 4, sla, timeout_s: timeoutS, max_time_wait_s: maxWaitS },
    arrivalsMs,
    batchMs: 600,
  });

  it("fires as a deadline by a timer, with no other request arriving", () => {
    // 100 + 200, before the timeout at 500.
    expect(trace(dynamic("deadline", 0.5, 0.2, [100]))).toEqual(["300-900: 0 of 4 sla"]);
    // The second does not move the oldest request's deadline.
    expect(trace(dynamic("deadline", 0.5, 0.2, [100, 250]))).toEqual(["300-900: 0,1 of 4 sla"]);
  });

  it("fires by the reference only when another request is taken", () => {
    // Nothing else is taken: the timeout at 500 ends it.
    expect(trace(dynamic("reference", 0.5, 0.2, [100]))).toEqual(["500-1100: 0 of 4 timeout"]);
    // At 250 the clock, started at 100, shows 150: not yet. Nothing looks at it again.
    expect(trace(dynamic("reference", 0.5, 0.2, [100, 250]))).toEqual(["500-1100: 0,1 of 4 timeout"]);
    // At 310 it shows 210.
    expect(trace(dynamic("reference", 0.5, 0.2, [100, 310]))).toEqual(["310-910: 0,1 of 4 sla"]);
  });

  it("counts from the arrival as a deadline, from being taken by the reference", () => {
    const arrivalsMs = [0, 0, 0, 0, 50];
    // The fifth is 550 ms old when the first batch ends at 600, over 500: it leaves at once.
    expect(trace(dynamic("deadline", 0.2, 0.5, arrivalsMs))).toEqual([
      "0-600: 0,1,2,3 of 4 full",
      "600-1200: 4 of 6 sla",
    ]);
    // Its clock starts at 600: the timeout at 600 + 200 comes first.
    expect(trace(dynamic("reference", 0.2, 0.5, arrivalsMs))).toEqual([
      "0-600: 0,1,2,3 of 4 full",
      "800-1400: 4 of 6 timeout",
    ]);
  });

  it("can never fire by the reference with a timeout below it", () => {
    // Collection lasts at most timeout + 10 ms after the first is taken.
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 30 }), (gapsMs) => {
        let atMs = 0;
        const scenario = dynamic(
          "reference",
          0.2,
          0.211,
          gapsMs.map((gapMs) => (atMs += gapMs)),
        );
        expect(run(scenario).result.batches.filter(({ reason }) => reason === "sla")).toEqual([]);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it("never lets a request wait on an idle machine beyond the deadline", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 30 }), (gapsMs) => {
        let atMs = 0;
        const { ran } = run(
          dynamic(
            "deadline",
            0.8,
            0.3,
            gapsMs.map((gapMs) => (atMs += gapMs)),
          ),
        );
        expect(Math.max(...ran.map(({ idleNs }) => idleNs))).toBeLessThanOrEqual(300_000_000);
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});
