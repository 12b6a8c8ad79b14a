import type { ReplayReport } from "../../experiment/replay-report.js";
import { judge, toleranceOf } from "./judge.js";

function report(real: number, sim: number, band: [number, number] = [sim, sim]): ReplayReport {
  return { metrics: { mean_ttft_ms: { real, sim, error: sim / real - 1, band } } } as unknown as ReplayReport;
}

const verdictOf = (...args: Parameters<typeof judge>): string => judge(...args)[0]!.verdict;

test("a statistic within its tolerance is within, one beyond it is missed", () => {
  expect(verdictOf(report(100, 104.9), [report(100, 104.9)], "below capacity")).toBe("within");
  expect(verdictOf(report(100, 105.1), [report(100, 105.1)], "below capacity")).toBe("missed");
});

test("beyond its tolerance it may lie inside the range of identical real runs", () => {
  const repeats = [report(100, 108), report(109, 108)];
  expect(verdictOf(repeats[0]!, repeats, "below capacity")).toBe("inside repeats");
});

test("near capacity the real value may lie in the band of the simulated runs, elsewhere not", () => {
  const wide = report(100, 130, [90, 170]);
  expect(verdictOf(wide, [wide], "near capacity")).toBe("in band");
  expect(verdictOf(wide, [wide], "below capacity")).toBe("missed");
});

test("tolerances are those of the means and of the tails, wider under block pressure", () => {
  expect(toleranceOf("mean_tpot_ms", "below capacity")).toBe(0.02);
  expect(toleranceOf("p99_tpot_ms", "below capacity")).toBe(0.05);
  expect(toleranceOf("p50_ttft_ms", "below capacity")).toBe(0.05);
  expect(toleranceOf("p95_ttft_ms", "near capacity")).toBe(0.1);
  expect(toleranceOf("p95_e2el_ms", "block pressure")).toBe(0.1);
});
