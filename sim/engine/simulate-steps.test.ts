/** Continuous batching on the virtual clock: clients, the effects of two steps in flight, two clocks, fast against step. */
import fc from "fast-check";
import { ConfigError, type Workload, type WorkloadRequest } from "../../formats/index.js";
import { noHost, type HostCost, type StepCostModel } from "../cost/index.js";
import { summarise } from "../metrics/index.js";
import { vllmSchedulers, type SchedulerLimits } from "../policy/index.js";
import { simulateSteps, type StepSimulationResult } from "./simulate-steps.js";
import type { EngineName } from "./step-simulation.js";
import { recordsOf } from "./log/step-records.js";
import { engineCosts, roomyLimits, stepWorkloads, tightLimits } from "./step-scenarios.fixture.js";
import { gpuOnly } from "./steps.conformance.js";

const STEP_NS = 100;
const SLEEP_NS = 1_000_000;
const engines: readonly EngineName[] = ["fast", "step"];

/** [arrival, prompt, output] by request; no arrival: of a closed-loop client. */
function requestsOf(lengths: readonly (readonly [number | undefined, number, number])[]): WorkloadRequest[] {
  return lengths.map(([arrivalNs, promptTokens, outputTokens], index) => {
    return { id: String(index), promptTokens, outputTokens, ...(arrivalNs === undefined ? {} : { arrivalNs }) };
  });
}

function open(lengths: readonly (readonly [number, number, number])[]): Workload {
  return { requests: requestsOf(lengths), maxConcurrency: Infinity, thinkNs: 0 };
}

function closed(count: number, maxConcurrency: number, thinkNs = 0): Workload {
  return { requests: requestsOf(Array.from({ length: count }, () => [undefined, 10, 5])), maxConcurrency, thinkNs };
}

interface Options {
  readonly change?: Partial<SchedulerLimits>;
  readonly host?: Partial<HostCost>;
  readonly engine?: EngineName;
}

/** Every step takes 100 ns on the GPU; the host takes no time but where `host` says so. */
function run(workload: Workload, { change = {}, host = {}, engine = "fast" }: Options = {}): StepSimulationResult {
  const cost = (): StepCostModel => ({ ...gpuOnly({ fixedNs: STEP_NS }), host: { ...noHost, ...host } });
  return simulateSteps({ workload, policy: vllmSchedulers(roomyLimits(change)), cost, engine });
}

/** [time, requests outstanding from then on], one entry an instant. */
function outstanding({ log }: StepSimulationResult): [number, number][] {
  const change = new Map<number, number>();
  for (let row = 0; row < log.rows; row++) {
    change.set(log.sentNs[row]!, (change.get(log.sentNs[row]!) ?? 0) + 1);
    change.set(log.lastTokenNs[row]!, (change.get(log.lastTokenNs[row]!) ?? 0) - 1);
  }
  let now = 0;
  return [...change].sort(([a], [b]) => a - b).map(([timeNs, by]) => [timeNs, (now += by)]);
}

