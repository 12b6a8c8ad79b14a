/** Two schedulers in lockstep: one goes through every pass of a decode run, the other skips it; they must stay equal. */
import fc from "fast-check";
import type { SchedulerRequest } from "../step.js";
import type { SchedulerLimits } from "./limits.js";
import type { SchedulerStep } from "./scheduler-step.js";
import { roomy } from "./scenario.fixture.js";
import { Scheduler } from "./scheduler.js";
import { DEFAULT_VERSION, rulesOf } from "./versions.js";

interface Scenario {
  readonly limits: SchedulerLimits;
  readonly requests: readonly (SchedulerRequest & { readonly arrive: number })[];
  /** When to skip, and how much of what is possible. */
  readonly choices: readonly number[];
}

const BLOCK = 4;

const request = fc
  .record({
    shared: fc.nat(24),
    family: fc.nat(2),
    own: fc.integer({ min: 1, max: 12 }),
    outputTokens: fc.integer({ min: 1, max: 60 }),
    priority: fc.nat(2),
    arrive: fc.nat(40),
    hasContent: fc.boolean(),
    id: fc.integer({ min: 10, max: 14 }),
  })
  .map(({ shared, family, own, outputTokens, priority, arrive, hasContent, id }) => {
    const promptTokens = shared + own;
    const content = [[family, shared] as const, [id, own] as const];
    return { promptTokens, outputTokens, priority, arrive, ...(hasContent ? { content } : {}) };
  });

const scenarios: fc.Arbitrary<Scenario> = fc.record({
  limits: fc.record({
    rules: fc.constantFrom("0.28.0", DEFAULT_VERSION).map(rulesOf),
    asyncScheduling: fc.boolean(),
    maxNumSeqs: fc.integer({ min: 1, max: 8 }),
    maxNumBatchedTokens: fc.integer({ min: 4, max: 40 }),
    blockSize: fc.constantFrom(1, BLOCK),
    numGpuBlocks: fc.integer({ min: 26, max: 80 }),
    maxModelLen: fc.constant(200),
    chunkedPrefill: fc.constant(true),
    prefixCaching: fc.boolean(),
    longPrefillTokenThreshold: fc.constantFrom(0, 5),
    adaptivePrefillCap: fc.boolean(),
    schedulingPolicy: fc.constantFrom("fcfs" as const, "priority" as const),
    watermark: fc.constantFrom(0, 0.1),
    reserveFullIsl: fc.boolean(),
  }),
  requests: fc.array(request, { minLength: 1, maxLength: 14 }),
  choices: fc.array(fc.nat(1000), { minLength: 5, maxLength: 40 }),
});

/** Keys by order of appearance: their numbers depend on when they were made. */
function canonical(): (key: number | undefined) => number {
  const seen = new Map<number | undefined, number>();
  return (key) => {
    if (key === undefined) return -1;
    if (!seen.has(key)) seen.set(key, seen.size);
    return seen.get(key)!;
  };
}

function stateOf(scheduler: Scheduler): unknown {
  const name = canonical();
  return {
    running: scheduler.running.map((sequence) => ({
      ...Object.fromEntries(Object.entries(sequence)),
      keys: sequence.keys.map(name),
    })),
    waiting: scheduler.allWaiting().map(({ index, outputs, stale, status }) => [index, outputs, stale, status]),
    freeQueue: scheduler.freeQueue(),
    blockKeys: scheduler.blockKeys().map(name),
    free: [scheduler.freeBlocks, scheduler.fewestFreeBlocks],
    hasWork: [scheduler.hasWork(), scheduler.hasUnfinished()],
    contextTokens: scheduler.contextTokens,
  };
}

function describeStep({ scheduled, sampling, finished, ...step }: SchedulerStep): unknown {
  const { id, tokens, admitted, cachedTokens, preempted, decodeRequests, decodeContextTokens } = step;
  const indices = scheduled.map(({ index }) => index);
  const counts = [decodeRequests, decodeContextTokens, step.prefillTokens, step.prefillAttentionPairs];
  const lists = [indices, tokens, sampling.map(({ index }) => index), admitted, cachedTokens, preempted, finished];
  return JSON.parse(JSON.stringify([id, counts, lists]));
}

