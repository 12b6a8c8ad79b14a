import { check, loadSchema, parsePatience, type Load } from "../../../formats/index.js";
import { workloadFromLengths } from "./from-load.js";
import { requirePatience, withoutPatience } from "../clients/impatient-client.js";

const load = (given: object): Load =>
  check(loadSchema, { dataset_name: "fixed", input_len: 4, num_prompts: 4000, ...given }, { source: "test" });

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

it.each([
  ["30", { kind: "constant", meanS: 30 }],
  [0.5, { kind: "constant", meanS: 0.5 }],
  ["exponential:2.5", { kind: "exponential", meanS: 2.5 }],
  ["lognormal:10:0.5", { kind: "lognormal", meanS: 10, cv: 0.5 }],
])("%s is a patience", (text, law) => {
  expect(parsePatience(text)).toEqual(law);
});

it.each([
  "",
  "0",
  "-1",
  "inf",
  "nan",
  "1e9",
  "exponential",
  "exponential:",
  "exponential:1:2",
  "lognormal:3",
  "lognormal:3:0",
  "gamma:3",
  "3:4",
])('"%s" is none, and is rejected with what would be one', (text) => {
  expect(parsePatience(text)).toBeUndefined();
  expect(() => load({ patience_ttft: text })).toThrow(/patience_ttft.*exponential:MEAN or lognormal:MEAN:CV/);
});

it("is drawn for each request, of the mean asked for, and the rest of the load stays as it is", () => {
  const given = { patience_ttft: "exponential:2", patience_e2el: "lognormal:8:0.5", request_rate: 5 };
  const { requests } = workloadFromLengths(load(given), "1");
  expect(mean(requests.map(({ ttftPatienceNs }) => ttftPatienceNs! / 1e9))).toBeCloseTo(2, 0);
  expect(mean(requests.map(({ e2elPatienceNs }) => e2elPatienceNs! / 1e9))).toBeCloseTo(8, 0);
  const patient = workloadFromLengths(load({ request_rate: 5 }), "1");
  expect(withoutPatience(workloadFromLengths(load(given), "1"))).toEqual(patient);
});

it("pauses grow twofold up to sixteen times the first, less up to a quarter", () => {
  const { retries } = workloadFromLengths(load({ num_prompts: 500, retries: 7, retry_backoff_s: 1 }), "1");
  const pausesS = [...retries!.pausesNs].map((ns) => ns / 1e9);
  const of = (attempt: number): number[] => pausesS.filter((_, at) => at % 7 === attempt - 1);
  for (const [attempt, most] of [
    [1, 1],
    [2, 2],
    [4, 8],
    [5, 16],
    [7, 16],
  ] as const) {
    expect(Math.max(...of(attempt))).toBeLessThanOrEqual(most);
    expect(Math.min(...of(attempt))).toBeGreaterThanOrEqual(0.75 * most);
    expect(mean(of(attempt))).toBeCloseTo(0.875 * most, most > 4 ? 0 : 1);
  }
});

it("a backoff without retries is rejected, and so are clients that may give up where nothing follows them", () => {
  expect(() => load({ retry_backoff_s: 1 })).toThrow(/retry_backoff_s.*expected retries with it/);
  const workload = workloadFromLengths(load({ patience_e2el: 5 }), "1");
  expect(() => {
    requirePatience(workload, "a real run");
  }).toThrow(/retries: a real run does not follow them; leave them out/);
});
