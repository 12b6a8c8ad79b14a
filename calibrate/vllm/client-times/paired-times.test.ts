import type { RequestRecord } from "../../../formats/index.js";
import { pairedGroups, pairedMiss, singleRequests, timesOf } from "./paired-times.js";

/** A hundred requests whose contexts alternate, so that a load's mean and quantiles can hide who is slow. */
function load(tpotOf: (long: boolean) => number): RequestRecord[] {
  return Array.from({ length: 100 }, (_, at): RequestRecord => {
    const isLong = at % 2 === 1;
    const [arrivalNs, outputTokens] = [at * 1e7, 11];
    const firstTokenNs = arrivalNs + 20e6;
    return {
      requestId: String(at),
      arrivalNs,
      firstTokenNs,
      lastTokenNs: firstTokenNs + (outputTokens - 1) * tpotOf(isLong) * 1e6,
      promptTokens: isLong ? 2000 : 100,
      outputTokens,
      status: "ok",
    };
  });
}

const real = load((isLong) => (isLong ? 11 : 9));
const groups = pairedGroups(real);
const missOf = (name: string, simulated: readonly RequestRecord[]): number =>
  pairedMiss(
    groups.find((group) => group.name === name)!,
    timesOf(simulated),
    timesOf(real),
  );

test("the same requests as recorded miss nothing", () => {
  for (const group of groups) expect(pairedMiss(group, timesOf(real), timesOf(real))).toBe(0);
});

test("a wrong growth with context shows, though mean and quantiles over the load are right", () => {
  // Who is slow is exchanged: every statistic of the load is the same.
  const exchanged = load((isLong) => (isLong ? 9 : 11));
  expect(missOf("tpot by size 1/5", exchanged)).toBeGreaterThan(0.15);
  expect(missOf("tpot by size 5/5", exchanged)).toBeLessThan(-0.15);
});

test("a queue that comes at another time shows in stretches of arrivals", () => {
  const late = real.map((request, at) =>
    at < 90
      ? request
      : { ...request, firstTokenNs: request.firstTokenNs! + 20e6, lastTokenNs: request.lastTokenNs! + 20e6 },
  );
  expect(missOf("ttft by arrival 10/10", late)).toBeGreaterThan(0.5);
  expect(missOf("ttft by arrival 1/10", late)).toBe(0);
});

test("one stall does not own a group, and is held down the same way up as down", () => {
  const stalled = (factor: number): RequestRecord[] =>
    real.map((request, at) =>
      at > 0
        ? request
        : { ...request, firstTokenNs: request.arrivalNs + factor * 20e6, lastTokenNs: request.lastTokenNs! + 9e9 },
    );
  const [up, down] = [missOf("ttft by arrival 1/10", stalled(100)), missOf("ttft by arrival 1/10", stalled(1 / 100))];
  expect(up).toBeLessThan(0.2);
  expect(up).toBeCloseTo(-down, 9);
});

test("every request that has a time is in one stretch and one fifth of it", () => {
  const single = { ...real[0]!, requestId: "one token", outputTokens: 1 };
  const of = (metric: string, kind: string): number[] =>
    pairedGroups([...real, single])
      .filter(({ name }) => name.startsWith(`${metric} ${kind}`))
      .flatMap(({ members }) => members)
      .sort((a, b) => a - b);
  expect(of("ttft", "by arrival")).toEqual(Array.from({ length: 101 }, (_, at) => at));
  expect(of("tpot", "by size")).toEqual(Array.from({ length: 100 }, (_, at) => at));
  expect(pairedGroups(real.slice(0, 9))).toEqual([]);
});

test("each request's time per output token also stands by itself, where it has one", () => {
  const [first, ...others] = real;
  const singles = singleRequests([{ ...first!, outputTokens: 1 }, ...others]);
  expect(singles.map(({ members }) => members)).toEqual(others.map((_, at) => [at + 1]));
  const slower = load((isLong) => (isLong ? 11 : 9.9));
  const misses = singleRequests(real).map((one) => pairedMiss(one, timesOf(slower), timesOf(real)));
  expect(misses[0]).toBeCloseTo(Math.log(1.1), 2);
  expect(misses[1]).toBe(0);
});
