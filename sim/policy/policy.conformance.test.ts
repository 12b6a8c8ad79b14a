import fc from "fast-check";
import type { Workload } from "../../formats/index.js";
import { batchPolicyNames, findPolicy, planBatchPolicy, type Machine } from "./index.js";
import {
  affineCost,
  endProblems,
  fifoProblems,
  idleProblems,
  observe,
  overlapProblems,
  timeProblems,
  tokenProblems,
  type AffineTerms,
  type Observation,
} from "./policy.conformance.js";

const machine: Machine = { totalBytes: 1e9, baseBytes: 0, kvBytesPerToken: 1e3, positions: 1024 };

/** Gaps of bursts (0), of traffic and of idle spells. */
const gapNs = fc.oneof(fc.constant(0), fc.integer({ max: 30_000_000, min: 0 }), fc.integer({ max: 3e9, min: 0 }));

const workloads: fc.Arbitrary<Workload> = fc
  .record({
    requests: fc.array(
      fc.record({
        gapNs,
        promptTokens: fc.integer({ min: 1, max: 60 }),
        outputTokens: fc.integer({ min: 1, max: 12 }),
      }),
      { minLength: 1, maxLength: 30 },
    ),
    isTimed: fc.boolean(),
    concurrency: fc.integer({ min: 1, max: 8 }),
    isBounded: fc.boolean(),
    thinkNs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1e9 })),
  })
  .map(({ requests, isTimed, isBounded, concurrency, thinkNs }) => {
    let arrivalNs = 0;
    return {
      requests: requests.map(({ gapNs, promptTokens, outputTokens }, index) => {
        arrivalNs += gapNs;
        return { id: String(index), promptTokens, outputTokens, ...(isTimed ? { arrivalNs } : {}) };
      }),
      maxConcurrency: isBounded || !isTimed ? concurrency : Infinity,
      thinkNs,
    };
  });

const costs: fc.Arbitrary<AffineTerms> = fc.record({
  fixedNs: fc.integer({ min: 1, max: 50_000_000 }),
  perRowNs: fc.integer({ min: 0, max: 10_000_000 }),
  perTokenNs: fc.integer({ min: 0, max: 100_000 }),
  memoryPerRow: fc.integer({ min: 0, max: 20 }).map((hundredths) => hundredths / 100),
});

const seconds = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 2000 }).map((milliseconds) => milliseconds / 1e3),
);
const small = fc.integer({ min: 1, max: 8 });

/** Settings to draw for a policy; one that is not listed runs with its defaults. */
const settingsOf: Readonly<Record<string, fc.Arbitrary<object>>> = {
  naive: fc.record({ batch_size: small, timeout_s: seconds }),
  dynamic: fc
    .record({
      batch_size: small,
      min_batch_size: small,
      more: fc.integer({ min: 0, max: 8 }),
      timeout_s: seconds,
      max_time_wait_s: seconds,
      memory_threshold: fc.constantFrom(0.1, 0.5, 0.8, 1),
      sla: fc.constantFrom("deadline", "reference"),
    })
    .map(({ more, ...settings }) => ({ ...settings, max_batch_size: settings.min_batch_size + more })),
};

function cases(name: string): fc.Arbitrary<[object, Workload, AffineTerms]> {
  return fc.tuple(settingsOf[name] ?? fc.constant({}), workloads, costs);
}

describe.each(batchPolicyNames)("policy %s", (name) => {
  const holds = (problems: (run: Observation, workload: Workload) => unknown[]): void => {
    fc.assert(
      fc.property(cases(name), ([settings, workload, terms]) => {
        const plan = planBatchPolicy(name, settings, { source: "conformance" });
        const run = observe(plan.create(machine), workload, affineCost(terms));
        expect(problems(run, workload)).toEqual([]);
      }),
      { numRuns: 80, seed: 20_251_124 },
    );
  };

  it("says what it is", () => {
    expect(findPolicy(name).describe).not.toBe("");
  });

  it("ends every request exactly once, finished or rejected with a reason", () => {
    holds(endProblems);
  });

  it("gives every request the tokens it asked for", () => {
    holds(tokenProblems);
  });

  it("first runs requests in arrival order where it promises to", () => {
    holds(fifoProblems);
  });

  it("starts no batch while one runs", () => {
    holds(overlapProblems);
  });

  it("leaves the machine idle while requests wait no longer than it promises", () => {
    holds(idleProblems);
  });

  it("never lets a request's times go back", () => {
    holds(timeProblems);
  });

  it("gives the same result when run again", () => {
    fc.assert(
      fc.property(cases(name), ([settings, workload, terms]) => {
        const plan = planBatchPolicy(name, settings, { source: "conformance" });
        const again = () => observe(plan.create(machine), workload, affineCost(terms)).result;
        expect(again()).toEqual(again());
      }),
      { numRuns: 40, seed: 20_251_124 },
    );
  });
});
