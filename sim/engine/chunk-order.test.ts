/** A client's chunks come in order: first chunks are written last of their job, and nothing of a request overtakes its first. */
import fc from "fast-check";
import type { Workload } from "../../formats/index.js";
import type { StepCostModel } from "../cost/index.js";
import { tokenCounts, vllmSchedulers } from "../policy/index.js";
import { gpuOnly } from "./steps.conformance.js";
import { engineCosts, roomyLimits, stepWorkloads, tightLimits } from "./step-scenarios.fixture.js";
import { simulateSteps, type StepSimulationResult } from "./simulate-steps.js";
import type { EngineName } from "./step-simulation.js";
import { StepLog } from "./log/step-log.js";

const engines: readonly EngineName[] = ["fast", "step"];

/** Steps of 100 ns; an output takes 10 ns, and a first chunk is out `lateNs` after the others of its job. */
function lateFirsts(lateNs: number): StepCostModel {
  return {
    ...gpuOnly({ fixedNs: 100 }),
    frontEnd: {
      acceptNs: 0,
      deliveryNs: 7,
      requestNs: () => 0,
      hops: 0,
      hopNs: () => 0,
      hopGapNs: () => 0,
      outputNs: () => 10,
      restNs: () => 0,
      firstWaitNs: () => lateNs,
    },
  };
}

function run(engine: EngineName, workload: Workload, lateNs: number): StepSimulationResult {
  return simulateSteps({ workload, policy: vllmSchedulers(roomyLimits()), cost: () => lateFirsts(lateNs), engine });
}

function sumOfGapsMs({ log }: StepSimulationResult): number {
  return (log.gaps.describe()?.mean ?? 0) * log.gaps.gaps;
}

describe.each(engines)("the engine %s", (engine) => {
  it("sends tokens that find the first chunk not yet written out with it", () => {
    const workload = {
      requests: [{ id: "a", promptTokens: 5, outputTokens: 5, arrivalNs: 0 }],
      maxConcurrency: Infinity,
      thinkNs: 0,
    };
    const result = run(engine, workload, 250);
    // Steps end at 100, 200, ..., 500, and are at the client 17 later; the first chunk not before 367.
    expect(result.log.firstTokenNs[0]).toBe(367);
    expect(result.log.lastTokenNs[0]).toBe(517);
    const gaps = result.log.gaps.describe()!;
    // The second and third token come with the first: gaps of 0, 0, 50 and 100.
    expect([result.log.gaps.gaps, gaps.mean, gaps.median]).toEqual([4, 37.5 / 1e6, 25 / 1e6]);
  });

  it.each([1, 2])(
    "frees a closed-loop client when its last chunk is there, of answers of %i tokens",
    (outputTokens) => {
      const requests = Array.from({ length: 4 }, (_, index) => ({ id: String(index), promptTokens: 5, outputTokens }));
      const { log } = run(engine, { requests, maxConcurrency: 1, thinkNs: 3 }, 1000);
      expect(log.firstTokenNs[0]).toBe(1117);
      // The second token comes with the first.
      expect([...log.lastTokenNs]).toEqual([...log.firstTokenNs]);
      expect([...log.sentNs]).toEqual([0, ...[...log.lastTokenNs].slice(0, -1).map((endNs) => endNs + 3)]);
    },
  );

  it("takes ends in the order in which clients have them, not in which the engine completes them", () => {
    // b's only token is a first chunk, written long after a's last one, though of the same step.
    const requests = [
      { id: "a", promptTokens: 5, outputTokens: 2, arrivalNs: 0 },
      { id: "b", promptTokens: 5, outputTokens: 1, arrivalNs: 50 },
      { id: "c", promptTokens: 5, outputTokens: 1 },
      { id: "d", promptTokens: 5, outputTokens: 1 },
    ];
    const { log } = run(engine, { requests, maxConcurrency: 2, thinkNs: 0 }, 40);
    expect([log.lastTokenNs[0], log.lastTokenNs[1]]).toEqual([217, 257]);
    expect([log.sentNs[2], log.sentNs[3]]).toEqual([217, 257]);
  });
});

test("no last token precedes a first, and the gaps of all requests add up to last minus first, with either engine", () => {
  let late = 0;
  fc.assert(
    fc.property(
      tightLimits,
      stepWorkloads(100),
      engineCosts,
      fc.integer({ min: 1, max: 3 }),
      (limits, workload, cost, replicas) => {
        for (const engine of engines) {
          const result = simulateSteps({ workload, policy: vllmSchedulers(limits), cost, engine, replicas });
          const { log } = result;
          let spansNs = 0;
          for (let row = 0; row < log.rows; row++) {
            if (log.ok[row] !== 1) continue;
            const spanNs = log.lastTokenNs[row]! - log.firstTokenNs[row]!;
            expect(spanNs).toBeGreaterThanOrEqual(0);
            if (spanNs === 0 && log.outputTokens[row]! > 1) late++;
            spansNs += spanNs;
          }
          expect(sumOfGapsMs(result) * 1e6).toBeCloseTo(spansNs, 2);
        }
      },
    ),
    { numRuns: 300, seed: 20_261_126 },
  );
  // Without answers that came in one chunk nothing would be shown.
  expect(late).toBeGreaterThan(10);
});

test("a log whose last token precedes the first is rejected as a bug of ours", () => {
  const requests = [{ id: "a", promptTokens: 1, outputTokens: 1 }];
  const log = new StepLog(requests, tokenCounts(requests));
  log.sent(0, 0, 0);
  log.admitted(0, 0, 1);
  log.token(0, 20);
  log.completed(0);
  log.checkWhole();
  log.lastTokenNs[0] = 19;
  expect(() => {
    log.checkWhole();
  }).toThrow("request a: arrival 0, sent 0, scheduled 1, first token 20 and last token 19 ns are not in this order");
});
