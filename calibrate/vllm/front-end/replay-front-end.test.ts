/** A recorded engine's outputs through the front end that it had: what comes out is what its clients saw. */
import type { VllmEngineCost } from "../../../formats/index.js";
import { exponential, meanFactors, stream, VllmFrontEndCost } from "../../../sim/index.js";
import { recordEngine } from "../../../test/support/recorded-engine.js";
import { logNormalVariation } from "../../fit/numerics/index.js";
import { recordedTraffic, type RecordedRun } from "../recording/index.js";
import { replayFrontEnd } from "./replay-front-end.js";
import { knownFrontEnd as frontEnd } from "./front-end.fixture.js";

const cost: VllmEngineCost = {
  kind: "vllm_engine",
  gpu: {
    decode_base_ns: 2e6,
    decode_padded_token_ns: 10_000,
    context_token_ns: 10,
    prefill_base_ns: 1e6,
    prefill_padded_token_ns: 10_000,
    attention_pair_ns: 0.3,
  },
  host: {
    schedule: { base_ns: 100_000, request_ns: 1000 },
    update: { base_ns: 50_000, request_ns: 1000 },
    launch_full_graph: { base_ns: 1.2e6, request_ns: 0 },
    launch_piecewise: { base_ns: 3e6, request_ns: 0 },
    launch_no_graph: { base_ns: 4e6, request_ns: 0 },
    launch_lead: 0.3,
    copy_ns: 76_000,
    send_ns: 90_000,
    take_request_ns: 9000,
    wake_ns: 60_000,
    empty_step_sleep_ns: 1e6,
  },
  front_end: frontEnd,
  jitter: {
    launch_full_graph: logNormalVariation(0.4),
    launch_piecewise: logNormalVariation(0.4),
    launch_no_graph: logNormalVariation(0.4),
    host_states: [],
    run_spread: 0,
  },
};

function recording(settings: Record<string, unknown> = {}): RecordedRun {
  const random = stream("front-end/load");
  let arrivalMs = 0;
  const sent = Array.from({ length: 150 }, () => {
    arrivalMs += 25 * exponential(random);
    const promptTokens = 20 + Math.round(200 * exponential(random));
    return { arrivalMs, promptTokens, outputTokens: 1 + Math.round(40 * exponential(random)) };
  });
  return recordEngine({ cost, settings }, sent, { name: "front end" });
}

const [recorded, sync] = [recording(), recording({ async_scheduling: false })];
const tight = recording({ num_gpu_blocks: 90 });

describe.each([
  ["two steps in flight", recorded],
  ["one step in flight", sync],
  ["a pool so small that requests are preempted", tight],
])("%s", (_, { run, steps }) => {
  const traffic = recordedTraffic(run, steps!)!;
  const replay = replayFrontEnd(
    run.requests,
    traffic.outputs,
    new VllmFrontEndCost(frontEnd, meanFactors(undefined)),
    90_000,
  );

  test("the scheduler gives every token of a step to the request that had it", () => {
    const tokens = new Int32Array(run.requests.length);
    for (const { requests } of traffic.outputs) for (const request of requests) tokens[request]!++;
    expect([...tokens]).toEqual(run.requests.map(({ outputTokens }) => outputTokens));
    expect(traffic.outputs.reduce((sum, { firstTokens }) => sum + firstTokens, 0)).toBe(run.requests.length);
    expect(traffic.entries).toHaveLength(run.requests.length);
  });

  test("each request's first and last token is replayed to when the client had it", () => {
    const firstNs = run.requests.map(() => NaN);
    const lastNs = run.requests.map(() => NaN);
    traffic.outputs.forEach(({ requests }, output) => {
      for (const request of requests) {
        if (Number.isNaN(firstNs[request]!)) firstNs[request] = lastNs[request] = replay.firstsNs[output]!;
        else lastNs[request] = replay.deliveredNs[output]!;
      }
    });
    expect(firstNs).toEqual(run.requests.map(({ firstTokenNs }) => firstTokenNs));
    expect(lastNs).toEqual(run.requests.map(({ lastTokenNs }) => lastTokenNs));
  });

  test("each request is ready between the look that missed it and the schedule that had it", () => {
    for (const { request, notBeforeNs, atNs, wokeEngine } of traffic.entries) {
      const readyNs = replay.readyNs[request]!;
      expect(readyNs).toBeLessThan(atNs);
      if (wokeEngine) expect((atNs - readyNs - 60_000) % 9000).toBe(0);
      else expect(readyNs).toBeGreaterThan(notBeforeNs - 9000 * 20);
    }
  });
});

test("the small pool did preempt", () => {
  expect(tight.run.info.preemptions).toBeGreaterThan(0);
});

test("steps that do not follow from the requests are not used", () => {
  const { run, steps } = recorded;
  const [first, ...rest] = run.requests;
  const other = { ...run, requests: [{ ...first!, promptTokens: first!.promptTokens + 1 }, ...rest] };
  expect(recordedTraffic(other, steps!)).toBeUndefined();
});

test("a run that does not say when requests entered the engine is not used", () => {
  const { run, steps } = recorded;
  const silent = { ...run, requests: run.requests.map((request) => ({ ...request, extra: {} })) };
  expect(recordedTraffic(silent, steps!)).toBeUndefined();
});
