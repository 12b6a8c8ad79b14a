import fc from "fast-check";
import { ConfigError, type Workload } from "../../formats/index.js";
import { CountScheduler, Scheduler, type StepScheduler } from "../policy/index.js";
import { isMonotone } from "../policy/policy.conformance.js";
import { recordsOf } from "./step-records.js";
import { stepWorkloads, tightLimits } from "./step-scenes.conformance.js";
import {
  endProblems,
  fifoProblems,
  gpuOnly,
  idleProblems,
  kvProblems,
  limitProblems,
  observeSteps,
  overlapProblems,
  tokenProblems,
  type StepObservation,
  type StepScene,
} from "./steps.conformance.js";

const costs = fc
  .record({
    fixedNs: fc.integer({ min: 1, max: 500 }),
    perRequestNs: fc.nat(20),
    perTokenNs: fc.nat(10),
    perContextNs: fc.nat(3),
  })
  .map(gpuOnly);

const scenes: fc.Arbitrary<StepScene> = fc.record({ workload: stepWorkloads(), limits: tightLimits, cost: costs });
const cachedScenes = scenes.map((scene) => ({ ...scene, limits: { ...scene.limits, prefixCaching: true } }));

interface Case {
  readonly make: (scene: StepScene) => StepScheduler;
  readonly scenes: fc.Arbitrary<StepScene>;
  /** Whether its steps say whom they schedule. */
  readonly isNamed: boolean;
}

const reference = ({ limits, workload }: StepScene): Scheduler => new Scheduler(limits, workload.requests);
const counted = ({ limits, workload }: StepScene): CountScheduler => new CountScheduler(limits, workload.requests);

const cases: Readonly<Record<string, Case>> = {
  reference: { make: reference, scenes, isNamed: true },
  "reference with prefix caching": { make: reference, scenes: cachedScenes, isNamed: true },
  "count scheduler": { make: counted, scenes, isNamed: false },
};

/**
 * A run under watch. Without the full-sequence gate requests may take each other's blocks for ever, as they do in vLLM:
 * the loop says so, and there is nothing to look at.
 */
function observed(scheduler: StepScheduler, scene: StepScene): StepObservation | undefined {
  try {
    return observeSteps(scheduler, scene);
  } catch (error) {
    if (error instanceof ConfigError && !scene.limits.reserveFullIsl && error.message.startsWith("livelock")) return;
    throw error;
  }
}

const RUNS = { numRuns: 250, seed: 20_251_124 };

describe.each(Object.keys(cases))("the %s", (name) => {
  const { make, scenes: drawn, isNamed } = cases[name]!;
  const holds = (problems: (run: StepObservation, workload: Workload) => unknown[]): void => {
    fc.assert(
      fc.property(drawn, (scene) => {
        const run = observed(make(scene), scene);
        expect(run === undefined ? [] : problems(run, scene.workload)).toEqual([]);
      }),
      RUNS,
    );
  };

  it("ends every request exactly once, finished or refused with a reason", () => {
    holds(endProblems);
  });

  it("samples and delivers exactly the tokens that were asked for", () => {
    holds(tokenProblems);
  });

  if (isNamed) {
    it("samples each token after the KV of all before it was computed or cached", () => {
      holds(kvProblems);
    });
  }

  it("keeps to its budget, seats and blocks, and gives all blocks back", () => {
    holds(limitProblems);
  });

  it("first runs requests in order of arrival without priorities", () => {
    holds(fifoProblems);
  });

  it("has no more steps in flight than its depth", () => {
    holds(overlapProblems);
  });

  it("leaves a machine whose host takes no time idle only when no request is there", () => {
    holds(idleProblems);
  });

  it("never lets a request's times go back", () => {
    holds(({ log }) => recordsOf(log).filter((record) => !isMonotone(record)));
  });

  it("gives the same run again", () => {
    fc.assert(
      fc.property(drawn, (scene) => {
        const again = (): unknown => {
          const run = observed(make(scene), scene);
          return run === undefined ? "livelock" : { ...run, log: recordsOf(run.log) };
        };
        expect(again()).toEqual(again());
      }),
      { ...RUNS, numRuns: 60 },
    );
  });
});

test("the count scheduler takes every step as the reference does", () => {
  let preemptions = 0;
  fc.assert(
    fc.property(scenes, (scene) => {
      const run = (scheduler: StepScheduler): unknown => {
        const observation = observed(scheduler, scene);
        if (observation === undefined) return "livelock";
        const { log, steps, busyNs } = observation;
        preemptions += steps.reduce((sum, { counts }) => sum + counts.preempted.length, 0);
        const told = steps.map(({ counts, completed, runningRequests, freeBlocks }) => {
          return { counts, completed: [...completed].sort((a, b) => a - b), runningRequests, freeBlocks };
        });
        return { records: recordsOf(log), busyNs, told };
      };
      expect(run(counted(scene))).toEqual(run(reference(scene)));
    }),
    { ...RUNS, numRuns: 1000 },
  );
  expect(preemptions).toBeGreaterThan(300);
});
