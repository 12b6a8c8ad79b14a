/** What vLLM's releases decide in ways of their own, and settings that came later; sums are in the comments. */
import type { SchedulerLimits } from "./limits.js";
import { prompt, Scenario } from "./scenario.fixture.js";
import { rulesOf } from "./versions.js";

const under = (version: string, change: Partial<SchedulerLimits> = {}): Partial<SchedulerLimits> => ({
  ...change,
  rules: rulesOf(version),
});

describe("the cap on long prefills", () => {
  const capped = { maxNumBatchedTokens: 100, longPrefillTokenThreshold: 10 };

  it.each([false, true])(
    "spares a request that is the only one known since 0.31 (asynchronous %s)",
    (asyncScheduling) => {
      const first = (version: string): string =>
        new Scenario(under(version, { ...capped, asyncScheduling }), [prompt(1, 30, 2)]).schedule();
      expect(first("0.30.0")).toBe("0:10");
      expect(first("0.31.0")).toBe("0:30*");
    },
  );

  it("holds for a request that others wait behind, though they cannot be admitted", () => {
    const scenario = new Scenario(under("0.32.0", { ...capped, maxNumSeqs: 1 }), [prompt(1, 30, 1), prompt(2, 5, 1)]);
    expect(scenario.schedule()).toBe("0:10");
    // The one that waits is gone: what is left comes at once.
    scenario.update();
    scenario.scheduler.abort(1);
    expect(scenario.schedule()).toBe("0:20*");
  });

  it("holds while a request's last token is in flight, asynchronously", () => {
    const scenario = new Scenario(
      under("0.32.0", { ...capped, asyncScheduling: true }),
      [prompt(1, 5, 1), prompt(2, 30, 1)],
      1,
    );
    expect(scenario.schedule()).toBe("0:5*");
    scenario.add(1);
    expect(scenario.schedule()).toBe("1:10");
    expect(scenario.update()).toBe("0 0=end");
    expect(scenario.schedule()).toBe("1:20*");
  });

  it("is decided at the start of a pass: one admitted with nobody else known stays uncapped to its end", () => {
    const scenario = new Scenario(under("0.32.0", capped), [prompt(1, 150, 1), prompt(2, 30, 1)], 1);
    expect(scenario.step()).toBe("0:100");
    scenario.add(1);
    expect(scenario.step()).toBe("0:10 1:10");
  });

  it("is at least an equal share of max_num_batched_tokens where it adapts, whatever the step's budget", () => {
    // Four known, 100 / 4 = 25 each; eleven, 100 / 11 = 9, so the threshold holds.
    const adapting = under("0.32.0", { ...capped, adaptivePrefillCap: true });
    const several = (count: number): ReturnType<typeof prompt>[] =>
      Array.from({ length: count }, (_, id) => prompt(id, 40, 1));
    expect(new Scenario(adapting, several(4)).schedule()).toBe("0:25 1:25 2:25 3:25");
    expect(new Scenario(adapting, several(11)).schedule().split(" ")[0]).toBe("0:10");
    expect(new Scenario({ ...adapting, maxNumScheduledTokens: 60 }, several(4)).schedule()).toBe("0:25 1:25 2:10");
  });
});

describe("released blocks without a prefix key", () => {
  const requests = [prompt(1, 55, 9), { promptTokens: 53, outputTokens: 9, content: [[1, 48], [2, 5]] as const }]; // prettier-ignore

  it("are taken next since 0.24; before, all blocks were taken in the order of their release", () => {
    // 1 to 3 are shared and have keys, 4 and 5 have none.
    const queue = (version: string): readonly number[] => {
      const scenario = new Scenario(under(version, { prefixCaching: true, numGpuBlocks: 11 }), requests);
      scenario.schedule();
      for (const index of [0, 1]) scenario.scheduler.abort(index);
      return scenario.freeQueue();
    };
    expect(queue("0.23.0")).toEqual([6, 7, 8, 9, 10, 4, 5, 3, 2, 1]);
    expect(queue("0.24.0")).toEqual([5, 4, 6, 7, 8, 9, 10, 3, 2, 1]);
  });
});

describe("max_num_active_seqs", () => {
  it("bounds the running list instead of max_num_seqs", () => {
    const three = [1, 2, 3].map((id) => prompt(id, 1, 2));
    const scenario = new Scenario({ maxNumSeqs: 3, maxNumActiveSeqs: 2 }, three);
    expect(scenario.run()).toEqual(["0:1* 1:1*", "0:1* 1:1*", "2:1*", "2:1*"]);
  });
});

describe("max_num_scheduled_tokens", () => {
  it("is the budget of a step where it is below max_num_batched_tokens", () => {
    const scenario = new Scenario({ maxNumBatchedTokens: 10, maxNumScheduledTokens: 6 }, [prompt(1, 15, 1)]);
    expect(scenario.run()).toEqual(["0:6", "0:6", "0:3*"]);
  });
});

describe("a prompt's last token over an existing context", () => {
  const rests = (promptTokens: number): number[] => {
    const scenario = new Scenario({ maxNumBatchedTokens: 4 }, [prompt(1, promptTokens, 1)]);
    const counts: number[] = [];
    while (scenario.scheduler.hasUnfinished()) {
      const step = scenario.scheduler.schedule();
      counts.push(step.promptRests);
      scenario.scheduler.update(step);
    }
    return counts;
  };

  it("is counted, and a prompt of one token is not", () => {
    expect(rests(5)).toEqual([0, 1]);
    expect(rests(1)).toEqual([0]);
    expect(rests(6)).toEqual([0, 0]);
  });
});
