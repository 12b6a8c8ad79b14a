/** The closed form of decode rounds against going through them one by one. */
import fc from "fast-check";
import type { DecodeLaw } from "../../cost/index.js";
import {
  asynchronousRun,
  gpuEndOfRound,
  roundsStartingBefore,
  startOfRound,
  synchronousRun,
  type DecodeRun,
  type RoundTimes,
} from "./decode-run.js";

interface Rounds {
  /** When each round starts, and when the GPU ends its step; index 0 is round 1. */
  readonly startsNs: readonly number[];
  readonly gpuEndsNs: readonly number[];
}

/** Rounds of the engine loop; `inFlightEndNs` is the end of the step before, undefined: synchronous. */
function stepThrough(
  startNs: number,
  inFlightEndNs: number | undefined,
  t: RoundTimes,
  law: DecodeLaw,
  count: number,
): Rounds {
  const startsNs = [startNs];
  const gpuEndsNs: number[] = [];
  let gpuNs = inFlightEndNs ?? -Infinity;
  for (let round = 0; round < count; round++) {
    const scheduledNs = startsNs[round]! + t.scheduleNs;
    const launchedNs = scheduledNs + t.launchNs;
    const stepNs = law.firstNs + law.incrementNs * round;
    const endNs = Math.max(Math.max(gpuNs, scheduledNs + t.leadNs) + stepNs, launchedNs);
    const awaitedNs = inFlightEndNs === undefined ? endNs : gpuNs;
    gpuEndsNs.push(endNs);
    gpuNs = endNs;
    startsNs.push(Math.max(awaitedNs + t.copyNs, launchedNs) + t.updateNs);
  }
  return { startsNs, gpuEndsNs };
}

function expectSame(form: DecodeRun, { startsNs, gpuEndsNs }: Rounds, count: number): void {
  expect(gpuEndsNs.map((_, at) => gpuEndOfRound(form, at + 1))).toEqual(gpuEndsNs);
  // The first start is given, the last one is that of the round after the run.
  expect(gpuEndsNs.map((_, at) => startOfRound(form, at + 2))).toEqual(startsNs.slice(1));
  expect(gpuEndsNs).toHaveLength(count);
}

const ns = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 10_000_000 }));
const times: fc.Arbitrary<RoundTimes> = fc
  .record({ scheduleNs: ns, launchNs: ns, leadNs: ns, copyNs: ns, updateNs: ns })
  .map((drawn) => ({ ...drawn, leadNs: Math.min(drawn.leadNs, drawn.launchNs) }));
const laws: fc.Arbitrary<DecodeLaw> = fc.record({
  firstNs: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 30_000_000 })),
  incrementNs: fc.oneof(fc.constant(0), fc.nat(5), fc.nat(50_000)),
  steps: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 60 })),
});
const start = fc.integer({ min: 0, max: 1e12 });
const RUNS = { numRuns: 1500, seed: 20_251_124 };
const MAX_ROUNDS = 80;

describe("the closed form of synchronous rounds", () => {
  it("has the times of rounds gone through one by one, and never more rounds than the law", () => {
    let [onGpu, onHost] = [0, 0];
    fc.assert(
      fc.property(start, times, laws, (startNs, t, law) => {
        const form = synchronousRun(startNs, t, law);
        expect(form.rounds).toBeLessThanOrEqual(law.steps);
        const count = Math.min(form.rounds, MAX_ROUNDS);
        expectSame(form, stepThrough(startNs, undefined, t, law, count), count);
        if (count > 1 && law.firstNs >= t.launchNs - t.leadNs) onGpu++;
        else if (count > 1) onHost++;
      }),
      RUNS,
    );
    expect(Math.min(onGpu, onHost)).toBeGreaterThan(200);
  });

  it("waits for the GPU of a long step: each round is longer by the step's growth", () => {
    const t = { scheduleNs: 10, launchNs: 20, leadNs: 5, copyNs: 3, updateNs: 7 };
    const form = synchronousRun(1000, t, { firstNs: 100, incrementNs: 2, steps: 50 });
    // 10 + 5 + 100 + 3 + 7, then 127, 129.
    expect([2, 3, 4].map((round) => startOfRound(form, round))).toEqual([1125, 1252, 1381]);
    expect([form.rounds, gpuEndOfRound(form, 1), gpuEndOfRound(form, 2)]).toEqual([50, 1115, 1242]);
  });

  it("waits for the launch of a short step, until steps have grown beyond it", () => {
    const t = { scheduleNs: 10, launchNs: 20, leadNs: 5, copyNs: 3, updateNs: 7 };
    const form = synchronousRun(1000, t, { firstNs: 1, incrementNs: 4, steps: 50 });
    // 10 + 20 + 3 + 7 each, for steps of 1, 5, 9, 13 ns; 17 is more than the 15 ns that the launch goes on.
    expect([2, 3, 4].map((round) => startOfRound(form, round))).toEqual([1040, 1080, 1120]);
    expect(form.rounds).toBe(4);
  });
});

