import { ConfigError, type WorkloadRequest } from "../../formats/index.js";
import { stream } from "../kernel/index.js";
import { moreOften } from "./more-often.js";

/** A request a second, twice as many in the second half. */
const trace: WorkloadRequest[] = Array.from({ length: 3000 }, (_, at) => ({
  id: String(at),
  promptTokens: 1 + at,
  outputTokens: 1,
  arrivalNs: Math.round(1e9 * (at < 1000 ? at : 1000 + (at - 1000) / 2)),
}));
const scaled = (factor: number): WorkloadRequest[] => moreOften(trace, factor, stream("1"));

test.each([0.5, 1.5, 3])(
  "each request comes %p times on average, in order, within half a minute of its time",
  (factor) => {
    const requests = scaled(factor);
    expect(Math.abs(requests.length / trace.length / factor - 1)).toBeLessThan(0.05);
    expect(new Set(requests.map(({ id }) => id)).size).toBe(requests.length);
    const far = requests.filter(({ promptTokens, arrivalNs }) => Math.abs(arrivalNs! - trace[promptTokens - 1]!.arrivalNs!) > 30e9); // prettier-ignore
    expect(far).toEqual([]);
    const times = requests.map(({ arrivalNs }) => arrivalNs!);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  },
);

test("rates over minutes stay: the second half has twice as many", () => {
  const requests = scaled(3);
  const before = requests.filter(({ arrivalNs }) => arrivalNs! < 1000e9).length;
  expect(Math.abs((requests.length - before) / before - 2)).toBeLessThan(0.1);
});

test("once is the trace itself, and prompts that share content are rejected", () => {
  expect(scaled(1)).toEqual(trace);
  const shared = [{ ...trace[0]!, content: [] }] as unknown as WorkloadRequest[];
  expect(() => moreOften(shared, 2, stream("1"))).toThrow(ConfigError);
});
