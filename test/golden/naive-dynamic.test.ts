import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { replayNaiveDynamic } from "./naive-dynamic.js";

const recorded = join(process.cwd(), "..", "shared", "naive-dynamic-golden.json");
const hasRecorded = existsSync(recorded);
if (!hasRecorded) console.warn(`SKIPPED: ${recorded} is not here, so the 80 recorded scenarios are NOT replayed`);

/** Two requests at 0 fill a batch of 10 + 2 * 5 ms; one left over leaves 100 ms after its end. */
function recording(change: { endMs?: number; finishedMs?: number } = {}): unknown {
  const { endMs = 20, finishedMs = 20 } = change;
  const config = { name: "small", policy: "naive", batch_size: 2, timeout_s: 0.1, cost_ms: [10, 5] };
  return {
    format: "naive-dynamic-golden/1",
    scenarios: [
      {
        config: { ...config, max_concurrency: 0, requests: 3, arrivals_ms: [0, 0, 0] },
        batches: [
          { start_ms: 0, end_ms: endMs, ids: [0, 1], limit: 2 },
          { start_ms: 120, end_ms: 135, ids: [2], limit: 2 },
        ],
        finished_ms: [20, finishedMs, 135],
      },
    ],
  };
}

(hasRecorded ? it : it.skip)("every recorded decision of the original scheduler classes is made again", () => {
  const report = replayNaiveDynamic(JSON.parse(readFileSync(recorded, "utf8")), recorded);
  expect(report.firstDifference).toBeUndefined();
  expect([report.identicalScenarios, report.scenarios]).toEqual([80, 80]);
  expect(report.identicalEvents).toBe(report.events);
});

describe("the replay of a recording", () => {
  it("finds a true one identical", () => {
    expect(replayNaiveDynamic(recording(), "test")).toEqual({
      scenarios: 1,
      identicalScenarios: 1,
      events: 5,
      identicalEvents: 5,
    });
  });

  it("finds and describes a batch that ends 1 ms later", () => {
    const report = replayNaiveDynamic(recording({ endMs: 21 }), "test");
    expect(report).toMatchObject({ identicalScenarios: 0, events: 5, identicalEvents: 4 });
    expect(report.firstDifference).toBe(
      "scenario small: batch 0: got start 0.000 ms end 20.000 ms ids 0,1 limit 2, " +
        "expected start 0.000 ms end 21.000 ms ids 0,1 limit 2",
    );
  });

  it("finds and describes an answer that comes 1 ms later", () => {
    const report = replayNaiveDynamic(recording({ finishedMs: 21 }), "test");
    expect(report.firstDifference).toBe("scenario small: finished_ms of request 1: got 20.000 ms, expected 21.000 ms");
  });

  it("rejects a file of another format", () => {
    expect(() => replayNaiveDynamic({ format: "other/1", scenarios: [] }, "test")).toThrow("naive-dynamic-golden/1");
  });
});
