import type { Workload, WorkloadRequest } from "../../../formats/index.js";
import { SessionClient } from "./session-client.js";

function turn(session: number, at: number, after?: number, pauseNs = 0, arrivalNs?: number): WorkloadRequest {
  return {
    id: `${session}/${at}`,
    promptTokens: 1,
    outputTokens: 1,
    turn: { session, turn: at, pauseNs, ...(after === undefined ? {} : { after }) },
    ...(arrivalNs === undefined ? {} : { arrivalNs }),
  };
}

function workload(requests: readonly WorkloadRequest[], count: number, maxConcurrent = Infinity): Workload {
  return { requests, maxConcurrency: Infinity, thinkNs: 0, sessions: { count, maxConcurrent } };
}

describe("the client of sessions", () => {
  it("sends a turn its pause after the answer that it waits for, and the next session when one is over", () => {
    const client = new SessionClient(workload([turn(0, 0), turn(0, 1, 0, 50), turn(1, 0)], 2, 1));
    expect(client.take(0)).toEqual({ index: 0, arrivalNs: 0 });
    expect([client.take(1000), client.nextDueNs]).toEqual([undefined, Infinity]);
    client.ended(100, 0);
    expect([client.take(149), client.nextDueNs]).toEqual([undefined, 150]);
    expect(client.take(150)).toEqual({ index: 1, arrivalNs: 150 });
    client.ended(200, 1);
    expect(client.take(200)).toEqual({ index: 2, arrivalNs: 200 });
    client.ended(300, 2);
    expect(client.nextDueNs).toBe(Infinity);
  });

  it("counts latency from a session's own time, also where it waits for another one to end", () => {
    const client = new SessionClient(workload([turn(0, 0, undefined, 0, 30), turn(1, 0, undefined, 0, 10)], 2, 1));
    expect(client.take(10)).toEqual({ index: 1, arrivalNs: 10 });
    expect(client.nextDueNs).toBe(Infinity);
    client.ended(100, 1);
    expect(client.nextDueNs).toBe(100);
    expect(client.take(100)).toEqual({ index: 0, arrivalNs: 30 });
  });

  it("sends branches that are due at once in the order of the list, others by their time", () => {
    const requests = [turn(0, 0), turn(0, 1, 0, 7), turn(0, 2, 0, 7), turn(0, 3, 0, 3), turn(0, 4, 0, 9)];
    const client = new SessionClient(workload(requests, 1));
    client.take(0);
    client.ended(10, 0);
    expect([13, 17, 17, 19].map((atNs) => client.take(atNs)?.index)).toEqual([3, 1, 2, 4]);
    expect(client.take(99)).toBeUndefined();
  });
});