describe.each(engines)("a client of the engine %s", (engine) => {
  it.each([false, true])("in a closed loop keeps its concurrency while requests are left, async %p", (isAsync) => {
    const result = run(closed(60, 7), { engine, change: { asyncScheduling: isAsync } });
    const lastSentNs = Math.max(...result.log.sentNs);
    const levels = outstanding(result).filter(([timeNs]) => timeNs < lastSentNs);
    expect(levels.length).toBeGreaterThan(2);
    expect([...new Set(levels.map(([, level]) => level))]).toEqual([7]);
  });

  it("thinks between an answer and the next request", () => {
    // Prefill and 4 decodes: 500 ns; thinks for 40.
    const { log } = run(closed(3, 1, 40), { engine });
    expect([...log.sentNs]).toEqual([0, 540, 1080]);
    expect([...log.arrivalNs]).toEqual([0, 540, 1080]);
    expect([...log.lastTokenNs]).toEqual([500, 1040, 1580]);
  });

  it("with arrival times sends at the later of arrival and free slot, and counts from the arrival", () => {
    const requests = requestsOf([
      [0, 10, 5],
      [10, 10, 5],
      [3000, 10, 5],
    ]);
    const { log } = run({ requests, maxConcurrency: 1, thinkNs: 0 }, { engine });
    expect([...log.arrivalNs]).toEqual([0, 10, 3000]);
    expect([...log.sentNs]).toEqual([0, 500, 3000]);
  });

  it("goes on to the next request when one is rejected", () => {
    const requests = requestsOf([
      [undefined, 300, 5],
      [undefined, 300, 5],
      [undefined, 10, 5],
      [undefined, 300, 5],
    ]);
    const result = run({ requests, maxConcurrency: 1, thinkNs: 0 }, { engine, change: { maxModelLen: 100 } });
    expect(recordsOf(result.log).map(({ status }) => status)).toEqual(["refused", "refused", "ok", "refused"]);
    expect(result.log.rejections.get(0)).toBe("305 tokens of prompt and output exceed max_model_len 100");
    expect([...result.log.sentNs]).toEqual([0, 0, 0, 500]);
  });

  it("has nothing to do without requests", () => {
    const result = run({ requests: [], maxConcurrency: Infinity, thinkNs: 0 }, { engine });
    expect([result.log.rows, result.steps, result.busyNs, result.preemptions]).toEqual([0, 0, 0, 0]);
    expect([result.kvHighWater, result.extrapolation]).toEqual([[0], { share: 0, of: [] }]);
  });
});

describe.each(engines)("the engine %s", (engine) => {
  const both = (workload: Workload, change: Partial<SchedulerLimits> = {}): StepSimulationResult[] =>
    [false, true].map((asyncScheduling) =>
      run(workload, { engine, change: { ...change, asyncScheduling }, host: { emptyStepSleepNs: SLEEP_NS } }),
    );

  it("lets a request that comes during a step join the next one, asynchronously the one after it", () => {
    // The second comes in step 2, from 200 to 300. Asynchronously step 3 was scheduled at 200: it joins 4, 400 to 500.
    const workload = open([
      [0, 4, 10],
      [250, 4, 10],
    ]);
    const [sync, async] = both(workload);
    expect([sync!.log.scheduledNs[1], sync!.log.firstTokenNs[1]]).toEqual([300, 400]);
    expect([async!.log.scheduledNs[1], async!.log.firstTokenNs[1]]).toEqual([300, 500]);
  });

  it("gives a freed slot away one step later when asynchronous", () => {
    // The first ends with step 1, at 200. Asynchronously step 2 runs from 200 without it, the third joins step 3.
    const workload = open([
      [0, 4, 2],
      [0, 4, 10],
      [0, 4, 10],
    ]);
    const [sync, async] = both(workload, { maxNumSeqs: 2 });
    expect([sync!.log.lastTokenNs[0], sync!.log.firstTokenNs[2]]).toEqual([200, 300]);
    expect([async!.log.lastTokenNs[0], async!.log.firstTokenNs[2]]).toEqual([200, 400]);
  });

  it("pays one empty step with its sleep when all slots end at once and others wait, asynchronous alone", () => {
    const workload = open([
      [0, 4, 2],
      [0, 4, 2],
      [0, 4, 2],
    ]);
    const [sync, async] = both(workload, { maxNumSeqs: 2 });
    expect([sync!.log.scheduledNs[2], sync!.log.lastTokenNs[2]]).toEqual([200, 400]);
    expect([async!.log.scheduledNs[2], async!.log.lastTokenNs[2]]).toEqual([200 + SLEEP_NS, 400 + SLEEP_NS]);
    expect([sync!.busyNs, async!.busyNs]).toEqual([400, 400]);
  });

  it("sleeps after its last request before it tells the worker, asynchronous alone: one that comes then waits", () => {
    // The first ends at 200. Asynchronously its last step was in flight beside an empty one, whose sleep follows; then two
    // empty steps tell the worker. The next one comes 100 ns into the sleep.
    const [sync, async] = both(
      open([
        [0, 4, 2],
        [300, 4, 1],
      ]),
    );
    expect([sync!.log.lastTokenNs[0], async!.log.lastTokenNs[0]]).toEqual([200, 200]);
    expect([sync!.log.scheduledNs[1], async!.log.scheduledNs[1]]).toEqual([300, 200 + SLEEP_NS]);
  });

  it("takes an empty step after the last request to tell the worker, two when asynchronous", () => {
    const [sync, async] = both(open([[0, 4, 2]]));
    expect([sync!.steps, async!.steps]).toEqual([3, 4]);
  });

  it("computes nothing for a token beyond the last", () => {
    for (const { busyNs } of both(open([[0, 4, 9]]))) expect(busyNs).toBe(900);
  });
});

