/** Several engines behind a router, on one clock. */
import fc from "fast-check";
import type { RequestRecord, Workload, WorkloadRequest } from "../../formats/index.js";
import { vllmSchedulers } from "../policy/index.js";
import { routerNames, type RouterName } from "../router/index.js";
import { simulateSteps, type StepSimulationResult } from "./simulate-steps.js";
import { recordsOf } from "./log/step-records.js";
import { engineCosts, roomyLimits, stepWorkloads, tightLimits } from "./step-scenarios.fixture.js";
import { gpuOnly } from "./steps.conformance.js";

const engines = ["fast", "step"] as const;

function open(workload: Workload): Workload {
  const requests = workload.requests.map((request) => ({ arrivalNs: 0, ...request }));
  return { requests, maxConcurrency: Infinity, thinkNs: 0 };
}

/** With the full-sequence gate nobody can be in each other's way forever. */
const policy = tightLimits.map((drawn) => vllmSchedulers({ ...drawn, reserveFullIsl: true, schedulingPolicy: "fcfs" }));
const scenarios = fc.record({ workload: stepWorkloads(30), policy, cost: engineCosts });
const RUNS = { numRuns: 60, seed: 20_251_124, endOnFailure: true };

describe.each(engines)("replicas of the engine %s", (engine) => {
  it("under round-robin serve every Nth request as one server alone would", () => {
    fc.assert(
      fc.property(scenarios, fc.integer({ min: 2, max: 4 }), ({ workload: drawn, policy, cost }, replicas) => {
        const workload = open(drawn);
        const whole = simulateSteps({ workload, policy, cost, engine, replicas, router: "round-robin" });
        const records: RequestRecord[] = [];
        let [steps, busyNs, preemptions] = [0, 0, 0];
        for (let at = 0; at < replicas; at++) {
          const requests = workload.requests.filter((_, index) => index % replicas === at);
          const part = simulateSteps({ workload: { ...workload, requests }, policy, cost, engine });
          recordsOf(part.log).forEach((record, index) => (records[at + index * replicas] = record));
          steps += part.steps;
          busyNs += part.busyNs;
          preemptions += part.preemptions;
        }
        expect(recordsOf(whole.log)).toEqual(records);
        expect([whole.steps, whole.busyNs, whole.preemptions]).toEqual([steps, busyNs, preemptions]);
      }),
      RUNS,
    );
  });

  it.each(routerNames)("under %s end every request once, the same again with the same seed", (router) => {
    fc.assert(
      fc.property(scenarios, fc.integer({ min: 1, max: 4 }), (scenario, replicas) => {
        const told = (): unknown => {
          const { log, ...facts } = simulateSteps({ ...scenario, engine, replicas, router, seed: "7" });
          return { ...facts, records: recordsOf(log), gaps: log.gaps.describe() };
        };
        const { log } = simulateSteps({ ...scenario, engine, replicas, router, seed: "7" });
        const { requests } = scenario.workload;
        const served = requests.filter((_, index) => log.ok[index] === 1);
        expect(served.length + log.rejections.size).toBe(requests.length);
        const gaps = served.reduce((sum, { outputTokens }) => sum + outputTokens - 1, 0);
        expect(log.gaps.gaps).toBe(gaps);
        expect(told()).toEqual(told());
      }),
      { ...RUNS, numRuns: 25 },
    );
  });
});

describe("the router", () => {
  /** Of 600 and 20 ns in turn, one each 200 ns: round-robin sends all long ones one way, more than one slot serves. */
  const requests = Array.from({ length: 40 }, (_, index): WorkloadRequest => {
    return { id: String(index), arrivalNs: index * 200, promptTokens: 4, outputTokens: index % 2 === 0 ? 60 : 2 };
  });
  const workload: Workload = { requests, maxConcurrency: Infinity, thinkNs: 0 };
  const run = (router: RouterName): StepSimulationResult =>
    simulateSteps({
      workload,
      policy: vllmSchedulers(roomyLimits({ maxNumSeqs: 1 })),
      cost: () => gpuOnly({ fixedNs: 10 }),
      engine: "fast",
      replicas: 2,
      router,
    });
  const meanNs = ({ log }: StepSimulationResult): number =>
    log.lastTokenNs.reduce((sum, lastNs, row) => sum + lastNs - log.arrivalNs[row]!, 0) / log.rows;

  it("least-outstanding balances what round-robin sends one way", () => {
    expect(meanNs(run("least-outstanding"))).toBeLessThan(0.5 * meanNs(run("round-robin")));
  });

  it("least-outstanding spreads a burst of equal requests evenly", () => {
    const burst = Array.from({ length: 40 }, (_, index): WorkloadRequest => {
      return { id: String(index), arrivalNs: 0, promptTokens: 16, outputTokens: 16 };
    });
    const { kvHighWater } = simulateSteps({
      workload: { requests: burst, maxConcurrency: Infinity, thinkNs: 0 },
      policy: vllmSchedulers(roomyLimits()),
      cost: () => gpuOnly({ fixedNs: 10 }),
      engine: "fast",
      replicas: 4,
      router: "least-outstanding",
    });
    // 10 requests of 31 cached tokens: two blocks each.
    expect(kvHighWater).toEqual([20, 20, 20, 20]);
  });

  it("least-outstanding in a closed loop sends to the replica whose request ended", () => {
    const closed: Workload = {
      requests: [20, 3, 3, 3].map((outputTokens, index) => ({ id: String(index), promptTokens: 4, outputTokens })),
      maxConcurrency: 2,
      thinkNs: 0,
    };
    const { log } = simulateSteps({
      workload: closed,
      policy: vllmSchedulers(roomyLimits({ maxNumSeqs: 1 })),
      cost: () => gpuOnly({ fixedNs: 10 }),
      engine: "fast",
      replicas: 2,
      router: "least-outstanding",
    });
    // One slot each: the short ones follow each other on the second replica and never wait behind the long one.
    expect([...log.lastTokenNs]).toEqual([200, 30, 60, 90]);
  });
});
