/** Looks every 10 ms by hand, one of them late because of a prefill; delays in ms. */
import type { RequestRecord } from "../../../formats/index.js";
import { pooled, quantileLoss, recordedDelays, replayedDelays } from "./front-end-delays.js";
import { deliveryLog, type DeliveryLog } from "./delivery-log.js";
import type { RecordedEntry } from "../recording/index.js";

const ms = 1e6;
/** Steps of 10 ms; the one that looked at 100 had the request's prefill and took 35. */
const looksNs = Float64Array.from([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 135, 145, 155], (at) => at * ms);

function logWith(entry: Partial<RecordedEntry> = {}): DeliveryLog {
  const request: RequestRecord = {
    requestId: "a",
    arrivalNs: 91 * ms,
    firstTokenNs: 140 * ms,
    lastTokenNs: 150 * ms,
    promptTokens: 300,
    outputTokens: 2,
    status: "ok",
  };
  const output = { tokens: 1, firstTokens: 0, completes: false, requests: [0] };
  return deliveryLog({
    requests: [request],
    weight: 1,
    path: { timesNs: Float64Array.of(0), paces: Float64Array.of(1), weightsNs: Float64Array.of(1) },
    traffic: {
      outputs: [
        { ...output, firstTokens: 1, updatedNs: 135 * ms },
        { ...output, updatedNs: 146 * ms },
      ],
      entries: [{ request: 0, notBeforeNs: 90 * ms, atNs: 100 * ms, wokeEngine: false, isAlone: true, ...entry }],
      looksNs,
    },
  });
}

/** How long it would take to enter if the front end were done with it at that time. */
function entersAfter(readyMs: number, log = logWith()): number {
  const times = (...at: number[]): Float64Array => Float64Array.from(at, (value) => value * ms);
  const replay = { readyNs: times(readyMs), deliveredNs: times(138, 149), firstsNs: times(139, 150) };
  return replayedDelays(log, replay, 0.5 * ms).in[0]!;
}

test("delays as recorded are those of the moments that the recording has", () => {
  expect(recordedDelays(logWith())).toEqual({
    in: Float64Array.of(9),
    first: Float64Array.of(5),
    other: Float64Array.of(4),
  });
});

test("a request enters at the first look after it is ready", () => {
  expect(entersAfter(98)).toBe(9);
  expect(entersAfter(100)).toBe(9);
  expect(entersAfter(85)).toBe(-1);
});

test("one that misses its look does not wait for the end of its own prefill", () => {
  // The look at 110, which its prefill moved to 135; then at 120.
  expect(entersAfter(101)).toBe(19);
  expect(entersAfter(112)).toBe(29);
  // Another entered with it: that one's prefill is there anyway.
  expect(entersAfter(101, logWith({ isAlone: false }))).toBe(44);
});

test("an idle engine has it once it has woken", () => {
  expect(entersAfter(97, logWith({ wokeEngine: true }))).toBe(6.5);
});

test("replays are pooled in order, and the loss is 0 where all is as recorded and grows with the difference", () => {
  const real = recordedDelays(logWith());
  const other = { ...real, in: Float64Array.of(4) };
  expect(pooled([real, other]).in).toEqual(Float64Array.of(4, 9));
  expect(quantileLoss(real, real)).toBe(0);
  // Seven quantiles and four times the mean.
  expect(quantileLoss(other, real)).toBeCloseTo(11 * Math.log(4 / 9) ** 2, 12);
});
