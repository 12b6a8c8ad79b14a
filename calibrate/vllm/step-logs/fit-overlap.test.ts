import { normal, stream } from "../../../sim/index.js";
import { gpuNsOfSpan, idleSpanNs, type EngineModel } from "./engine-model.js";
import type { EngineLog } from "./engine-model.js";
import { withOverlap } from "./fit-overlap.js";
import type { Reading } from "./read-timeline.js";
import type { TimedStep } from "../recording/index.js";

const launch = { baseNs: 10e6, requestNs: 0, lead: 0.03, overlapPower: 6, p90Ratio: 1.2 };
const gpu = { decode_base_ns: 0, decode_padded_token_ns: 0, context_token_ns: 0, mixed_base_ns: 0, prefill_base_ns: 0, prefill_padded_token_ns: 20_000, attention_pair_ns: 0 }; // prettier-ignore
const model: EngineModel = { gpu, copyNs: 50_000, launch: { full: { ...launch, overlapPower: Infinity }, piecewise: launch, none: launch } }; // prettier-ignore
const sync = { isProbes: false, isAsync: false } as EngineLog;
const async = { isProbes: false, isAsync: true } as EngineLog;

/** Steps taken one at a time, of 100 to 1,000 tokens, whose spans are those of an overlap of `power`. */
function readings(power: number, count = 300): Reading[] {
  const random = stream(`overlap/${power}`);
  return Array.from({ length: count }, (): Reading => {
    const paddedTokens = 100 + Math.round(900 * random());
    const record = { prefillTokens: paddedTokens, scheduledRequests: 1, contextTokens: 0, prefillAttentionPairs: 0 };
    const step = { kind: "none", pace: 1, record, paddedTokens, scheduleEndNs: 0 } as unknown as TimedStep & { updateStartNs: number }; // prettier-ignore
    const soft = { ...model, launch: { ...model.launch, none: { ...launch, overlapPower: power } } };
    const spanNs = idleSpanNs(soft, step, 10e6 * Math.exp(0.1 * normal(random)), 20_000 * paddedTokens);
    step.updateStartNs = spanNs + model.copyNs;
    step.latest = step;
    return { step } as Reading;
  });
}

test("a recording with one step in flight tells how launch and GPU overlap, of all kinds but the full graph", () => {
  const fitted = withOverlap([async, sync], [[], readings(3.5)], model);
  expect(fitted.none.overlapPower).toBeGreaterThanOrEqual(3);
  expect(fitted.none.overlapPower).toBeLessThanOrEqual(4);
  expect(fitted.piecewise.overlapPower).toBe(fitted.none.overlapPower);
  expect(fitted.full.overlapPower).toBe(Infinity);
});

test("without such a recording, or without another that tells the launches, it stays as it is", () => {
  expect(withOverlap([async], [readings(3.5)], model)).toBe(model.launch);
  expect(withOverlap([sync], [readings(3.5)], model)).toBe(model.launch);
  expect(withOverlap([async, sync], [[], readings(3.5, 50)], model)).toBe(model.launch);
});

test("the GPU time of a span is that from which the span was made, and none where the launch hides it", () => {
  const step = { kind: "none", record: { prefillTokens: 10 } } as TimedStep;
  const spanNs = idleSpanNs(model, step, 10e6, 12e6);
  expect(gpuNsOfSpan(model, step, 10e6, spanNs) / 12e6).toBeCloseTo(1, 5);
  expect(gpuNsOfSpan(model, step, 10e6, 9e6)).toBeNaN();
});
