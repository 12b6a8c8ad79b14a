/** The autoscaler's rule by itself, and a fleet of engines under it. */
import fc from "fast-check";
import { ConfigError, parseAutoscale, type AutoscalePlan, type Workload } from "../../../formats/index.js";
import { vllmSchedulers } from "../../policy/index.js";
import { routerNames } from "../../router/index.js";
import { Fleet } from "./fleet.js";
import { simulateSteps, type StepSimulationResult } from "../simulate-steps.js";
import { recordsOf } from "../log/step-records.js";
import { engineCosts, roomyLimits, stepWorkloads, tightLimits } from "../step-scenarios.fixture.js";
import { gpuOnly } from "../steps.conformance.js";

const plan = (changes: Partial<AutoscalePlan> = {}): AutoscalePlan => ({
  ...{ signal: "queue", target: 4, startupS: 60, intervalS: 30, scaleDownDelayS: 90, min: 1, max: 8 },
  ...changes,
});
const S = 1e9;

/** Looks every 30 s at the given signals. */
function looks(fleet: Fleet, signals: readonly (number | undefined)[]): [serving: number, starting: number][] {
  const seen: [number, number][] = [];
  for (const signal of signals) {
    while (fleet.nextNs() % (30 * S) !== 0) fleet.act(fleet.nextNs(), () => undefined);
    fleet.act(fleet.nextNs(), () => signal);
    const { serving, starting } = fleet.states.at(-1)!;
    seen.push([serving, starting]);
  }
  return seen;
}

test("launches as many as put the signal on target, which serve after the start-up and are not launched twice", () => {
  expect(looks(new Fleet(plan()), [12, 12, 4])).toEqual([
    [1, 2],
    [1, 2],
    [3, 0],
  ]);
});

test("leaves a signal within a tenth of the target, or none at all, as it is", () => {
  expect(looks(new Fleet(plan({ initial: 3 })), [4.3, 3.7, undefined, 4.5])).toEqual([
    [3, 0],
    [3, 0],
    [3, 0],
    [3, 1],
  ]);
});

test("goes down only when every look of the delay wanted fewer, and never beyond its bounds", () => {
  expect(looks(new Fleet(plan({ initial: 4 })), [4, 0, 0, 0, 0]).map(([serving]) => serving)).toEqual([4, 4, 4, 4, 1]);
  expect(looks(new Fleet(plan({ max: 5 })), [100]).at(-1)).toEqual([1, 4]);
});

const every = (seconds: number, until: number): Workload => ({
  requests: Array.from({ length: Math.floor(until / seconds) }, (_, at) => ({
    id: String(at),
    promptTokens: 100,
    outputTokens: 20,
    arrivalNs: Math.round(at * seconds * S),
  })),
  maxConcurrency: Infinity,
  thinkNs: 0,
});

function simulated(workload: Workload, autoscale: AutoscalePlan | undefined, rest: object = {}): StepSimulationResult {
  const policy = vllmSchedulers({ ...roomyLimits(), maxNumSeqs: 2 });
  // A step takes 50 ms: two requests at a time take a second, so an engine serves two a second.
  return simulateSteps({ workload, policy, cost: () => gpuOnly({ fixedNs: 50e6 }), engine: "fast", seed: "1", autoscale, ...rest }); // prettier-ignore
}

test.each(routerNames)("a fleet that never changes does as so many replicas do, under %s", (router) => {
  const workload = every(0.2, 300);
  const fixed = simulated(workload, undefined, { replicas: 3, router });
  const fleet = simulated(workload, plan({ min: 3, max: 3 }), { router });
  expect(recordsOf(fleet.log)).toEqual(recordsOf(fixed.log));
});

test("a queue makes the fleet grow until it is served, and an idle one shrink, with every request answered", () => {
  const busy = every(0.1, 600).requests;
  const idle = every(5, 900).requests.map((one) => ({ ...one, id: `i${one.id}`, arrivalNs: one.arrivalNs! + 600 * S }));
  const { fleet, log } = simulated({ ...every(1, 0), requests: [...busy, ...idle] }, plan({ max: 20 }));
  const serving = (fromS: number, toS: number): number[] =>
    fleet!.states.filter(({ atNs }) => atNs >= fromS * S && atNs < toS * S).map((state) => state.serving);
  expect(Math.max(...serving(0, 90))).toBe(1);
  expect(Math.max(...serving(90, 600))).toBeGreaterThanOrEqual(5);
  expect(fleet!.states.at(-1)!.serving).toBe(1);
  expect(log.ok.every((ok) => ok === 1)).toBe(true);
  for (const { launchNs, readyNs, drainNs, stopNs } of fleet!.members) {
    expect(readyNs).toBeGreaterThanOrEqual(launchNs);
    expect(stopNs).toBeGreaterThanOrEqual(drainNs === Infinity ? 0 : drainNs);
  }
  // Nobody is sent to a replica that drains: it stops a few services later.
  const drained = fleet!.members.filter(({ drainNs }) => drainNs < Infinity);
  expect(drained.length).toBeGreaterThan(0);
  expect(drained.every(({ drainNs, stopNs }) => stopNs - drainNs < 60 * S)).toBe(true);
});

