/** The reproduction holds: recovered batch times are those that were simulated, and the six cells meet their targets. */
import { readProfile } from "../../formats/files/index.js";
import { e2elMs } from "../../sim/index.js";
import { readRecorded } from "./cell-figures.js";
import { recoverBatches } from "./recover-batches.js";
import { scoreCells, TARGET, worst } from "./score-cells.js";
import { PROFILE_PATH, RECORDED_PATH, shippedPrompts, simulateCell, suiteCells } from "./suite.js";

test("batch service times recovered from simulated latencies are the simulated ones", async () => {
  const profile = readProfile(PROFILE_PATH);
  const prompts = await shippedPrompts();
  for (const cell of suiteCells()) {
    const { requests, batches } = simulateCell(cell, profile, prompts);
    const recorded = requests.map((request, index) => ({
      seq: index + 1,
      batch: request.batchId!,
      nextLimit: batches[request.batchId!]?.limit ?? 0,
      latencyS: e2elMs(request)! / 1000,
      peakGib: 0,
      inputWords: request.promptTokens,
      outputWords: request.outputTokens,
    }));
    const design = { clients: 10, batchSize: Number(cell.policy.batch_size), timeoutMs: 500, startsProcess: false };
    const recovered = recoverBatches({ policy: cell.policy.policy, run: 1, requests: recorded }, design);
    expect(recovered.map(({ size }) => size)).toEqual(batches.map(({ size }) => size));
    recovered.forEach(({ serviceMs, disagreementMs }, index) => {
      const { startNs, endNs } = batches[index]!;
      expect(serviceMs).toBeCloseTo((endNs - startNs) / 1e6, 6);
      expect(disagreementMs).toBeCloseTo(0, 6);
    });
  }
});

test("all six cells are within the targets, with the recorded batch sizes", async () => {
  const { cells } = readRecorded(RECORDED_PATH);
  const scores = scoreCells(suiteCells(), cells, readProfile(PROFILE_PATH), await shippedPrompts());
  expect(scores).toHaveLength(6);
  for (const { recorded, simulated } of scores) expect(simulated.batch_sizes).toEqual(recorded.batch_sizes);
  const { mean, quantile } = worst(scores);
  expect(mean).toBeLessThanOrEqual(TARGET.mean);
  expect(quantile).toBeLessThanOrEqual(TARGET.quantile);
});
