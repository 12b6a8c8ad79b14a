import { gateHeldOut } from "./held-out-gate.js";
import type { ReplayReport, ReplayStatistic } from "./replay-report.js";

const statistic = (error: number, band: readonly [number, number] = [99, 101]): ReplayStatistic => {
  return { real: 100, sim: 100 * (1 + error), error, band };
};

function report(
  given: Partial<Record<"mean_ttft_ms" | "mean_tpot_ms" | "mean_e2el_ms", ReplayStatistic>>,
  utilisation?: number,
): Pick<ReplayReport, "recording" | "metrics" | "capacity"> {
  const good = statistic(0.01);
  const metrics = { mean_ttft_ms: good, mean_tpot_ms: good, mean_e2el_ms: good, ...given };
  return {
    recording: "held-out",
    metrics: metrics as unknown as ReplayReport["metrics"],
    capacity: utilisation === undefined ? null : ({ utilisation } as ReplayReport["capacity"]),
  };
}

test("what is within its tolerance passes, whatever the band", () => {
  const within = report({ mean_ttft_ms: statistic(0.19, [118, 120]), mean_tpot_ms: statistic(-0.09, [90, 92]) });
  expect(gateHeldOut([within])).toEqual({ missed: [], undecided: [] });
});

test.each([
  ["mean_ttft_ms", 0.25, "+25.0 % (at most 20 % is allowed)"],
  ["mean_tpot_ms", -0.12, "-12.0 % (at most 10 % is allowed)"],
  ["mean_e2el_ms", 0.11, "+11.0 % (at most 10 % is allowed)"],
] as const)("%s is gated by a tolerance of its own", (key, error, said) => {
  const sim = 100 * (1 + error);
  const found = gateHeldOut([report({ [key]: statistic(error, [sim - 1, sim + 1]) })]);
  expect(found.missed).toEqual([`held-out: ${key} is off by ${said}`]);
});

test("a miss near capacity says how near by the profile that missed it", () => {
  const missed = { mean_tpot_ms: statistic(-0.33, [60, 70]) };
  expect(gateHeldOut([report(missed, 0.93)]).missed).toEqual([
    "held-out, at 93 % of capacity by this profile: mean_tpot_ms is off by -33.0 % (at most 10 % is allowed)",
  ]);
  expect(gateHeldOut([report(missed, 0.5)]).missed[0]).toContain("held-out: mean_tpot_ms");
});

test("an error that simulated runs differ by among themselves is said, and ends nothing", () => {
  const found = gateHeldOut([report({ mean_ttft_ms: statistic(0.6, [90, 300]) })]);
  expect(found.missed).toEqual([]);
  expect(found.undecided).toEqual([
    "held-out: mean_ttft_ms is off by +60.0 % (at most 20 % is allowed), but simulated runs of that load differ by as much, 90.0 to 300 ms: it cannot be decided",
  ]);
});

test("of a statistic that was not recorded nothing is asked", () => {
  const none: ReplayStatistic = { real: null, sim: 5, error: null, band: [4, 6] };
  expect(gateHeldOut([report({ mean_ttft_ms: none })])).toEqual({ missed: [], undecided: [] });
});
