import { parseGoodput, parseSlos, type Goals, type RequestRecord } from "../../formats/index.js";
import { columnsOf, GapSegments } from "../metrics/index.js";
import { measureGoals, requestsToShow } from "./measure-goals.js";

interface Made {
  readonly ttftMs: number;
  readonly e2elMs: number;
  readonly tokens?: number;
  readonly isRejected?: boolean;
}

/** A request each second. */
function tableOf(made: readonly Made[]) {
  const records = made.map(({ ttftMs, e2elMs, tokens = 11, isRejected = false }, index): RequestRecord => {
    const arrivalNs = index * 1e9;
    const base = { requestId: String(index), arrivalNs, promptTokens: 1, outputTokens: tokens };
    if (isRejected) return { ...base, status: "refused" };
    const firstTokenNs = arrivalNs + ttftMs * 1e6;
    return { ...base, scheduledNs: arrivalNs, firstTokenNs, lastTokenNs: arrivalNs + e2elMs * 1e6, status: "ok" };
  });
  return { ...columnsOf(records), record: (row: number) => records[row]! };
}

const goalsOf = (slo: string): Goals => ({ slos: parseSlos(slo) });
const whole = { isSteady: false };

const mixed = Array.from({ length: 100 }, (_, index) => ({ ttftMs: 1 + index, e2elMs: 201 + index }));

test("statistics of requests are given beside their limits", () => {
  const { goals } = measureGoals(
    { table: tableOf(mixed) },
    goalsOf("mean_ttft:101,p99_ttft:100,p50_e2el:200,p90_tpot:20"),
    whole,
  );
  const values = Object.fromEntries(goals.map(({ name, value }) => [name, value]));
  expect(values.mean_ttft).toBeCloseTo(50.5, 9);
  expect(values.p99_ttft).toBeCloseTo(99.01, 9);
  expect(values.p50_e2el).toBeCloseTo(250.5, 9);
  expect(values.p90_tpot).toBeCloseTo(20, 9);
  expect(goals.map(({ ratio }) => ratio > 1)).toEqual([false, false, true, false]);
});

test("a rejected request breaks every limit of a percentile that reaches it", () => {
  const table = tableOf(mixed.map((one, index) => ({ ...one, isRejected: index >= 98 })));
  const { goals } = measureGoals({ table }, goalsOf("p95_ttft:1000,p99_ttft:1000,mean_ttft:1000"), whole);
  expect(goals.map(({ ratio }) => ratio > 1)).toEqual([false, true, true]);
});

test("a value that requests without an answer are in is marked as no time", () => {
  const table = tableOf(mixed.map((one, index) => ({ ...one, isRejected: index >= 98 })));
  const { goals } = measureGoals({ table }, goalsOf("p95_ttft:1000,p99_ttft:1000,mean_ttft:1000"), whole);
  expect(goals.map(({ isUnanswered }) => isUnanswered)).toEqual([undefined, true, true]);
});

test("goodput counts requests that meet all limits, and answers of one token meet any time per token", () => {
  const goodput = parseGoodput("ttft:50 tpot:30", 0.5);
  const { goals } = measureGoals({ table: tableOf(mixed) }, { slos: [], goodput }, whole);
  expect(goals).toMatchObject([{ name: "goodput", value: 0.5, limit: 0.5 }]);
  expect(goals[0]!.ratio).toBeCloseTo(1.01, 9);
  const single = tableOf(mixed.map((one) => ({ ...one, tokens: 1 })));
  const never = { slos: [], goodput: parseGoodput("tpot:0.001", 0.9) };
  expect(measureGoals({ table: single }, never, whole).goals).toMatchObject([{ value: 1, ratio: 0 }]);
});

test("gaps between tokens are those of the whole run", () => {
  const gaps = new GapSegments();
  gaps.add(1e6, 1e6, 100, 1);
  const { goals } = measureGoals({ table: tableOf(mixed), gaps }, goalsOf("mean_itl:50,p99_itl:50,p75_itl:80"), whole);
  expect(goals.map(({ value }) => value)).toEqual([50.5, expect.closeTo(99.01, 9), expect.closeTo(75.25, 9)]);
});

test("the start-up of a steady load is left out, and the server must keep up", () => {
  const settling = Array.from({ length: 1000 }, (_, index) => ({
    ttftMs: index < 200 ? 1 : 100,
    e2elMs: index < 200 ? 2 : 150,
  }));
  const { goals, from } = measureGoals({ table: tableOf(settling) }, goalsOf("p50_ttft:99,mean_ttft:99"), {
    isSteady: true,
  });
  expect(from).toBe(200);
  expect(goals[1]).toMatchObject({ name: "mean_ttft", value: 100 });
  expect(goals[2]).toMatchObject({ name: "sustained" });
  expect(goals[2]!.ratio).toBeLessThanOrEqual(1);
  // Each answer takes a tenth longer than the time in which the next request comes.
  const falling = Array.from({ length: 1000 }, (_, index) => ({ ttftMs: 1, e2elMs: 100 * index }));
  const behind = measureGoals({ table: tableOf(falling) }, goalsOf("mean_ttft:99"), { isSteady: true }).goals[1]!;
  expect(behind.value).toBeCloseTo(1.1, 2);
  expect(behind.ratio).toBeGreaterThan(1);
  // In a short run the number in the system changes by chance.
  const short = Array.from({ length: 100 }, (_, index) => ({ ttftMs: 1, e2elMs: index < 60 ? 20_000 : 25_000 }));
  expect(
    measureGoals({ table: tableOf(short) }, goalsOf("mean_ttft:99"), { isSteady: true }).goals[1]!.ratio,
  ).toBeLessThan(1);
});

test("a percentile takes as many requests as an interval around it does, goodput too", () => {
  expect(requestsToShow(goalsOf("mean_ttft:1"))).toBe(1);
  expect(requestsToShow(goalsOf("p99_ttft:1,p50_tpot:1"))).toBe(368);
  expect(requestsToShow({ slos: [], goodput: parseGoodput("ttft:1", 0.95) })).toBe(72);
});

test("where nothing comes in the time that counts, the server keeps up", () => {
  const { goals } = measureGoals({ table: tableOf(mixed.slice(0, 1)) }, goalsOf("mean_ttft:100"), { isSteady: true });
  expect(goals.map(({ ratio }) => ratio <= 1)).toEqual([true, true]);
});
