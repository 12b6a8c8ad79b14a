import type { RequestRecord } from "../../formats/index.js";
import { isGood } from "./goodput.js";

const bare: RequestRecord = { requestId: "a", arrivalNs: 0, promptTokens: 3, outputTokens: 6, status: "ok" };
/** ttft 100 ms, tpot 20 ms, e2el 200 ms. */
const request: RequestRecord = { ...bare, firstTokenNs: 100e6, lastTokenNs: 200e6 };

describe("isGood", () => {
  it("wants every limit met, the limit itself included", () => {
    expect(isGood(request, { ttftMs: 100, tpotMs: 20, e2elMs: 200 })).toBe(true);
    expect(isGood(request, { ttftMs: 99.9, tpotMs: 20, e2elMs: 200 })).toBe(false);
    expect(isGood(request, { ttftMs: 100, tpotMs: 19.9 })).toBe(false);
    expect(isGood(request, { e2elMs: 199 })).toBe(false);
    expect(isGood(request, {})).toBe(true);
  });

  it("lets an answer of one token pass any tpot", () => {
    expect(isGood({ ...request, outputTokens: 1 }, { tpotMs: 1 })).toBe(true);
  });

  it("does not let a time that nobody recorded pass", () => {
    const unseen: RequestRecord = { ...bare, lastTokenNs: 200e6 };
    expect(isGood(unseen, { ttftMs: 1e9 })).toBe(false);
    expect(isGood(unseen, { e2elMs: 200 })).toBe(true);
  });
});
