/** How far trial costs are from a recorded run, and what counts less because it differs from draw to draw. */
import type { VllmEngineCost } from "../../../formats/index.js";
import { exponential, replayRecording, stream } from "../../../sim/index.js";
import { recordEngine } from "../../../test/support/recorded-engine.js";
import { withPace, costOf } from "./black-box-model.js";
import { startFrom } from "./black-box-start.js";
import { buildProfile } from "../profile/index.js";
import { clientTarget, type ClientTarget, type Replay } from "./client-target.js";
import type { RecordedRun } from "../recording/index.js";

const parameters = startFrom({ fastestTpotMs: 7, idleTtftMs: 15 });
const cost = costOf(parameters);

function load(meanGapMs: number): RecordedRun {
  const random = stream("client-target");
  let arrivalMs = 0;
  const sent = Array.from({ length: 120 }, () => {
    arrivalMs += meanGapMs * exponential(random);
    return { arrivalMs, promptTokens: 20 + Math.round(300 * random()), outputTokens: 10 + Math.round(40 * random()) };
  });
  return { ...recordEngine({ cost }, sent, { name: "load" }), steps: [] };
}

const replay: Replay = (run, trial, seed) =>
  replayRecording(buildProfile({ name: "trial", cost: trial, runs: [{ name: "x", run }], notes: [] }), run, {
    seed,
    jitter: true,
  });

const weighing = { pairedWeight: 0.5, chaos: 0.1, singleWeight: 30, singleChaos: 0.02 };
const targetOf = (run: RecordedRun): ClientTarget => clientTarget(run, { replay, share: 1, weighing });
const lossOf = (target: ClientTarget, trial: VllmEngineCost): number =>
  target.missesOf(trial).reduce((sum, { log, weight }) => sum + weight * log ** 2, 0);
const weightOf = (target: ClientTarget): number => target.missesOf(cost).reduce((sum, { weight }) => sum + weight, 0);

test("the costs that it was recorded with are nearer than others, and all weights are its share", () => {
  const target = targetOf(load(120));
  expect(weightOf(target)).toBeCloseTo(1, 9);
  const slower = costOf({
    ...parameters,
    mixed_base: 3 * parameters.mixed_base,
    prefill_base: 3 * parameters.mixed_base,
  });
  expect(lossOf(target, cost)).toBeLessThan(0.5 * lossOf(target, slower));
  expect(lossOf(target, cost)).toBeLessThan(0.5 * lossOf(target, withPace(cost, 1.3)));
});

test("a load near capacity, which differs from draw to draw, counts less once that was seen", () => {
  const [calm, busy] = [targetOf(load(120)), targetOf(load(24))];
  for (const target of [calm, busy]) target.settle(cost, false);
  expect(weightOf(calm)).toBeGreaterThan(0.6);
  expect(weightOf(busy)).toBeLessThan(0.8 * weightOf(calm));
});

test("requests count one by one once costs are near, the less the more a request differs from draw to draw", () => {
  const [calm, busy] = [targetOf(load(120)), targetOf(load(24))];
  for (const target of [calm, busy]) target.settle(cost, true);
  expect(weightOf(calm)).toBeGreaterThan(1.5);
  expect(weightOf(calm)).toBeLessThan(31);
  expect(weightOf(busy)).toBeLessThan(weightOf(calm));
});

test("a host at another pace takes longer for its jobs, and its GPU as long", () => {
  const slow = withPace(cost, 1.5);
  expect(slow.gpu).toEqual(cost.gpu);
  expect(slow.host).toEqual({ ...cost.host, pace: 1.5 });
  expect(withPace(slow, 2).host.pace).toBe(3);
});