test.each(engines)("requests that take each other's blocks forever are reported by the engine %s", (engine) => {
  // Without the full-sequence gate both start; of equals the earliest admitted is the victim, so neither gets to its end.
  const requests = requestsOf([
    [0, 35, 2],
    [0, 20, 17],
  ]);
  const change: Partial<SchedulerLimits> = {
    maxNumBatchedTokens: 28,
    numGpuBlocks: 4,
    longPrefillTokenThreshold: 7,
    schedulingPolicy: "priority",
    reserveFullIsl: false,
  };
  expect(() => run({ requests, maxConcurrency: Infinity, thinkNs: 0 }, { engine, change })).toThrow(/^livelock/);
});

interface TwoClocks {
  readonly scheduleNs: number;
  readonly launchNs: number;
  readonly lead: number;
  readonly gpuNs: number;
  readonly growthNs: number;
  readonly copyNs: number;
  readonly updateNs: number;
  readonly sendNs: number;
  readonly takeNs: number;
  readonly wakeNs: number;
  readonly requests: number;
  readonly outputs: number;
}

const ARRIVAL_NS = 5_000_000;
const PROMPT = 8;

/** When each token is out, from the equations: S, L, G and U of step k, and which of them the host waits for. */
function tokenTimesNs(c: TwoClocks, isAsync: boolean): number[] {
  const schedEnd: number[] = [];
  const launched: number[] = [];
  const gpuEnd: number[] = [];
  const out: number[] = [];
  const leadNs = Math.round(c.lead * c.launchNs);
  const begin = (k: number, startNs: number): void => {
    schedEnd[k] = startNs + c.scheduleNs;
    launched[k] = schedEnd[k] + c.launchNs;
    const stepNs = c.gpuNs + c.growthNs * (k === 0 ? 0 : c.requests * (PROMPT + k - 1));
    gpuEnd[k] = Math.max(Math.max(gpuEnd[k - 1] ?? 0, schedEnd[k] + leadNs) + stepNs, launched[k]);
  };
  const end = (k: number, hostNs: number): void => {
    out[k] = Math.max(gpuEnd[k]! + c.copyNs, hostNs) + c.updateNs + c.sendNs;
  };
  const firstNs = ARRIVAL_NS + c.wakeNs + c.requests * c.takeNs;
  begin(0, firstNs);
  for (let k = 0; k < c.outputs; k++) {
    if (!isAsync) {
      end(k, launched[k]!);
      if (k + 1 < c.outputs) begin(k + 1, out[k]!);
      continue;
    }
    // Step k + 1 is scheduled and launched before step k is waited for; the one after the last has no tokens.
    const nextNs = k === 0 ? launched[0]! : out[k - 1]!;
    if (k + 1 < c.outputs) begin(k + 1, nextNs);
    end(k, k + 1 < c.outputs ? launched[k + 1]! : nextNs + c.scheduleNs);
  }
  return out;
}

