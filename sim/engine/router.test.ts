import { makeRouter, type RouterName } from "./router.js";

/** Where `count` requests go when none ends. */
function sent(name: RouterName, replicas: number, count: number, seed = "1"): number[] {
  const route = makeRouter(name, seed);
  const outstanding = new Int32Array(replicas);
  return Array.from({ length: count }, () => {
    const to = route(outstanding);
    outstanding[to]!++;
    return to;
  });
}

describe("a router", () => {
  it("round-robin goes round whatever is outstanding", () => {
    const route = makeRouter("round-robin", "1");
    expect([9, 0, 9, 0].map((load) => route(Int32Array.of(load, 5, 5)))).toEqual([0, 1, 2, 0]);
  });

  it("least-outstanding takes the one with the fewest, the first of equals", () => {
    const route = makeRouter("least-outstanding", "1");
    expect(route(Int32Array.of(3, 1, 2))).toBe(1);
    expect(route(Int32Array.of(3, 1, 1))).toBe(1);
    expect(route(Int32Array.of(0, 0, 0))).toBe(0);
    expect(sent("least-outstanding", 3, 7)).toEqual([0, 1, 2, 0, 1, 2, 0]);
  });

  it("random follows its seed alone", () => {
    expect(sent("random", 4, 50, "a")).toEqual(sent("random", 4, 50, "a"));
    expect(sent("random", 4, 50, "a")).not.toEqual(sent("random", 4, 50, "b"));
  });

  it("random is uniform", () => {
    const counts = [0, 0, 0, 0];
    for (const to of sent("random", 4, 40_000)) counts[to]!++;
    // 10000 each, standard deviation 87.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(4 * 87);
  });

  it.each(["round-robin", "least-outstanding", "random"] as const)("%s knows but one way to one replica", (name) => {
    expect(new Set(sent(name, 1, 10))).toEqual(new Set([0]));
  });
});
