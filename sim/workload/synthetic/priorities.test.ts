import { loadSchema, type WorkloadRequest } from "../../../formats/index.js";
import { workloadFromRequests } from "../index.js";

function requestsAt(timesNs: readonly number[]): WorkloadRequest[] {
  return timesNs.map((arrivalNs, at) => ({ id: `r${at}`, arrivalNs, promptTokens: 5, outputTokens: 2 }));
}

function replay(requests: readonly WorkloadRequest[], settings: object): readonly WorkloadRequest[] {
  return workloadFromRequests(loadSchema.parse({ workload: "trace", ...settings }), requests, "1").requests;
}

describe("priorities", () => {
  it("are drawn in the shares that are given, the same for the same seed", () => {
    const many = requestsAt(Array.from({ length: 20_000 }, (_, at) => at));
    const drawn = replay(many, { priorities: "0:9, -3:1" }).map(({ priority }) => priority);
    expect(drawn.filter((priority) => priority === -3).length / drawn.length).toBeCloseTo(0.1, 2);
    expect(new Set(drawn)).toEqual(new Set([0, -3]));
    expect(replay(many, { priorities: "0:9, -3:1" }).map(({ priority }) => priority)).toEqual(drawn);
    expect(() => replay(requestsAt([0]), { priorities: "0:0,1:0" })).toThrow(/priorities are "0:0,1:0", expected/);
  });

  it("of many kinds come in their shares, those of no weight never", () => {
    const shares = Array.from({ length: 500 }, (_, at) => `${at}:${at % 2}`).join(",");
    const drawn = replay(requestsAt(Array.from({ length: 20_000 }, (_, at) => at)), { priorities: shares });
    expect(drawn.every(({ priority }) => priority! % 2 === 1)).toBe(true);
    expect(new Set(drawn.map(({ priority }) => priority)).size).toBe(250);
  });

  it("replace a trace's own, which stay when none are given", () => {
    const own = requestsAt([0, 1, 2]).map((request) => ({ ...request, priority: 7 }));
    expect(replay(own, { priorities: "2:1" }).every(({ priority }) => priority === 2)).toBe(true);
    expect(replay(own, { self_timed: false }).every(({ priority }) => priority === 7)).toBe(true);
  });
});