describe("the two clocks", () => {
  const times = fc.oneof(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 50_000 }));
  const clocks: fc.Arbitrary<TwoClocks> = fc.record({
    scheduleNs: times,
    launchNs: times,
    lead: fc.constantFrom(0, 0.074, 0.5, 1),
    gpuNs: fc.oneof(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 100_000 })),
    growthNs: fc.nat(20),
    copyNs: times,
    updateNs: times,
    sendNs: times,
    takeNs: fc.nat(5000),
    wakeNs: fc.nat(60_000),
    requests: fc.integer({ min: 1, max: 6 }),
    outputs: fc.integer({ min: 1, max: 80 }),
  });

  it.each([
    ["fast", false],
    ["fast", true],
    ["step", false],
    ["step", true],
  ] as const)("of the engine %s go as the equations say, async %p", (engine, isAsync) => {
    let jumped = 0;
    fc.assert(
      fc.property(clocks, (c) => {
        const lengths = Array.from({ length: c.requests }, () => [ARRIVAL_NS, PROMPT, c.outputs] as const);
        const host: HostCost = {
          scheduleNs: () => c.scheduleNs,
          launchNs: () => c.launchNs,
          leadNs: (_, launchNs) => Math.round(c.lead * launchNs),
          idleSpanNs: (_, launchNs, gpuNs) => Math.max(launchNs, Math.round(c.lead * launchNs) + gpuNs),
          updateNs: () => c.updateNs,
          copyNs: c.copyNs,
          sendNs: c.sendNs,
          takeRequestNs: c.takeNs,
          wakeNs: c.wakeNs,
          emptyStepSleepNs: SLEEP_NS,
        };
        const cost = (): StepCostModel => ({ ...gpuOnly({ fixedNs: c.gpuNs, perContextNs: c.growthNs }), host });
        const policy = vllmSchedulers(roomyLimits({ asyncScheduling: isAsync }));
        const { log, jumpedSteps } = simulateSteps({ workload: open(lengths), policy, cost, engine });
        jumped += jumpedSteps;
        const expected = tokenTimesNs(c, isAsync);
        const gapsMs = expected.slice(1).map((ns, at) => (ns - expected[at]!) / 1e6);
        expect([...log.firstTokenNs]).toEqual(lengths.map(() => expected[0]));
        expect([...log.lastTokenNs]).toEqual(lengths.map(() => expected.at(-1)));
        const pooled = Float64Array.from(lengths.flatMap(() => gapsMs));
        const summary = summarise(log, { itl: log.gaps });
        const wanted = summarise(log, { itl: pooled });
        for (const key of ["p50_itl_ms", "p90_itl_ms", "p99_itl_ms"] as const) expect(summary[key]).toBe(wanted[key]);
        if (gapsMs.length > 0) expect(summary.mean_itl_ms).toBeCloseTo(wanted.mean_itl_ms!, 9);
      }),
      { numRuns: 300, seed: 20_251_124 },
    );
    expect(jumped > 0).toBe(engine === "fast");
  });
});

describe("the engine fast", () => {
  const scenarios = fc.record({
    workload: stepWorkloads(30),
    policy: fc
      .record({ limits: tightLimits, prefixCaching: fc.boolean() })
      .map(({ limits, prefixCaching }) => vllmSchedulers({ ...limits, prefixCaching })),
    cost: engineCosts,
    replicas: fc.constantFrom(1, 1, 2, 3),
    router: fc.constantFrom("round-robin" as const, "least-outstanding" as const, "random" as const),
  });

  it("gives to the last bit what the engine step gives, and jumps over most of it", () => {
    let steps = 0;
    let jumped = 0;
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const told = (engine: EngineName): unknown => {
          try {
            const { log, jumpedSteps, ...facts } = simulateSteps({ ...scenario, engine });
            steps += facts.steps;
            jumped += jumpedSteps;
            return { ...facts, records: recordsOf(log), gaps: log.gaps.describe() };
          } catch (error) {
            if (error instanceof ConfigError) return error.message;
            throw error;
          }
        };
        expect(told("fast")).toEqual(told("step"));
      }),
      { numRuns: 600, seed: 20_251_124 },
    );
    // Half of all steps are those of the engine step.
    expect(jumped / (steps / 2)).toBeGreaterThan(0.2);
  });
});
