import type { RequestRecord } from "../../formats/index.js";
import { exponential, stream } from "../kernel/index.js";
import { judgeOverload, type Overload } from "./overload.js";
import { columnsOf } from "./request-columns.js";
import { intervalsUntil } from "./statistics/sweep-line.js";

const SERVICE_S = 0.1;

interface Stay {
  readonly arrivalS: number;
  readonly endS: number;
}

function judge(stays: readonly Stay[]): Overload {
  const columns = columnsOf(
    stays.map(({ arrivalS, endS }, id): RequestRecord => ({
      requestId: `${id}`,
      arrivalNs: Math.round(arrivalS * 1e9),
      lastTokenNs: Math.round(endS * 1e9),
      promptTokens: 1,
      outputTokens: 1,
      status: "ok",
    })),
  );
  return judgeOverload(columns, intervalsUntil(columns, columns.lastTokenNs));
}

function poisson(ratePerS: number, count: number, seed: number): number[] {
  const random = stream(`${seed}/0/arrivals`);
  let nowS = 0;
  return Array.from({ length: count }, () => (nowS += exponential(random) / ratePerS));
}

/** First come first served; `serviceS` draws a service time. */
function served(arrivalsS: readonly number[], servers: number, serviceS: () => number): Stay[] {
  const freeS = new Array<number>(servers).fill(0);
  return arrivalsS.map((arrivalS) => {
    const next = freeS.indexOf(Math.min(...freeS));
    const endS = Math.max(freeS[next]!, arrivalS) + serviceS();
    freeS[next] = endS;
    return { arrivalS, endS };
  });
}

function mm1(load: number, count: number, seed: number): Overload {
  const random = stream(`${seed}/0/services`);
  return judge(served(poisson(load / SERVICE_S, count, seed), 1, () => exponential(random) * SERVICE_S));
}

const seeds = Array.from({ length: 20 }, (_, seed) => seed);

describe("judgeOverload", () => {
  it.each([
    [0.7, 500],
    [0.7, 20_000],
    [0.9, 500],
    [0.9, 20_000],
  ])("lets an M/M/1 queue at load %p pass over %p requests", (load, count) => {
    expect(seeds.filter((seed) => mm1(load, count, seed).overloaded)).toEqual([]);
  });

  it.each([
    [1.05, 60_000],
    [1.3, 4_000],
    [2, 500],
  ])("finds an M/M/1 queue at load %p overloaded within %p requests", (load, count) => {
    const verdicts = seeds.slice(0, 10).map((seed) => mm1(load, count, seed));
    expect(verdicts.filter(({ overloaded }) => !overloaded)).toEqual([]);
    // the queue grows by arrivals - services per second, of which chance leaves a part
    const expectedPerS = (load - 1) / SERVICE_S;
    const meanPerS = verdicts.reduce((sum, { growthPerS }) => sum + growthPerS!, 0) / verdicts.length;
    expect(Math.abs(meanPerS / expectedPerS - 1)).toBeLessThan(0.15);
  });

  it("is seldom wrong on short runs at a load of 95 %", () => {
    const many = Array.from({ length: 400 }, (_, seed) => mm1(0.95, 100, seed));
    expect(many.filter(({ overloaded }) => overloaded).length).toBeLessThanOrEqual(4);
  });

  it("does not take a server that fills up for one that cannot keep up", () => {
    const random = stream("1/0/long");
    const stays = poisson(100, 1_000, 1).map((arrivalS) => ({ arrivalS, endS: arrivalS + 4 + 2 * random() }));
    expect(judge(stays)).toMatchObject({ overloaded: false });
  });

  it("does not take one burst for an overload, wherever it comes", () => {
    for (const burstS of [5, 50, 95]) {
      const arrivals = [...poisson(5, 500, 2), ...new Array<number>(100).fill(burstS)].sort((a, b) => a - b);
      expect(judge(served(arrivals, 1, () => SERVICE_S))).toMatchObject({ overloaded: false });
    }
  });

  it("finds static batches overloaded at twice their capacity, and not at 70 %", () => {
    const batches = (load: number): Overload => {
      const arrivals = poisson(load * 8, 600, 3); // batches of up to 16, each 2 s
      const stays: Stay[] = [];
      for (let nowS = 0; stays.length < arrivals.length;) {
        nowS = Math.max(nowS, arrivals[stays.length]!);
        const ready = arrivals.slice(stays.length, stays.length + 16).filter((arrivalS) => arrivalS <= nowS);
        nowS += 2;
        for (const arrivalS of ready) stays.push({ arrivalS, endS: nowS });
      }
      return judge(stays);
    };
    expect([batches(0.7).overloaded, batches(2).overloaded]).toEqual([false, true]);
  });

  it("never finds a closed loop overloaded: a client sends when it has its answer", () => {
    const random = stream("1/0/closed");
    const nextS = new Array<number>(8).fill(0);
    const stays = Array.from({ length: 2_000 }, (_, id) => {
      const client = id < 8 ? id : nextS.indexOf(Math.min(...nextS));
      const arrivalS = nextS[client]!;
      nextS[client] = arrivalS + (1 + id / 500) * (0.5 + random()); // each answer slower than the last
      return { arrivalS, endS: nextS[client] };
    });
    const { overloaded, growthPerS, riseT } = judge(stays);
    expect(riseT).toBeGreaterThan(4);
    expect(overloaded).toBe(false);
    expect(growthPerS).toBe(0);
  });

  it("does not count a request that ends as the next arrives beside it", () => {
    // one arrival a second; answers take longer and longer, up to exactly a second in the first half
    const e2elS = (id: number): number => (id < 50 ? Math.min(0.52 + id / 100, 1) : 0.51 + id / 100);
    const stays = Array.from({ length: 101 }, (_, id) => ({ arrivalS: id, endS: id + e2elS(id) }));
    expect(judge(stays)).toMatchObject({ overloaded: true, growthPerS: 1 / 50 });
  });

  it("knows nothing of requests that all arrive at once, of a few, and of none", () => {
    const unknown = { overloaded: false, growthPerS: null, riseT: null };
    expect(judge(served(new Array<number>(500).fill(1), 1, () => SERVICE_S))).toEqual(unknown);
    expect(judge(served([0, 0.01, 0.02], 1, () => SERVICE_S))).toEqual(unknown);
    expect(judge([])).toEqual(unknown);
  });
});
