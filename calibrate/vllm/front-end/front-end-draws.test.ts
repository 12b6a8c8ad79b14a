/** Draws of a front end's costs from a recorded engine whose front end is known: what they keep, and what they leave open. */
import type { VllmEngineCost } from "../../../formats/index.js";
import { exponential, mean, stream } from "../../../sim/index.js";
import { recordEngine } from "../../../test/support/recorded-engine.js";
import { loadLinearSolver, logNormalVariation } from "../../fit/numerics/index.js";
import { recordedTraffic } from "../recording/index.js";
import { deliveryLog, type DeliveryLog } from "./delivery-log.js";
import { frontEndDraws } from "./front-end-draws.js";
import { costNames, frontEndAt } from "./front-end-parameters.js";
import { replayedDelays } from "./front-end-delays.js";
import { replayDraw } from "./replay-front-end.js";
import { knownFrontEnd as frontEnd } from "./front-end.fixture.js";

const sendNs = 90_000;
const wakeNs = 60_000;
const launch = { base_ns: 2e6, request_ns: 0 };
const varied = logNormalVariation(0.3);
const cost: VllmEngineCost = {
  kind: "vllm_engine",
  gpu: { decode_base_ns: 4e6, decode_padded_token_ns: 10_000, context_token_ns: 10, prefill_base_ns: 1e6, prefill_padded_token_ns: 10_000, attention_pair_ns: 0.3 }, // prettier-ignore
  host: {
    schedule: { base_ns: 100_000, request_ns: 1000 },
    update: { base_ns: 50_000, request_ns: 1000 },
    launch_full_graph: launch,
    launch_piecewise: launch,
    launch_no_graph: launch,
    launch_lead: 0.3,
    copy_ns: 76_000,
    send_ns: sendNs,
    take_request_ns: 9000,
    wake_ns: wakeNs,
    empty_step_sleep_ns: 1e6,
  },
  front_end: frontEnd,
  jitter: { launch_full_graph: varied, request: varied, output: varied, host_states: [], run_spread: 0 },
};

/** The numbers of the front end that recorded: spreads of 0.3, and stalls that never come. */
const numbers = [Math.log(0.3), Math.log(0.3), -20, Math.log(1e6), ...costNames.map((name) => Math.log(frontEnd[name]))]; // prettier-ignore

function recorded(count: number, outputTokens: () => number): DeliveryLog {
  const random = stream("front-end-draws/load");
  let arrivalMs = 0;
  const sent = Array.from({ length: count }, () => {
    arrivalMs += 40 * exponential(random);
    return { arrivalMs, promptTokens: 20 + Math.round(200 * exponential(random)), outputTokens: outputTokens() };
  });
  const { run, steps } = recordEngine({ cost }, sent, { name: "front end" });
  const path = { timesNs: Float64Array.of(0), paces: Float64Array.of(1), weightsNs: Float64Array.of(1) };
  return deliveryLog({ requests: run.requests, traffic: recordedTraffic(run, steps!)!, path, weight: 1 });
}

const solver = await loadLinearSolver();
const length = stream("front-end-draws/lengths");
const log = recorded(120, () => 2 + Math.round(20 * exponential(length)));
const draws = frontEndDraws([log], numbers, { sendNs, wakeNs, solver });

function spread(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value / centre - 1) ** 2)));
}
const drawn = (name: (typeof costNames)[number], of = draws): number[] => of.map((draw) => draw[`front_end.${name}`]!);

test("there are forty draws of every cost, about the fitted ones", () => {
  expect(draws).toHaveLength(40);
  for (const name of costNames) {
    expect(mean(drawn(name)) / frontEnd[name]).toBeCloseTo(1, 1);
    for (const ns of drawn(name)) expect(ns / frontEnd[name]).toBeGreaterThanOrEqual(0.333);
  }
});

test("parts that only their sum tells apart are drawn wide, and their sum is kept", () => {
  const delays = draws.slice(0, 12).map((draw) => {
    const costs = Object.fromEntries(costNames.map((name) => [name, draw[`front_end.${name}`]!]));
    const fitted = frontEndAt(numbers);
    const replay = replayDraw(log, { ...fitted, frontEnd: { ...fitted.frontEnd, ...costs } }, sendNs, 7);
    const { other } = replayedDelays(log, replay, wakeNs);
    return mean(other);
  });
  expect(spread(delays)).toBeLessThan(0.12);
  expect(spread(drawn("delivery_ns"))).toBeGreaterThan(2 * spread(delays));
});

test("of answers of one token, what later tokens cost is as open as if nothing had been recorded", () => {
  const single = recorded(80, () => 1);
  const open = frontEndDraws([single], numbers, { sendNs, wakeNs, solver });
  expect(spread(drawn("output_token_ns"))).toBeLessThan(0.7 * spread(drawn("output_token_ns", open)));
  expect(spread(drawn("request_hop_ns", open))).toBeLessThan(0.45);
});

test("the same recordings give the same draws", () => {
  const [one, again] = [1, 2].map(() => frontEndDraws([recorded(30, () => 5)], numbers, { sendNs, wakeNs, solver }));
  expect(again).toEqual(one);
});
