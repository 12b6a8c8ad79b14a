import fc from "fast-check";
import {
  createRouter,
  makeRouter,
  requireBetaOf,
  requireRouter,
  routerNames,
  routersFor,
  routesBlindly,
  type RouterName,
} from "./registry.js";
import type { ContentRuns, WorkloadRequest } from "../../formats/index.js";
import type { RoutedRequest } from "./router.js";

const prefixCache = { blockTokens: 16, kvTokens: 10_000 };

function asking(prompt: ContentRuns = [], session?: number): RoutedRequest {
  return { session, prompt, promptTokens: prompt.reduce((sum, [, tokens]) => sum + tokens, 0) || 8 };
}

/** Where requests go while each replica has so many outstanding. */
function choices(
  name: RouterName,
  asked: readonly (readonly [RoutedRequest, readonly number[]])[],
  beta?: number,
): number[] {
  const router = createRouter(name, { seed: "1", prefixCache, beta });
  return asked.map(([request, outstanding]) => {
    const serving = outstanding.map((_, replica) => replica);
    return router.route(request, { serving, outstanding: Int32Array.from(outstanding) });
  });
}

/** Where `count` requests go when none ends. */
function sent(name: RouterName, replicas: number, count: number, seed = "1"): number[] {
  const requests: WorkloadRequest[] = Array.from({ length: count }, (_, index) => ({
    id: String(index),
    promptTokens: 1,
    outputTokens: 1,
  }));
  const route = makeRouter(name, { requests, seed, prefixCache });
  const outstanding = new Int32Array(replicas);
  const serving = Array.from({ length: replicas }, (_, replica) => replica);
  return requests.map((_, index) => {
    const to = route(index, { serving, outstanding });
    outstanding[to]!++;
    return to;
  });
}

test("round-robin goes round whatever is outstanding", () => {
  const asked = [9, 0, 9, 0].map((load) => [asking(), [load, 5, 5]] as const);
  expect(choices("round-robin", asked)).toEqual([0, 1, 2, 0]);
});

test.each(routerNames)("%s is called blind exactly if it does not look at what is outstanding", (name) => {
  const loads = Array.from({ length: 40 }, (_, at) => [at % 3, (at >> 1) % 5, (at * 7) % 4]);
  const choicesWith = (all: readonly (readonly number[])[]): number[] =>
    choices(
      name,
      all.map((load) => [asking(), load]),
    );
  const sameWithNone = choicesWith(loads.map(() => [0, 0, 0]));
  expect(routesBlindly(name)).toBe(String(choicesWith(loads)) === String(sameWithNone));
});

test("least-outstanding takes the one with the fewest, the first of equals", () => {
  const asked = [[3, 1, 2], [3, 1, 1], [0, 0, 0]].map((loads) => [asking(), loads] as const); // prettier-ignore
  expect(choices("least-outstanding", asked)).toEqual([1, 1, 0]);
  expect(sent("least-outstanding", 3, 7)).toEqual([0, 1, 2, 0, 1, 2, 0]);
});

describe.each(["random", "power-of-two"] as const)("%s", (name) => {
  it("follows its seed alone", () => {
    expect(sent(name, 4, 50, "a")).toEqual(sent(name, 4, 50, "a"));
    expect(sent(name, 4, 50, "a")).not.toEqual(sent(name, 4, 50, "b"));
  });
});

test("random is uniform", () => {
  const counts = [0, 0, 0, 0];
  for (const to of sent("random", 4, 40_000)) counts[to]!++;
  // 10000 each, standard deviation 87.
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(4 * 87);
});

describe("power-of-two", () => {
  it("never takes the one replica that has more than all others, and any other one", () => {
    const asked = Array.from({ length: 200 }, () => [asking(), [1, 1, 5, 1]] as const);
    expect(new Set(choices("power-of-two", asked))).toEqual(new Set([0, 1, 3]));
  });

  it("draws pairs of different replicas, each as often: the idle one of four is in half of them", () => {
    const asked = Array.from({ length: 10_000 }, () => [asking(), [1, 1, 0, 1]] as const);
    const idle = choices("power-of-two", asked).filter((replica) => replica === 2).length;
    // Standard deviation 50.
    expect(Math.abs(idle - 5000)).toBeLessThan(4 * 50);
  });

  it("balances far better than random: the most that a replica has over the mean", () => {
    const most = (name: RouterName): number => {
      const counts = new Array<number>(100).fill(0);
      for (const to of sent(name, 100, 10_000)) counts[to]!++;
      return Math.max(...counts) - 100;
    };
    expect(most("power-of-two")).toBeLessThan(5);
    expect(most("random")).toBeGreaterThan(15);
  });
});

