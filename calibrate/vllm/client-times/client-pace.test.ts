/** Another host of known pace, seen by clients only. */
import { readProfile } from "../../../formats/files/index.js";
import type { VllmEngineCost } from "../../../formats/index.js";
import { exponential, replayRecording, stream } from "../../../sim/index.js";
import { recordEngine } from "../../../test/support/recorded-engine.js";
import { withPace } from "./black-box-model.js";
import { buildProfile } from "../profile/index.js";
import type { Replay } from "./client-target.js";
import { clientPaceNote, fitClientPace } from "./client-pace.js";
import type { RecordedRun } from "../recording/index.js";

const shipped = readProfile("profiles/h100-llama-3.1-8b-vllm-0.26.json");
const { jitter, ...rest } = shipped.cost as VllmEngineCost;
/** Its pace is steady: on a host that drifts a load of some seconds tells none. */
const cost: VllmEngineCost = { ...rest, jitter: { ...jitter!, pace: undefined, run_spread: 0 } };

function load(on: VllmEngineCost, count = 160): RecordedRun {
  const random = stream("client-pace");
  let arrivalMs = 0;
  const sent = Array.from({ length: count }, () => {
    arrivalMs += 80 * exponential(random);
    const promptTokens = 20 + Math.round(250 * exponential(random));
    return { arrivalMs, promptTokens, outputTokens: 5 + Math.round(40 * exponential(random)) };
  });
  return { ...recordEngine({ cost: on }, sent, { name: "load" }), steps: [] };
}

const replayOf =
  (run: RecordedRun): Replay =>
  (recorded, trial, seed) =>
    replayRecording(buildProfile({ name: "trial", cost: trial, runs: [run], notes: [] }), recorded, {
      seed,
      jitter: true,
    });

test.each([0.7, 1.25])("a host that takes %f times as long is described well enough by one number", (pace) => {
  const run = load(withPace(cost, pace));
  const found = fitClientPace(cost, [run], replayOf(run))!;
  expect(Math.abs(found.pace / pace - 1)).toBeLessThan(0.1);
  expect(found.suffices).toBe(true);
  expect(clientPaceNote("mine", found)).toMatch(
    /times as long as that of profile "mine", .*first 35 % of the requests/,
  );
});

test("where the GPU differs, one number for the host is not enough, and it says so", () => {
  const gpu = { ...cost.gpu, decode_base_ns: 3 * cost.gpu.decode_base_ns };
  const run = load({ ...cost, gpu });
  const found = fitClientPace(cost, [run], replayOf(run))!;
  expect(found.suffices).toBe(false);
  expect(clientPaceNote("mine", found)).toContain("is not enough, so its costs were fitted anew");
});

test("a handful of requests tells no pace", () => {
  const run = load(cost, 30);
  expect(fitClientPace(cost, [run], replayOf(run))).toBeUndefined();
});
