import { goalsText, parseGoodput, parseSlos } from "./slo.js";

test("a list of statistics with limits is read, whatever separates them", () => {
  const slos = [
    { name: "p99_ttft", metric: "ttft", quantile: 0.99, limitMs: 500 },
    { name: "mean_tpot", metric: "tpot", limitMs: 40.5 },
    { name: "p50_itl", metric: "itl", quantile: 0.5, limitMs: 30 },
  ];
  expect(parseSlos("p99_ttft:500,mean_tpot:40.5,median_itl:30")).toEqual(slos);
  expect(parseSlos(" p99_ttft:500  mean_tpot:40.5, p50_itl:3e1")).toEqual(slos);
});

test("percentiles reach from p50 to p99.9", () => {
  expect(parseSlos("p99.9_e2el:1000")[0]).toMatchObject({ name: "p99.9_e2el" });
  expect(parseSlos("p99.9_e2el:1000")[0]!.quantile).toBeCloseTo(0.999, 12);
  for (const name of ["p49", "p100", "p99.95", "p5"]) expect(() => parseSlos(`${name}_e2el:1`)).toThrow(/p50 to p99.9/);
});

test.each([
  ["p99ttft:500", "p99ttft:500"],
  ["p99_ttft", "p99_ttft"],
  ["p99_ttft:500ms", "p99_ttft:500ms"],
  ["mean_tpot:40,p99_latency:500", "p99_latency:500"],
  ["p99_ttft:0", "p99_ttft:0"],
  ["p99_ttft:-1", "p99_ttft:-1"],
  ["p99_ttft:inf", "p99_ttft:inf"],
  ["p99_ttft:", "p99_ttft:"],
  ["", ""],
])("--slo %j is rejected, with the part that is wrong and what was expected", (text, part) => {
  expect(() => parseSlos(text)).toThrow(`--slo: got "${part}", expected STATISTIC_METRIC:MILLISECONDS, such as`);
});

test("a statistic with two limits is rejected", () => {
  expect(() => parseSlos("p50_ttft:5,median_ttft:6")).toThrow("--slo: got p50_ttft twice, expected one limit for it");
});

test("vLLM's goodput limits are read", () => {
  const goal = { limitsMs: { ttft: 200, tpot: 50 }, attainment: 0.99 };
  expect(parseGoodput("ttft:200 tpot:50", 0.99)).toEqual(goal);
  expect(parseGoodput("ttft:200,tpot:50", 0.99)).toEqual(goal);
  expect(() => parseGoodput("ttft:200 itl:5", 0.99)).toThrow('--goodput: got "itl:5", expected METRIC:MILLISECONDS');
  expect(() => parseGoodput("ttft", 0.99)).toThrow('--goodput: got "ttft", expected METRIC:MILLISECONDS');
  expect(() => parseGoodput("ttft:1 ttft:2", 0.99)).toThrow("got ttft twice");
});

test("goals are written in one line", () => {
  const goals = { slos: parseSlos("p99_ttft:500"), goodput: parseGoodput("ttft:200 tpot:50", 0.995) };
  expect(goalsText(goals)).toBe("p99_ttft <= 500 ms, 99.5 % of requests with ttft <= 200 ms, tpot <= 50 ms");
});
