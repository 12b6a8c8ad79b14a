/** Another host of known pace, seen by clients only. */
import { readProfile } from "../../formats/files/index.js";
import type { Profile, VllmEngineCost } from "../../formats/index.js";
import { exponential, replayRecording, stream } from "../../sim/index.js";
import { recordEngine } from "../../test/support/recorded-engine.js";
import { atPace } from "./black-box-model.js";
import { buildProfile } from "./build-profile.js";
import type { Replay } from "./client-target.js";
import { coefficientsOf } from "./cost-places.js";
import { fitPace, paceNote, profileAtPace } from "./fit-pace.js";
import type { RecordedRun } from "./recorded-run.js";

const shipped = readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json");
const cost = shipped.cost as VllmEngineCost;

function load(on: VllmEngineCost, count = 160): RecordedRun {
  const random = stream("fit-pace");
  let arrivalMs = 0;
  const sent = Array.from({ length: count }, () => {
    arrivalMs += 80 * exponential(random);
    const promptTokens = 20 + Math.round(250 * exponential(random));
    return { arrivalMs, promptTokens, outputTokens: 5 + Math.round(40 * exponential(random)) };
  });
  const jitter = { ...on.jitter!, run_spread: 0 };
  return { ...recordEngine({ cost: { ...on, jitter } }, sent, { name: "load" }), steps: [] };
}

const replayOf =
  (run: RecordedRun): Replay =>
  (recorded, trial, seed) =>
    replayRecording(buildProfile({ name: "trial", cost: trial, runs: [run], notes: [] }), recorded, {
      seed,
      jitter: true,
    });

test.each([0.7, 1.25])("a host that takes %f times as long is told by one number, and that does", (pace) => {
  const run = load(atPace(cost, pace));
  const found = fitPace(cost, [run], replayOf(run))!;
  expect(Math.abs(found.pace / pace - 1)).toBeLessThan(0.1);
  expect(found.suffices).toBe(true);
  expect(paceNote("mine", found)).toMatch(/times as long as that of profile "mine", .*first 35 % of the requests/);
});

test("where the GPU differs, one number for the host does not do, and it says so", () => {
  const gpu = { ...cost.gpu, decode_base_ns: 3 * cost.gpu.decode_base_ns };
  const run = load({ ...cost, gpu });
  const found = fitPace(cost, [run], replayOf(run))!;
  expect(found.suffices).toBe(false);
  expect(paceNote("mine", found)).toContain("does not do, so its costs were fitted anew");
});

test("a handful of requests tells no pace", () => {
  const run = load(cost, 30);
  expect(fitPace(cost, [run], replayOf(run))).toBeUndefined();
});

test("a profile at another pace has host, intervals and draws moved together, and the GPU as it was", () => {
  const places = ["gpu.decode_base_ns", "host.schedule.base_ns", "front_end.output_ns", "host.copy_ns"];
  const known = coefficientsOf(cost);
  const profile: Profile = {
    ...shipped,
    cost_intervals: Object.fromEntries(places.map((place) => [place, [known[place]! / 2, 2 * known[place]!]])),
    cost_draws: { names: places, values: [places.map((place) => known[place]!)] },
  };
  const moved = profileAtPace(profile, cost, 1.5);
  const factors = [1, 1.5, 1.5, 1];
  places.forEach((place, at) => {
    expect(coefficientsOf(moved.cost)[place]! / known[place]!).toBeCloseTo(factors[at]!, 9);
    expect(moved.intervals![place]![1] / known[place]!).toBeCloseTo(2 * factors[at]!, 9);
    expect(moved.draws!.values[0]![at]! / known[place]!).toBeCloseTo(factors[at]!, 9);
  });
});
