import fc from "fast-check";
import { ConfigError, type Workload } from "../../formats/index.js";
import {
  findPolicy,
  planPolicy,
  stepPolicyNames,
  vllmSchedulers,
  type SchedulerLimits,
  type StepSchedulers,
} from "../policy/index.js";
import { isMonotone } from "../policy/policy.conformance.js";
import { simulateSteps } from "./simulate-steps.js";
import type { EngineName } from "./step-simulation.js";
import { recordsOf } from "./log/step-records.js";
import { engineCosts, stepWorkloads, tightLimits } from "./step-scenarios.fixture.js";
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
  type StepScenario,
} from "./steps.conformance.js";

const costs = fc
  .record({
    fixedNs: fc.integer({ min: 1, max: 500 }),
    perRequestNs: fc.nat(20),
    perTokenNs: fc.nat(10),
    perContextNs: fc.nat(3),
  })
  .map(gpuOnly);

interface Scenario extends StepScenario {
  /** Without the full-sequence gate requests may take each other's blocks forever, as they do in vLLM. */
  readonly mayLivelock: boolean;
}

/** vllm under limits in every corner; `change` is made to all of them. */
function vllmScenarios(change: Partial<SchedulerLimits>, { saysWork }: Pick<StepScenario, "saysWork">) {
  return fc
    .record({ workload: stepWorkloads(), limits: tightLimits, cost: costs })
    .map(({ limits: drawn, ...rest }): Scenario => {
      const limits = { ...drawn, ...change };
      return { ...rest, policy: vllmSchedulers(limits), saysWork, mayLivelock: !limits.reserveFullIsl };
    });
}

/** Room for some 900 tokens, so that requests wait. */
const machine = { totalBytes: 1000, baseBytes: 0, kvBytesPerToken: 1, positions: 100 };

/** Settings to draw for a policy; one that is not listed runs with its defaults. */
const settingsOf: Readonly<Record<string, fc.Arbitrary<object>>> = {
  orca: fc.record(
    {
      max_num_seqs: fc.integer({ min: 1, max: 8 }),
      max_model_len: fc.constantFrom(60, 1000),
      kv_cache_tokens: fc.integer({ min: 60, max: 400 }),
    },
    { requiredKeys: [] },
  ),
};

function registeredPolicy(name: string): fc.Arbitrary<StepSchedulers> {
  return (settingsOf[name] ?? fc.constant({})).map((settings) => {
    const plan = planPolicy(name, settings, { source: "conformance" });
    if (plan.work !== "step") throw new Error(`${name} runs batches`);
    return plan.create(machine);
  });
}

const mayLivelock = fc.constant(false);

function registeredScenarios(name: string): fc.Arbitrary<Scenario> {
  const policy = registeredPolicy(name);
  return fc.record({ workload: stepWorkloads(), policy, saysWork: fc.boolean(), cost: costs, mayLivelock });
}

interface Case {
  readonly scenarios: fc.Arbitrary<Scenario>;
  /** Whether its steps say whom they schedule. */
  readonly isNamed: boolean;
}

const saying = { saysWork: true };
const cases: Readonly<Record<string, Case>> = {
  "vllm, saying who does what": { scenarios: vllmScenarios({}, saying), isNamed: true },
  "vllm, saying who does what, with prefix caching": {
    scenarios: vllmScenarios({ prefixCaching: true }, saying),
    isNamed: true,
  },
  "vllm, by counts": { scenarios: vllmScenarios({}, { saysWork: false }), isNamed: false },
  ...Object.fromEntries(
    stepPolicyNames.map((name) => [name, { scenarios: registeredScenarios(name), isNamed: false }]),
  ),
};

/** A run under watch; undefined where it never ends, and may. */
function observed(scenario: Scenario): StepObservation | undefined {
  try {
    return observeSteps(scenario);
  } catch (error) {
    if (error instanceof ConfigError && scenario.mayLivelock && error.message.startsWith("livelock")) return;
    throw error;
  }
}

const RUNS = { numRuns: 250, seed: 20_251_124 };

describe.each(Object.keys(cases))("the scheduler of %s", (name) => {
  const { scenarios: drawn, isNamed } = cases[name]!;
  let runs: readonly (readonly [run: StepObservation | undefined, workload: Workload])[];
  beforeAll(() => {
    runs = fc.sample(drawn, RUNS).map((scenario) => [observed(scenario), scenario.workload]);
  });
  afterAll(() => {
    runs = [];
  });

  /** Of the runs that all these tests share; only where it does not hold is the scenario simulated again, to be made smaller. */
  const holds = (problems: (run: StepObservation, workload: Workload) => unknown[]): void => {
    const found = runs.filter(([run, workload]) => run !== undefined && problems(run, workload).length > 0);
    if (found.length === 0) return;
    const isSound = (scenario: Scenario): void => {
      const run = observed(scenario);
      expect(run === undefined ? [] : problems(run, scenario.workload)).toEqual([]);
    };
    fc.assert(fc.property(drawn, isSound), RUNS);
    expect(found).toEqual([]);
  };

  it("ends every request exactly once, finished or rejected with a reason", () => {
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

  it("keeps to its budget, slots and blocks, and gives all blocks back", () => {
    holds(limitProblems);
  });

  it("first runs requests in order of arrival where it promises to", () => {
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
      fc.property(drawn, (scenario) => {
        const again = (): unknown => {
          const run = observed(scenario);
          return run === undefined ? "livelock" : { ...run, log: recordsOf(run.log) };
        };
        expect(again()).toEqual(again());
      }),
      { ...RUNS, numRuns: 60 },
    );
  });
});

test("a scheduler that says who does what takes every step as one that only counts", () => {
  let preemptions = 0;
  fc.assert(
    fc.property(vllmScenarios({}, saying), (scenario) => {
      const run = (saysWork: boolean): unknown => {
        const observation = observed({ ...scenario, saysWork });
        if (observation === undefined) return "livelock";
        const { log, steps, busyNs } = observation;
        preemptions += steps.reduce((sum, { counts }) => sum + counts.preempted.length, 0);
        const told = steps.map(({ counts, completed, runningRequests, freeBlocks }) => {
          return { counts, completed: [...completed].sort((a, b) => a - b), runningRequests, freeBlocks };
        });
        return { records: recordsOf(log), busyNs, told };
      };
      expect(run(false)).toEqual(run(true));
    }),
    { ...RUNS, numRuns: 500 },
  );
  expect(preemptions).toBeGreaterThan(150);
});

describe.each(stepPolicyNames)("the policy %s", (name) => {
  it("says what it is", () => {
    expect(findPolicy(name).describe).not.toBe("");
  });

  it("gives to the last bit the same run when runs of decodes are jumped over", () => {
    const policy = registeredPolicy(name);
    const replicas = fc.constantFrom(1, 1, 2);
    fc.assert(
      fc.property(fc.record({ workload: stepWorkloads(30), policy, cost: engineCosts, replicas }), (scenario) => {
        const run = (engine: EngineName): unknown => {
          const { log, ...totals } = simulateSteps({ ...scenario, engine });
          return { ...totals, jumpedSteps: undefined, records: recordsOf(log), gaps: log.gaps.describe() };
        };
        expect(run("fast")).toEqual(run("step"));
      }),
      RUNS,
    );
  });
});
