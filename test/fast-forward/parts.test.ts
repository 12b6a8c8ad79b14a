/** Replicas that are apart, each simulated by itself as another thread would, and their results put together. */
import fc from "fast-check";
import type { Workload } from "../../formats/index.js";
import {
  buffersOf,
  MergedParts,
  replicaParts,
  simulatePart,
  simulateSteps,
  vllmSchedulers,
  workloadOfPart,
  type ReplicaPart,
  type StepSimulationResult,
} from "../../sim/index.js";
import { fastCases, stepCost, type FastCase } from "./cases.js";
import { columns, outcome } from "./identical.js";

const blind = fastCases
  .filter(({ workload }) => workload.maxConcurrency === Infinity && workload.sessions === undefined)
  .chain((fastCase) =>
    fc
      .record({
        replicas: fc.integer({ min: 2, max: 4 }),
        router: fc.constantFrom("round-robin" as const, "random" as const),
      })
      .map((routing): FastCase => ({ ...fastCase, ...routing, workload: plain(fastCase.workload) })),
  );

/** Without what keeps a run in one thread: answers that others look for, and limits beyond where they end. */
function plain(workload: Workload): Workload {
  const kept = (entry: [string, unknown]): boolean => entry[0] !== "answer" && entry[0] !== "maxTokens";
  const requests = workload.requests.map((request) => Object.fromEntries(Object.entries(request).filter(kept)));
  return { ...workload, requests: requests as unknown as Workload["requests"] };
}

function whole(fastCase: FastCase): Parameters<typeof simulateSteps>[0] {
  const { workload, limits, replicas, router } = fastCase;
  const cost = (replica: number): ReturnType<typeof stepCost> => stepCost(fastCase, replica);
  return { workload, policy: vllmSchedulers(limits), cost, engine: "fast", replicas, router, seed: "7" };
}

/** Parts and results cross threads, and come back in another order. */
function inParts(fastCase: FastCase): StepSimulationResult {
  const input = whole(fastCase);
  const parts = replicaParts(input)!;
  const merged = new MergedParts(input, parts);
  const add = (part: ReplicaPart, afterPreemption: boolean): void => {
    const workload = workloadOfPart(structuredClone(part));
    const result = simulatePart({ ...input, workload }, { replica: part.replica, afterPreemption });
    merged.add(part, structuredClone(result, { transfer: buffersOf(result) as ArrayBuffer[] }));
  };
  for (const part of [...parts].reverse()) add(part, false);
  for (const part of merged.again()) add(part, true);
  return merged.result();
}

/** All that a run tells of a simulation, also how its steps were taken. */
function told({ log, ...totals }: StepSimulationResult): unknown {
  const rows = Object.fromEntries(columns.map((name) => [name, [...log[name]]]));
  const server = [...log.sentNs.keys()].map((row) => log.serverTimes?.columns(row, log.scheduledNs[row]!));
  const rejections = [...log.rejections].sort(([a], [b]) => a - b);
  const gaps = [
    log.gaps.gaps,
    log.gaps.describe(),
    log.gaps.gaps === 0 ? [] : log.gaps.quantilesMs([0, 0.001, 0.3, 1]),
  ];
  return { ...totals, rows, server, rejections, gaps };
}

test("parts put together are the whole to the last bit, with every count", () => {
  let [simulated, preempting, rejecting, inRuns, jumped] = [0, 0, 0, 0, 0];
  fc.assert(
    fc.property(blind, (fastCase) => {
      const one = outcome(() => simulateSteps(whole(fastCase)));
      const parts = outcome(() => inParts(fastCase));
      if (typeof one === "string" || typeof parts === "string") {
        expect(typeof parts).toBe(typeof one);
        return;
      }
      expect(told(parts)).toEqual(told(one));
      simulated++;
      inRuns += one.runSteps;
      jumped += one.jumpedSteps;
      if (one.preemptions > 0) preempting++;
      if (one.log.rejections.size > 0) rejecting++;
    }),
    { numRuns: 600, seed: 20_261_127, endOnFailure: true },
  );
  expect(simulated).toBeGreaterThan(550);
  expect(Math.min(preempting, rejecting)).toBeGreaterThan(10);
  expect(Math.min(inRuns, jumped)).toBeGreaterThan(5_000);
});
