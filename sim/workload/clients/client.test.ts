import { Client, type SentRequest } from "../index.js";

/** A client of requests with these arrival times (undefined: none), ns. */
function client(arrivalsNs: readonly (number | undefined)[], maxConcurrency = Infinity, thinkNs = 0): Client {
  const requests = arrivalsNs.map((arrivalNs, index) => {
    const arrival = arrivalNs === undefined ? {} : { arrivalNs };
    return { id: String(index), promptTokens: 1, outputTokens: 1, ...arrival };
  });
  return new Client({ requests, maxConcurrency, thinkNs });
}

/** Takes all that is due, as [index, arrival]. */
function takeAll(from: Client, nowNs: number): [number, number][] {
  const taken: [number, number][] = [];
  for (let sent: SentRequest | undefined = from.take(nowNs); sent !== undefined; sent = from.take(nowNs)) {
    taken.push([sent.index, sent.arrivalNs]);
  }
  return taken;
}

describe("an open loop client", () => {
  it("sends each request at its arrival time, however many are outstanding", () => {
    const open = client([5, 5, 9]);
    expect(open.nextDueNs).toBe(5);
    expect(takeAll(open, 4)).toEqual([]);
    expect(takeAll(open, 5)).toEqual([
      [0, 5],
      [1, 5],
    ]);
    expect(open.nextDueNs).toBe(9);
    expect(takeAll(open, 20)).toEqual([[2, 9]]);
    expect(open.nextDueNs).toBe(Infinity);
  });
});

describe("a closed loop client", () => {
  it("has as many outstanding as its concurrency, and counts from the moment of sending", () => {
    const closed = client([undefined, undefined, undefined], 2);
    expect(takeAll(closed, 0)).toEqual([
      [0, 0],
      [1, 0],
    ]);
    expect(closed.nextDueNs).toBe(Infinity);
    closed.ended(70);
    expect(closed.nextDueNs).toBe(70);
    expect(takeAll(closed, 70)).toEqual([[2, 70]]);
    closed.ended(80);
    expect(closed.nextDueNs).toBe(Infinity);
  });

  it("thinks before it uses a slot again", () => {
    const thinking = client([undefined, undefined], 1, 30);
    takeAll(thinking, 0);
    thinking.ended(70);
    expect(thinking.nextDueNs).toBe(100);
    expect(takeAll(thinking, 99)).toEqual([]);
    expect(takeAll(thinking, 100)).toEqual([[1, 100]]);
  });
});

test("a client with arrival times and a concurrency sends at the later of both and counts from the arrival", () => {
  const both = client([0, 10, 200], 1);
  expect(takeAll(both, 50)).toEqual([[0, 0]]);
  both.ended(100);
  expect(both.nextDueNs).toBe(100);
  expect(takeAll(both, 100)).toEqual([[1, 10]]);
  both.ended(150);
  expect(both.nextDueNs).toBe(200);
});
