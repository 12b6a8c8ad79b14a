/** The choice of a data parallel rank, against what vLLM's client and coordinator do (0.19, 0.32). */
import { dataParallelRules } from "../../policy/index.js";
import { Balancer } from "./balancer.js";
import { Coordinator } from "./rank-counts.js";

const MS = 1e6;

function balancer(version: string, { ranks = 2, isLockstep = false } = {}): Balancer {
  return new Balancer({ ranks, isLockstep, rules: dataParallelRules(version) });
}

function chosen(of: Balancer, times: number, atNs = 0): string {
  return Array.from({ length: times }, () => of.choose(atNs)).join("");
}

function counts(waiting: number, running: number, kvFraction = 0) {
  return { waiting, running, kvFraction };
}

describe("the front end of 0.19", () => {
  it("takes the first of equals, and counts what it sent since as waiting", () => {
    expect(chosen(balancer("0.19.0"), 6)).toBe("010101");
  });

  it("weighs a waiting request as four running ones", () => {
    const of = balancer("0.19.0");
    of.coordinator.report(0, 0, 0, counts(0, 9));
    of.coordinator.report(1, 0, 0, counts(2, 0));
    // 9 against 8, then 9 against 12, 13 against 12, 13 against 16.
    expect(chosen(of, 4, 200 * MS)).toBe("1010");
  });

  it("forgets what it sent when counts are published, though a request in an input queue is in none of them", () => {
    const of = balancer("0.19.0");
    of.coordinator.report(1, 0, 0, counts(0, 1));
    expect(chosen(of, 1, 99 * MS)).toBe("0");
    // Rank 0 has the request at its input queue, and its counts are still none.
    expect(chosen(of, 1, 101 * MS)).toBe("0");
  });
});

describe("the front end of 0.32", () => {
  it("counts what is in flight to a rank even if no counts tell of it", () => {
    const of = balancer("0.32.0");
    expect(chosen(of, 1, 99 * MS)).toBe("0");
    of.coordinator.report(1, 0, 99 * MS, counts(0, 0.5));
    expect(chosen(of, 1, 300 * MS)).toBe("1");
    of.completed(0);
    expect(chosen(of, 1, 300 * MS)).toBe("0");
  });

  it("takes turns among equals", () => {
    const of = balancer("0.32.0", { ranks: 3 });
    expect(chosen(of, 3)).toBe("012");
    for (const rank of [0, 1, 2]) of.completed(rank);
    // All have one waiting by its own count; its look has gone round once.
    expect(chosen(of, 3)).toBe("012");
    for (const rank of [0, 1, 2]) of.completed(rank);
    of.choose(0);
    of.completed(0);
    expect(chosen(of, 1)).toBe("1");
  });

  it("avoids a rank with a queue and its KV blocks in use", () => {
    const of = balancer("0.32.0");
    of.coordinator.report(0, 0, 0, counts(2, 2, 1));
    of.coordinator.report(1, 0, 0, counts(2, 6, 0.5));
    // 2 + 2 + 2 x 3 = 10 against 8; below half of the blocks a queue costs nothing more.
    expect(chosen(of, 1, 200 * MS)).toBe("1");
    of.coordinator.report(0, 0, 210 * MS, counts(2, 3, 0.5));
    expect(chosen(of, 1, 500 * MS)).toBe("0");
  });
});

it("agrees on work left every 16 steps since 0.30, every 32 before", () => {
  expect(["0.19.0", "0.29.0", "0.30.0", "0.32.0"].map((version) => dataParallelRules(version).syncSteps)).toEqual([
    32, 32, 16, 16,
  ]);
});

describe("the coordinator", () => {
  it("publishes changed counts 100 ms after the last time, or at once where nothing changed for longer", () => {
    const of = new Coordinator(2, false);
    of.report(0, 0, 10 * MS, counts(1, 0));
    of.report(0, 0, 50 * MS, counts(0, 1));
    of.advance(99 * MS);
    expect(of.published[0]).toMatchObject({ waiting: 0, running: 0 });
    of.advance(100 * MS);
    expect(of.published[0]).toMatchObject({ waiting: 0, running: 1 });
    of.report(1, 0, 150 * MS, counts(3, 0));
    of.advance(199 * MS);
    expect(of.published[1]!.waiting).toBe(0);
    of.advance(200 * MS);
    expect(of.published[1]!.waiting).toBe(3);
    of.report(1, 0, 900 * MS, counts(0, 3));
    of.advance(900 * MS);
    expect(of.published[1]!.running).toBe(3);
  });

  it("waits in lockstep for all reports of a step: the counts are those of the step before", () => {
    const of = new Coordinator(2, true);
    of.report(0, 1, 90 * MS, counts(0, 1));
    of.report(1, 1, 91 * MS, counts(0, 1));
    of.report(0, 2, 99 * MS, counts(0, 2));
    of.report(1, 2, 101 * MS, counts(0, 2));
    of.advance(100 * MS);
    expect(of.published.map(({ running }) => running)).toEqual([1, 1]);
    // The rest follows when nothing has come for 50 ms.
    of.advance(199 * MS);
    expect(of.published.map(({ running }) => running)).toEqual([1, 1]);
    of.advance(200 * MS);
    expect(of.published.map(({ running }) => running)).toEqual([2, 2]);
  });

  it("does not hear of counts that are as before", () => {
    const of = new Coordinator(1, false);
    of.report(0, 0, 10 * MS, counts(0, 0));
    const before = of.published;
    of.advance(4999 * MS);
    expect(of.published).toBe(before);
    of.advance(5000 * MS);
    expect(of.published).not.toBe(before);
  });
});
