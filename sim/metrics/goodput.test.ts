import type { RequestRecord } from "../../formats/index.js";
import { countGood, type GoodputLimits } from "./goodput.js";
import { columnsOf } from "./request-columns.js";

const bare: RequestRecord = { requestId: "a", arrivalNs: 0, promptTokens: 3, outputTokens: 6, status: "ok" };
/** ttft 100 ms, tpot 20 ms, e2el 200 ms. */
const request: RequestRecord = { ...bare, firstTokenNs: 100e6, lastTokenNs: 200e6 };

function isGood(record: RequestRecord, limits: GoodputLimits): boolean {
  return countGood(columnsOf([record]), limits) === 1;
}

describe("countGood", () => {
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

  it("counts finished requests alone", () => {
    const requests = [request, bare, { ...request, status: "error" as const }, request];
    expect(countGood(columnsOf(requests), { e2elMs: 1000 })).toBe(2);
    expect(countGood(columnsOf(requests), {})).toBe(3);
  });
});