describe("session-affinity", () => {
  it("keeps a session where its first request went, and sends a new one to the least outstanding", () => {
    const asked = [[asking([], 7), [1, 0]], [asking([], 8), [1, 2]], [asking([], 7), [0, 9]], [asking([], 8), [9, 0]]] as const; // prettier-ignore
    expect(choices("session-affinity", asked)).toEqual([1, 0, 1, 0]);
  });

  it("without sessions goes by the first block, however its runs are cut; shorter prompts have none", () => {
    const asked = [
      [asking([[5, 4], [6, 12], [1, 9]]), [1, 0]], // prettier-ignore
      [asking([[5, 4], [6, 30]]), [0, 9]], // prettier-ignore
      [asking([[5, 5], [6, 30]]), [0, 9]], // prettier-ignore
      [asking([[5, 15]]), [1, 0]],
      [asking([[5, 15]]), [0, 1]],
    ] as const;
    expect(choices("session-affinity", asked)).toEqual([1, 1, 0, 1, 0]);
  });

  it("moves a session whose replica no longer serves, and keeps it there", () => {
    const router = createRouter("session-affinity", { seed: "1", prefixCache });
    const outstanding = Int32Array.of(0, 3, 2);
    const to = [[0, 1, 2], [1, 2], [1, 2]].map((serving) => router.route(asking([], 1), { serving, outstanding })); // prettier-ignore
    expect(to).toEqual([0, 2, 2]);
  });
});

describe("prefix-aware", () => {
  const first: ContentRuns = [[1, 100]];
  const second: ContentRuns = [[1, 80], [2, 20]]; // prettier-ignore

  it("scores hit share less beta times relative load", () => {
    // The second prompt has 80 of 100 tokens on replica 0. Mean load 2: replica 0 is worse by beta x (4 - 0) / 2.
    const asked = [[asking(first), [0, 0]], [asking(second), [4, 0]]] as const; // prettier-ignore
    expect(choices("prefix-aware", asked, 0.39)).toEqual([0, 0]);
    expect(choices("prefix-aware", asked, 0.41)).toEqual([0, 1]);
  });

  it("takes loads below one request per replica as they are", () => {
    const asked = [[asking(first), [0, 0, 0, 0]], [asking(second), [1, 0, 0, 0]]] as const; // prettier-ignore
    expect(choices("prefix-aware", asked, 0.79)).toEqual([0, 0]);
    expect(choices("prefix-aware", asked, 0.81)).toEqual([0, 1]);
  });

  it("with beta 0 goes by hits alone, of equals to the least outstanding", () => {
    const asked = [[asking(first), [3, 1, 2]], [asking(second), [0, 99, 0]], [asking([[9, 5]]), [1, 1, 0]]] as const; // prettier-ignore
    expect(choices("prefix-aware", asked, 0)).toEqual([1, 1, 2]);
  });

  it("with a large beta only takes replicas that nobody has fewer requests than, whatever is cached", () => {
    const loads = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 4, maxLength: 4 });
    const prompts = fc.constantFrom<ContentRuns>([[1, 90]], [[1, 50], [2, 40]], [[3, 20]]); // prettier-ignore
    fc.assert(
      fc.property(fc.array(fc.tuple(prompts, loads), { maxLength: 30 }), (drawn) => {
        const asked = drawn.map(([prompt, outstanding]) => [asking(prompt), outstanding] as const);
        for (const [at, to] of choices("prefix-aware", asked, 1000).entries())
          expect(drawn[at]![1][to]).toBe(Math.min(...drawn[at]![1]));
      }),
      { numRuns: 200, seed: 6 },
    );
  });

  it("with a large beta chooses as least-outstanding does where one replica has the fewest", () => {
    const loads = [[4, 2, 3], [1, 5, 5], [3, 2, 1], [0, 1, 1]]; // prettier-ignore
    const asked = loads.map((outstanding) => [asking(first), outstanding] as const);
    expect(choices("prefix-aware", asked, 1000)).toEqual(choices("least-outstanding", asked));
  });
});

describe("routers that go by prefixes", () => {
  it("are rejected by name where there is no prefix cache", () => {
    expect(routersFor(false)).toEqual(["round-robin", "least-outstanding", "random", "power-of-two"]);
    expect(() => {
      requireRouter("prefix-aware", "naive", false);
    }).toThrow(
      "router prefix-aware: it needs prefix caches, naive has none, expected one of round-robin, least-outstanding, random, power-of-two",
    );
    expect(() => {
      requireRouter("power-of-two", "naive", false);
    }).not.toThrow();
    expect(() => {
      requireRouter("prefix-aware", "vllm", true);
    }).not.toThrow();
  });

  it("alone have a beta", () => {
    expect(() => {
      requireBetaOf("random", 1, "--router-beta");
    }).toThrow("--router-beta: only the router prefix-aware has it");
    expect(() => {
      requireBetaOf("prefix-aware", 1, "--router-beta");
    }).not.toThrow();
  });
});
