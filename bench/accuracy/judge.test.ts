import type { ReplayReport } from "../../jobs/replay/replay-report.js";
import { identicalRuns } from "./identical-runs.js";
import { judge, toleranceOf } from "./judge.js";

function report(real: number, sim: number, band: [number, number] = [sim, sim]): ReplayReport {
  const metrics = { mean_ttft_ms: { real, sim, error: sim / real - 1, band } };
  return { metrics, replications: 50 } as unknown as ReplayReport;
}

const judged = (...args: Parameters<typeof judge>) => judge(...args)[0]!;

test("a statistic agrees where its error lies within the tolerance with all the noise that simulated runs have", () => {
  expect(judged(report(100, 102, [101, 103]), [], "below capacity")).toMatchObject({
    verdict: "agrees",
    noise: "simulation",
  });
  expect(judged(report(100, 104.9, [103, 107]), [], "below capacity").verdict).toBe("cannot tell");
  expect(judged(report(100, 115, [113, 117]), [], "below capacity").verdict).toBe("differs");
});

test("beyond its tolerance nothing agrees, however wide the band of simulated runs or the range of real ones", () => {
  expect(judged(report(100, 130, [90, 170]), [], "near capacity").verdict).toBe("cannot tell");
  const others = [report(90, 108), report(125, 108)];
  expect(judged(report(100, 133), others, "below capacity")).toMatchObject({
    verdict: "cannot tell",
    noise: "other runs",
  });
});

test("without a band and other runs nothing is known of the noise, and nothing agrees", () => {
  expect(judged(report(100, 100), [report(100, 100)], "below capacity")).toMatchObject({ verdict: "cannot tell", noise: "unknown" }); // prettier-ignore
});

test("the noise of a run is that of other runs of its load, without the run itself and those of the fit", () => {
  const names = ["a/light-r1", "a/light-r2", "a/light-r3", "a/light-r4", "a/closed-r1"];
  expect(identicalRuns("a/light-r2", names, ["a/light-r1"])).toEqual(["a/light-r3", "a/light-r4"]);
  expect(identicalRuns("a/closed-r1", names, [])).toEqual([]);
  // A scored run that lies far off would widen the noise to which it is held.
  const others = [report(100, 120), report(100.5, 120)];
  expect(judged(report(150, 120), others, "below capacity").verdict).toBe("differs");
});

test("tolerances are those of the means and of the tails, wider under block pressure", () => {
  expect(toleranceOf("mean_tpot_ms", "below capacity")).toBe(0.02);
  expect(toleranceOf("p99_tpot_ms", "below capacity")).toBe(0.05);
  expect(toleranceOf("p50_ttft_ms", "below capacity")).toBe(0.05);
  expect(toleranceOf("p95_ttft_ms", "near capacity")).toBe(0.1);
  expect(toleranceOf("p95_e2el_ms", "block pressure")).toBe(0.1);
});