test.each(routerNames)(
  "under %s a replica that drains gets no more requests, even of conversations it has cached",
  (router) => {
    const talk = every(0.15, 300).requests.map((one, at) => ({ ...one, content: [[Math.floor(at / 20), 90], [100 + at, 10]] as const })); // prettier-ignore
    const idle = talk.slice(0, 150).map((one, at) => ({ ...one, id: `i${one.id}`, arrivalNs: (300 + 4 * at) * S }));
    const { fleet, log } = simulated({ ...every(1, 0), requests: [...talk, ...idle] }, plan({ max: 12 }), { router });
    expect(log.ok.every((ok) => ok === 1)).toBe(true);
    const drained = fleet!.members.filter(({ drainNs }) => drainNs < Infinity);
    expect(drained.length).toBeGreaterThan(0);
    expect(drained.every(({ drainNs, stopNs }) => stopNs - drainNs < 60 * S)).toBe(true);
  },
);

test.each(["kv", "p90_ttft"] as const)("the signal %s too makes an overloaded fleet grow", (signal) => {
  const target = signal === "kv" ? 0.0001 : 500;
  const { fleet } = simulated(every(0.1, 600), plan({ signal, target }));
  expect(fleet!.states.at(-1)!.serving + fleet!.states.at(-1)!.starting).toBeGreaterThan(3);
});

test("plans are read with their defaults, and what cannot be read is named", () => {
  expect(parseAutoscale("signal=queue,target=5,startup=4m,max=9")).toEqual({ signal: "queue", target: 5, startupS: 240, intervalS: 30, scaleDownDelayS: 300, min: 1, max: 9 }); // prettier-ignore
  for (const [text, message] of [
    ["target=5", /got "signal=", expected signal=queue/],
    ["signal=queue", /got "target="/],
    ["signal=kv,target=80", /a share of the KV blocks/],
    ["signal=queue,target=5,startup=soon", /got "startup=soon"/],
    ["signal=queue,target=5,min=3,max=2", /min=3, initial=3, max=2/],
    ["signal=queue,target=5,burst=2", /got "burst=2"/],
    ["signal=queue,target=5,target=6", /target twice/],
  ] as const) {
    expect(() => parseAutoscale(text)).toThrow(ConfigError);
    expect(() => parseAutoscale(text)).toThrow(message);
  }
});

test("a fleet is the same by either engine, whether clients wait for answers or not", () => {
  const plans = fc.record({
    signal: fc.constantFrom("queue", "kv", "p90_ttft"),
    target: fc.constantFrom(0.1, 2),
    startupS: fc.constantFrom(0, 20e-6),
    intervalS: fc.constantFrom(10e-6, 200e-6),
    scaleDownDelayS: fc.constantFrom(0, 300e-6),
    max: fc.integer({ min: 2, max: 5 }),
  });
  const scenarios = fc.record({
    workload: stepWorkloads(30),
    limits: tightLimits,
    cost: engineCosts,
    router: fc.constantFrom(...routerNames),
    plans,
  });
  let launched = 0;
  fc.assert(
    fc.property(scenarios, ({ limits, plans: drawn, ...rest }) => {
      const policy = vllmSchedulers({ ...limits, reserveFullIsl: true, schedulingPolicy: "fcfs" });
      const [fast, step] = (["fast", "step"] as const).map((engine) => {
        const { log, fleet } = simulateSteps({ ...rest, policy, engine, seed: "1", autoscale: plan(drawn) });
        launched += fleet!.members.length - 1;
        return { records: recordsOf(log), members: fleet!.members, states: fleet!.states };
      });
      expect(fast).toEqual(step);
    }),
    { numRuns: 60, seed: 20_261_127 },
  );
  expect(launched).toBeGreaterThan(60);
});
