/** Clients that give up while batches wait and run: prefills take 100 ns, decodes 100 ns a token after the first. */
import type { Workload, WorkloadRequest } from "../../../formats/index.js";
import { planBatchPolicy } from "../../policy/index.js";
import type { BatchHardware } from "./batch-hardware.js";
import { simulateBatches } from "./simulate.js";

const machine = { totalBytes: 1000, baseBytes: 0, kvBytesPerToken: 1, positions: 100 };

const hardware: BatchHardware = {
  run: ({ outputTokens }, startNs) => {
    return { firstTokenNs: startNs + 100, endNs: startNs + 100 * outputTokens, memoryFraction: 0.1 };
  },
};

function run(wanted: readonly Partial<WorkloadRequest>[], rest: Partial<Workload> = {}) {
  const policy = planBatchPolicy("naive", { batch_size: 2, timeout_s: 1e-6 }, { source: "test" }).create(machine);
  const requests = wanted.map((one, index) => ({ id: String(index), promptTokens: 10, outputTokens: 5, ...one }));
  const workload = { requests, maxConcurrency: Infinity, thinkNs: 0, ...rest };
  return simulateBatches({ workload, machines: [{ policy, hardware }] });
}

const columns = ({ requests }: ReturnType<typeof run>): unknown[] =>
  requests.map(({ requestId, status, firstTokenNs, lastTokenNs, outputTokens, batchSize, extra }) => {
    return [requestId, status, firstTokenNs, lastTokenNs, outputTokens, batchSize, extra?.aborted_ms];
  });

it("a request that waits leaves the queue; one whose batch runs stays in it and wastes its share", () => {
  const result = run([
    { arrivalNs: 0 },
    { arrivalNs: 0, e2elPatienceNs: 300 },
    { arrivalNs: 10, ttftPatienceNs: 200 },
    { arrivalNs: 20 },
    { arrivalNs: 30 },
  ]);
  expect(columns(result)).toEqual([
    ["0", "ok", 100, 500, 5, 2, ""],
    ["1", "aborted", 100, undefined, 0, 2, "0.0003"],
    ["2", "aborted", undefined, undefined, 0, undefined, "0.00021"],
    ["3", "ok", 600, 1000, 5, 2, ""],
    ["4", "ok", 600, 1000, 5, 2, ""],
  ]);
  expect(result.giveUps).toEqual({
    aborted: 2,
    aborted_before_first_token: 1,
    aborted_in_answer: 1,
    retried: 0,
    unanswered: 2,
    wasted_prompt_tokens: 10,
    wasted_output_tokens: 5,
    wasted_gpu_share: 250 / 1000,
  });
});

it("one that a batch still collects is taken out of it, and comes back when its client tries again", () => {
  const retries = { most: 1, pausesNs: Float64Array.of(400, 0) };
  const result = run([{ arrivalNs: 0, ttftPatienceNs: 50 }, { arrivalNs: 420 }], { retries });
  // The batch of 0 alone would wait for a second one until its timeout at 1000.
  expect(columns(result)).toEqual([
    ["0", "aborted", undefined, undefined, 0, undefined, "0.00005"],
    ["0-retry1", "aborted", undefined, undefined, 0, 2, "0.0005"],
    ["1", "ok", 550, 950, 5, 2, ""],
  ]);
});
