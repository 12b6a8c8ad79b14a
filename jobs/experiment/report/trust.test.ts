import type { Profile, Run, RunInfo } from "../../../formats/index.js";
import { buildRun, type RequestTimes } from "../../../report/compare/run-builder.fixture.js";
import type { TrustCheck } from "../../../report/html/index.js";
import { summarised } from "./cell-figures.js";
import type { CellResult } from "../results.js";
import { trustChecks } from "./trust.js";

/** Four requests, one every 100 ms, sent on time, each answered in 50 ms. */
const requests = (more: Partial<RequestTimes> = {}): RequestTimes[] =>
  [0, 1, 2, 3].map((at) => ({
    id: String(at),
    arrivalMs: 100 * at,
    sentMs: 100 * at,
    scheduledMs: 100 * at,
    firstMs: 100 * at + 20,
    lastMs: 100 * at + 50,
    ...more,
  }));
const run = (source: "sim" | "real", info: Partial<RunInfo> = {}, times = requests()): Run => {
  const built = buildRun(source, times);
  return { ...built, info: { ...built.info, ...info } };
};
const profile = (p90: number) => ({ held_out: { batch: { points: 9, median_ape: 0.02, p90_ape: p90 } } }) as Profile;

const checks = (sim: Run, real: readonly Run[], of = profile(0.05)): ReadonlyMap<string, TrustCheck> => {
  const cell: CellResult = { name: "naive--poisson", policy: "naive", load: "poisson", sim, real };
  return new Map(trustChecks({ profile: of }, [summarised(cell)]).map((check) => [check.name, check]));
};

const valid = { ok: true, reasons: [] };
const capacity = (utilisation: number, verdict: string): Partial<RunInfo> => ({
  capacity: { requests_per_s: 40, utilisation, verdict, bound_by: "seats" },
});
const open: Partial<RunInfo> = { load: { kind: "gamma", request_rate: 10 } };

test("sound runs pass every check that they allow", () => {
  const sim = run("sim", { ...open, ...capacity(0.5, "below"), extrapolation: { share: 0, of: [] } });
  const engine = { name: "test", settings: { warm_up_steps: 5 } };
  const real = run("real", {
    ...open,
    valid,
    engine,
    event_loop_delay_ms: { p99: 2 },
    pace: { before: 1, after: 1.01 },
  });
  const found = checks(sim, [real, real]);
  expect([...found.values()].filter(({ state }) => state !== "fine").map(({ name }) => name)).toEqual([
    "Requests behind each percentile",
  ]);
  expect(found.get("Real runs")!.text).toBe("2, 2 of each cell, none disturbed.");
  expect(found.get("Errors")!.text).toBe("All 8 requests of the real runs were answered.");
  expect(found.get("Warm-up")!.text).toMatch(/^5 steps before the clock/);
  expect(found.get("Rate achieved")!.text).toBe(
    "poisson: 10 requests/s asked, 10 sent. The servers finished requests as fast as they came.",
  );
  expect(found.get("Little's law")!.text).toMatch(/ is 1 in 3 runs; /);
  expect(found.get("Utilisation, and what binds")!.text).toBe(
    "Offered load over capacity, limited by the number of requests at once: naive--poisson 50 %.",
  );
});

test("what is wrong with the runs is worth a look, and said", () => {
  const extrapolation = { quantity: "batch", side: "above", measured_to: 16, asked: 32, share: 0.2 } as const;
  const sim = run("sim", { ...open, ...capacity(1.2, "above"), extrapolation: { share: 0.2, of: [extrapolation] } });
  const late = requests({ sentMs: 390 }).map((one, at) => (at === 3 ? { ...one, status: "error" as const } : one));
  const info = { load: { kind: "gamma", request_rate: 40 }, valid: { ok: false, reasons: ["lagged"] }, pace: { before: 1, after: 1.3 } }; // prettier-ignore
  const found = checks(
    { ...sim, info: { ...sim.info, load: { kind: "gamma", request_rate: 60 } } },
    [run("real", info, late)],
    profile(0.3),
  );
  const looks = [...found.values()].filter(({ state }) => state === "look").map(({ name }) => name);
  expect(looks).toEqual([
    "Real runs",
    "Errors",
    "Lag of the client",
    "Requests behind each percentile",
    "Utilisation, and what binds",
    "Extrapolation",
    "Pace of the machine",
    "Calibration",
  ]);
  expect(found.get("Errors")!.text).toBe("1 of 4 requests of the real runs got no answer and are in no latency.");
  expect(found.get("Extrapolation")!.text).toMatch(/^Up to 20.0 % of the time .*: batch 32, measured to 16\.$/);
  expect(found.get("Warm-up")!.state).toBe("unknown");
});

test("a rate that was not sent, and a server that falls behind it", () => {
  const many = Array.from({ length: 400 }, (_, at) => ({ id: String(at), arrivalMs: 20 * at, sentMs: 20 * at, firstMs: 30 * at + 10, lastMs: 30 * at + 20 })); // prettier-ignore
  const found = checks(run("sim", open), [run("real", open, many)]).get("Rate achieved")!;
  expect(found).toMatchObject({ state: "look", text: expect.stringMatching(/^poisson: 10 requests\/s asked, 50 sent\. Finished more slowly than they came: naive--poisson 33.4 requests\/s\.$/) as string }); // prettier-ignore
});

test("simulated only: nothing is said of a client, its lag or a pace", () => {
  const found = checks(run("sim"), []);
  expect([...found.keys()]).toEqual([
    "Real runs",
    "Errors",
    "Requests behind each percentile",
    "Little's law",
    "Extrapolation",
    "Calibration",
  ]);
  expect(found.get("Real runs")).toMatchObject({ state: "unknown" });
});
