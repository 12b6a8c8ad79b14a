/** Continuous batching against queueing theory: one slot is a single server, and what must hold for any server. */
import fc from "fast-check";
import type { Workload, WorkloadRequest } from "../../formats/index.js";
import { stream, type Random } from "../kernel/index.js";
import { summarise } from "../metrics/index.js";
import { vllmSchedulers } from "../policy/index.js";
import { arrivalTimesNs } from "../workload/index.js";
import { simulateSteps } from "./simulate-steps.js";
import { engineCosts, roomyLimits, stepWorkloads, tightLimits } from "./step-scenarios.fixture.js";
import { gpuOnly, idleProblems } from "./steps.conformance.js";

const STEP_NS = 1_000_000;
const REQUESTS = 100_000;

/** Output lengths, and their first two moments; a request of n tokens takes n steps: its prefill samples the first. */
interface Lengths {
  readonly draw: (random: Random) => number;
  readonly mean: number;
  readonly meanSquare: number;
}

/** 1, 2, ... with mean 1 / p; E[n^2] = (2 - p) / p^2. */
function geometric(p: number): Lengths {
  return {
    draw: (random) => 1 + Math.floor(Math.log1p(-random()) / Math.log1p(-p)),
    mean: 1 / p,
    meanSquare: (2 - p) / (p * p),
  };
}

/** `long` tokens with probability p, else `short`. */
function mixed(short: number, long: number, p: number): Lengths {
  return {
    draw: (random) => (random() < p ? long : short),
    mean: short + (long - short) * p,
    meanSquare: short ** 2 + (long ** 2 - short ** 2) * p,
  };
}

function poisson(load: number, { draw, mean }: Lengths, count = REQUESTS): Workload {
  const process = { ratePerS: (load / (mean * STEP_NS)) * 1e9, burstiness: 1, kind: "gamma" } as const;
  const arrivalsNs = arrivalTimesNs(count, process, stream("theory/0/arrivals"));
  const random = stream("theory/0/lengths");
  const requests = arrivalsNs.map((arrivalNs, index): WorkloadRequest => {
    return { id: String(index), arrivalNs, promptTokens: 8, outputTokens: draw(random) };
  });
  return { requests, maxConcurrency: Infinity, thinkNs: 0 };
}

describe("one slot, synchronous, under a Poisson stream", () => {
  const lengths: readonly [string, Lengths][] = [
    ["geometric", geometric(0.1)],
    ["mixed", mixed(2, 40, 0.2)],
  ];
  const loads = [0.3, 0.8];
  const cases = lengths.flatMap(([name, of]) => loads.map((load) => [name, load, of] as const));

  it.each(cases)("with %s lengths at load %p waits as Pollaczek and Khinchine say of M/G/1", (_, load, of) => {
    const { log } = simulateSteps({
      workload: poisson(load, of),
      policy: vllmSchedulers(roomyLimits({ maxNumSeqs: 1 })),
      cost: () => gpuOnly({ fixedNs: STEP_NS }),
      engine: "fast",
    });
    let waitNs = 0;
    for (let row = 0; row < log.rows; row++) waitNs += log.scheduledNs[row]! - log.arrivalNs[row]!;
    const expectedNs = (load * (of.meanSquare / of.mean) * STEP_NS) / (2 * (1 - load));
    // The mean of 100000 correlated waits: 6 % is about three standard errors at load 0.8, more below it.
    expect(Math.abs(waitNs / log.rows / expectedNs - 1)).toBeLessThan(0.06);
  });
});

describe("any run", () => {
  const scenarios = fc.record({
    workload: stepWorkloads(30),
    policy: tightLimits.map((drawn) => vllmSchedulers({ ...drawn, reserveFullIsl: true, schedulingPolicy: "fcfs" })),
    cost: engineCosts,
    replicas: fc.constantFrom(1, 2),
    engine: fc.constantFrom("fast" as const, "step" as const),
  });
  const RUNS = { numRuns: 120, seed: 20_251_124, endOnFailure: true };

  it("obeys Little's law", () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const { log } = simulateSteps(scenario);
        const { littles_law_ratio: ratio, completed } = summarise(log, { itl: log.gaps });
        if (completed > 0) expect(ratio).toBeCloseTo(1, 9);
      }),
      RUNS,
    );
  });

  it("is busy for the sum of its steps", () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        let sumNs = 0;
        const cost = (): ReturnType<typeof scenario.cost> => {
          const made = scenario.cost();
          const gpuNs: typeof made.gpuNs = (step) => {
            const ns = made.gpuNs(step);
            sumNs += ns;
            return ns;
          };
          return Object.create(made, { gpuNs: { value: gpuNs } }) as typeof made;
        };
        const { busyNs } = simulateSteps({ ...scenario, cost, engine: "step" });
        expect(busyNs).toBe(sumNs);
        expect(simulateSteps({ ...scenario, engine: "fast" }).busyNs).toBe(sumNs);
      }),
      RUNS,
    );
  });
});

test("a synchronous server whose host takes no time is busy whenever a request is there", () => {
  for (const load of [0.3, 0.8, 1.5]) {
    const policy = vllmSchedulers(roomyLimits({ maxNumSeqs: 8 }));
    const workload = poisson(load * 8, geometric(0.05), 5000);
    const { log, busyNs } = simulateSteps({
      workload,
      policy,
      cost: () => gpuOnly({ fixedNs: STEP_NS, perContextNs: 10 }),
      engine: "fast",
    });
    expect(idleProblems({ log, busyNs })).toEqual([]);
  }
});