describe("the closed form of asynchronous rounds", () => {
  it("has the times of rounds gone through one by one, wherever it says that the loop has settled", () => {
    let [onGpu, onHost] = [0, 0];
    const lags = fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: -1e7, max: 3e7 }));
    fc.assert(
      fc.property(start, lags, times, laws, (startNs, lagNs, t, law) => {
        const inFlightEndNs = startNs + lagNs;
        const form = asynchronousRun(startNs, inFlightEndNs, t, law);
        if (form === undefined) return;
        expect(form.rounds).toBeLessThanOrEqual(law.steps);
        const count = Math.min(form.rounds, MAX_ROUNDS);
        expectSame(form, stepThrough(startNs, inFlightEndNs, t, law, count), count);
        if (count > 1 && form.periodNs === law.firstNs) onGpu++;
        else if (count > 1) onHost++;
      }),
      { ...RUNS, numRuns: 3000 },
    );
    expect(Math.min(onGpu, onHost)).toBeGreaterThan(200);
  });

  it("settles after a few rounds of any start, when steps do not grow and one of the two is clearly slower", () => {
    const t = { scheduleNs: 10, launchNs: 20, leadNs: 5, copyNs: 3, updateNs: 7 };
    for (const firstNs of [1, 20, 60, 500]) {
      const law = { firstNs, incrementNs: 0, steps: Infinity };
      for (const lagNs of [0, 15, 40, 200]) {
        const { startsNs, gpuEndsNs } = stepThrough(0, lagNs, t, law, 12);
        expect(asynchronousRun(startsNs[12]!, gpuEndsNs[11]!, t, law)).toBeDefined();
      }
    }
  });

  it("is as long as the longer of host and GPU, a round", () => {
    const t = { scheduleNs: 10, launchNs: 20, leadNs: 5, copyNs: 3, updateNs: 7 };
    const slowGpu = asynchronousRun(1000, 1100, t, { firstNs: 90, incrementNs: 1, steps: 9 })!;
    // The step in flight ends at 1100; copied and updated at 1110; then 90, 91, ...
    expect([2, 3, 4].map((round) => startOfRound(slowGpu, round))).toEqual([1110, 1200, 1291]);
    expect([slowGpu.rounds, gpuEndOfRound(slowGpu, 1), gpuEndOfRound(slowGpu, 2)]).toEqual([9, 1190, 1281]);
    const slowHost = asynchronousRun(1000, 1001, t, { firstNs: 8, incrementNs: 0, steps: 9 })!;
    expect([2, 3, 4].map((round) => startOfRound(slowHost, round))).toEqual([1037, 1074, 1111]);
  });

  it("is none before the loop has settled", () => {
    const t = { scheduleNs: 10, launchNs: 20, leadNs: 5, copyNs: 3, updateNs: 7 };
    // A long step in flight before short ones.
    expect(asynchronousRun(1000, 1100, t, { firstNs: 8, incrementNs: 0, steps: 9 })).toBeUndefined();
  });
});

describe("the rounds that start before a time", () => {
  const runOf = (secondNs: number, periodNs: number, growthNs: number): DecodeRun => ({
    rounds: Infinity,
    secondNs,
    periodNs,
    growthNs,
    gpuNs: NaN,
    gpuPeriodNs: NaN,
    gpuGrowthNs: NaN,
  });

  it("are those that counting finds, at most the limit, the first always", () => {
    const drawn = fc.record({
      secondNs: fc.integer({ min: 0, max: 1e6 }),
      periodNs: fc.integer({ min: 1, max: 5000 }),
      growthNs: fc.oneof(fc.constant(0), fc.nat(300)),
      limit: fc.nat(200),
      round: fc.integer({ min: 2, max: 220 }),
      offNs: fc.integer({ min: -2, max: 2 }),
    });
    fc.assert(
      fc.property(drawn, ({ secondNs, periodNs, growthNs, limit, round, offNs }) => {
        const run = runOf(secondNs, periodNs, growthNs);
        const beforeNs = startOfRound(run, round) + offNs;
        let counted = Math.min(1, limit);
        while (counted > 0 && counted < limit && startOfRound(run, counted + 1) < beforeNs) counted++;
        expect(roundsStartingBefore(run, beforeNs, limit)).toBe(counted);
      }),
      RUNS,
    );
  });

  it("do not have one that starts at that time", () => {
    const run = runOf(100, 10, 0);
    expect([99, 100, 101, 110, 111].map((beforeNs) => roundsStartingBefore(run, beforeNs, 50))).toEqual([
      1, 1, 2, 2, 3,
    ]);
  });

  it("are all up to the limit when there is no such time", () => {
    expect(roundsStartingBefore(runOf(100, 10, 3), Infinity, 77)).toBe(77);
    expect(roundsStartingBefore(runOf(100, 10, 3), 5, 1)).toBe(1);
    expect(roundsStartingBefore(runOf(100, 10, 3), 1e6, 0)).toBe(0);
  });

  it("are found far out, where times are large", () => {
    const run = runOf(1e12, 7_000_003, 5601);
    const startNs = startOfRound(run, 400_000);
    expect(roundsStartingBefore(run, startNs, 1e6)).toBe(399_999);
    expect(roundsStartingBefore(run, startNs + 1, 1e6)).toBe(400_000);
  });
});
