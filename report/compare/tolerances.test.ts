import { parseThreshold } from "./thresholds.js";
import { defaultTolerance, withTolerances } from "./tolerances.js";

test("means and tails of a vLLM server have tolerances of their own, wider for the first token", () => {
  const of = defaultTolerance("vllm");
  const keys = [["tpot", "mean"], ["e2el", "p50"], ["e2el", "p95"], ["ttft", "mean"], ["ttft", "p99"], ["duration", "run"]] as const; // prettier-ignore
  expect(keys.map(([metric, stat]) => of(metric, stat))).toEqual([0.02, 0.02, 0.05, 0.05, 0.1, 0.02]);
});

test("batches are to be met within 5 %, and 10 % at P99", () => {
  const of = defaultTolerance("onnxruntime-cpu");
  expect([of("e2el", "mean"), of("ttft", "p95"), of("e2el", "p99"), of("batches", "count")]).toEqual([0.05, 0.05, 0.1, 0.05]); // prettier-ignore
});

test("a tolerance that is given replaces the default of its statistic, and the last one counts", () => {
  const of = withTolerances(defaultTolerance("vllm"), ["e2el.mean=7%", "e2el.mean=8%"].map(parseThreshold));
  expect([of("e2el", "mean"), of("e2el", "p50"), of("tpot", "mean")]).toEqual([0.08, 0.02, 0.02]);
});