/** Passes skipped in all. */
function lockstep({ limits, requests, choices }: Scenario): number {
  const [stepping, skipping] = [new Scheduler(limits, requests), new Scheduler(limits, requests)];
  const queues: [SchedulerStep[], SchedulerStep[]] = [[], []];
  const order = requests.map((_, index) => index).sort((a, b) => requests[a]!.arrive - requests[b]!.arrive);
  let [added, choice, skipped] = [0, 0, 0];

  const schedule = (): SchedulerStep => {
    const [step, twin] = [stepping.schedule(), skipping.schedule()];
    expect(describeStep(twin)).toEqual(describeStep(step));
    queues[0].push(step);
    queues[1].push(twin);
    return step;
  };
  const update = (): void => {
    const [step, twin] = [queues[0].shift(), queues[1].shift()];
    if (step === undefined) return;
    expect(skipping.update(twin!)).toEqual(stepping.update(step));
    expect(twin!.delivered.map(({ index }) => index)).toEqual(step.delivered.map(({ index }) => index));
  };
  const skip = (first: "schedule" | "update"): void => {
    const possible = stepping.decodeRun();
    expect(skipping.decodeRun()).toBe(possible);
    const chosen = choices[choice++ % choices.length]!;
    if (possible === 0 || chosen % 3 === 0) return;
    const passes = 1 + (chosen % possible);
    const running = stepping.running.map(({ index }) => index);
    const [queue] = queues;
    for (let pass = 0; pass < passes; pass++) {
      if (first === "update") expect(stepping.update(queue.shift()!)).toEqual([]);
      const contextTokens = stepping.contextTokens;
      const step = stepping.schedule();
      queue.push(step);
      expect([step.scheduled.map(({ index }) => index), step.isAllDecodes]).toEqual([running, true]);
      expect([step.admitted, step.preempted, step.decodeContextTokens]).toEqual([[], [], contextTokens]);
      if (first === "schedule") expect(stepping.update(queue.shift()!)).toEqual([]);
    }
    skipping.skip(passes, queues[1].at(-1));
    skipped += passes;
    expect(stateOf(skipping)).toEqual(stateOf(stepping));
    expect(queues[1].map(describeStep)).toEqual(queue.map(describeStep));
  };

  for (let loop = 0; added < order.length || stepping.hasWork() || queues[0].length > 0; loop++) {
    for (; added < order.length && requests[order[added]!]!.arrive <= loop; added++) {
      const index = order[added]!;
      expect(skipping.rejection(index)).toBe(stepping.rejection(index));
      if (stepping.rejection(index) !== undefined) continue;
      stepping.add(index, loop);
      skipping.add(index, loop);
    }
    if (stepping.hasWork()) {
      const step = schedule();
      if (step.scheduledTokens > 0 && queues[0].length < stepping.depth) continue;
      if (queues[0].length === stepping.depth) skip("update");
    }
    update();
    if (queues[0].length === stepping.depth - 1) skip("schedule");
  }
  expect(stateOf(skipping)).toEqual(stateOf(stepping));
  expect([stepping.freeBlocks, stepping.running, stepping.allWaiting()]).toEqual([limits.numGpuBlocks - 1, [], []]);
  return skipped;
}

describe("a decode run", () => {
  it("leaves the state that its passes and updates leave, whatever the settings and the load", () => {
    let skipped = 0;
    fc.assert(
      fc.property(scenarios, (scenario) => {
        skipped += lockstep(scenario);
      }),
      { numRuns: 80, seed: 7 },
    );
    expect(skipped).toBeGreaterThan(2_000);
  });

  const limits: SchedulerLimits = {
    ...roomy,
    maxNumSeqs: 2,
    maxNumBatchedTokens: 64,
    blockSize: BLOCK,
    numGpuBlocks: 100,
    maxModelLen: 200,
  };

  /** The run that can be told after the first pass and its update of requests of [prompt, output] tokens. */
  function firstRun(change: Partial<SchedulerLimits>, lengths: readonly (readonly [number, number])[]): number {
    const requests = lengths.map(([promptTokens, outputTokens]) => ({ promptTokens, outputTokens }));
    const scheduler = new Scheduler({ ...limits, ...change }, requests);
    for (const index of requests.keys()) scheduler.add(index, 0);
    scheduler.update(scheduler.schedule());
    scheduler.update(scheduler.schedule());
    return scheduler.decodeRun();
  }

  it("ends before the pass that schedules somebody's last token", () => {
    // After two passes the shorter one has 2 of 10 outputs: passes 3 to 9 are a run of 7, the tenth is its last.
    expect(firstRun({}, [[5, 20], [5, 10]])).toBe(7); // prettier-ignore
  });

  it("ends with that pass in asynchronous mode, where the pass is updated after the run", () => {
    const requests = [20, 10].map((outputTokens) => ({ promptTokens: 5, outputTokens }));
    const scheduler = new Scheduler({ ...limits, asyncScheduling: true }, requests);
    for (const index of requests.keys()) scheduler.add(index, 0);
    const prefill = scheduler.schedule();
    const inFlight = scheduler.schedule();
    scheduler.update(prefill);
    expect(scheduler.decodeRun()).toBe(8);
    scheduler.skip(8, inFlight);
    expect(scheduler.decodeRun()).toBe(0);
    scheduler.schedule();
    expect(scheduler.update(inFlight)).toEqual([1]);
  });

  it("ends before blocks run out", () => {
    // 4 usable blocks. Both hold 2 (6 of 8 tokens) after two passes; two more fill them, the next needs two more blocks.
    expect(firstRun({ numGpuBlocks: 5 }, [[5, 12], [5, 12]])).toBe(2); // prettier-ignore
    expect(firstRun({ numGpuBlocks: 7 }, [[5, 12], [5, 12]])).toBe(6); // prettier-ignore
  });

  it("is none when a waiting request could be admitted, and goes on when none can", () => {
    expect(firstRun({ maxNumSeqs: 2 }, [[5, 20], [5, 20], [5, 20]])).toBe(17); // prettier-ignore
    const scheduler = new Scheduler(limits, [5, 5].map((promptTokens) => ({ promptTokens, outputTokens: 20 }))); // prettier-ignore
    scheduler.add(0, 0);
    scheduler.update(scheduler.schedule());
    scheduler.update(scheduler.schedule());
    expect(scheduler.decodeRun()).toBe(17);
    scheduler.add(1, 0);
    expect(scheduler.decodeRun()).toBe(0);
  });
});
