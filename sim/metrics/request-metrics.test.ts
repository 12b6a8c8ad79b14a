import type { RequestRecord } from "../../formats/index.js";
import { clientDelayMs, e2elMs, queueMs, throughputTokensPerS, tpotMs, ttftMs } from "./request-metrics.js";

const whole: RequestRecord = {
  requestId: "a",
  arrivalNs: 1_000_000_000,
  sentNs: 1_002_000_000,
  scheduledNs: 1_010_000_000,
  firstTokenNs: 1_050_000_000,
  lastTokenNs: 1_250_000_000,
  promptTokens: 12,
  outputTokens: 5,
  status: "ok",
};
const bare: RequestRecord = { requestId: "b", arrivalNs: 0, promptTokens: 1, outputTokens: 1, status: "ok" };

describe("the metrics of one request", () => {
  it("count from the arrival, not from when the client sent it", () => {
    expect(ttftMs(whole)).toBe(50);
    expect(e2elMs(whole)).toBe(250);
    expect(queueMs(whole)).toBe(10);
    expect(clientDelayMs(whole)).toBe(2);
  });

  it("spread the decode over the tokens after the first", () => {
    expect(tpotMs(whole)).toBe(50);
    expect(throughputTokensPerS(whole)).toBe(20);
  });

  it("have no tpot for an answer of one token", () => {
    expect(tpotMs({ ...whole, outputTokens: 1 })).toBeNull();
  });

  it("are null where the record lacks a time, and for a throughput over no time", () => {
    for (const metric of [ttftMs, e2elMs, tpotMs, queueMs, clientDelayMs, throughputTokensPerS]) {
      expect(metric(bare)).toBeNull();
    }
    expect(throughputTokensPerS({ ...bare, lastTokenNs: 0 })).toBeNull();
  });
});
