/** What vLLM's releases decide in ways of their own, and settings that came later; sums are in the comments. */
import { CountScheduler } from "./counted/count-scheduler.js";
import type { StepScheduler } from "../step.js";
import { tokenCounts } from "../token-counts.js";
import type { SchedulerLimits } from "./limits.js";
import { prompt, roomy, Scenario } from "./scenario.fixture.js";
import { Scheduler } from "./scheduler.js";
import { vllmSchedulers } from "./schedulers.js";
import { rulesOf } from "./versions.js";

const under = (version: string, change: Partial<SchedulerLimits> = {}): Partial<SchedulerLimits> => ({
  ...change,
  rules: rulesOf(version),
});

describe("the end of a request below min_tokens", () => {
  const requests = [prompt(1, 5, 6, { eosAt: 2, minTokens: 4 })];

  it("is at the end-of-sequence token since 0.29, and was not before", () => {
    expect(new Scenario(under("0.28.0"), requests).run()).toHaveLength(6);
    expect(new Scenario(under("0.29.0"), requests).run()).toHaveLength(2);
    const later = [prompt(1, 5, 6, { eosAt: 4, minTokens: 4 })];
    for (const version of ["0.28.0", "0.29.0"]) expect(new Scenario(under(version), later).run()).toHaveLength(4);
  });

  it("is at a stop token since 0.29, too", () => {
    const stopping = [prompt(1, 5, 6, { stopAt: 3, minTokens: 4 })];
    expect(new Scenario(under("0.28.0"), stopping).run()).toHaveLength(6);
    expect(new Scenario(under("0.29.0"), stopping).run()).toHaveLength(3);
  });

  it("is at the model's length since 0.29; before, the request stayed in its slot forever", () => {
    // 5 + 3 tokens reach the length of 8 with 3 outputs, one less than the least.
    const ended = (version: string): string => {
      const scenario = new Scenario(under(version, { maxModelLen: 8 }), [prompt(1, 5, 6, { minTokens: 4 })]);
      scenario.schedule();
      scenario.update();
      scenario.schedule();
      scenario.update();
      scenario.schedule();
      return scenario.update();
    };
    expect(ended("0.29.0")).toBe("0 0=length");
    expect(ended("0.28.0")).toBe("0");
  });
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
    expect(scenario.update()).toBe("0 0=length");
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

describe("requests that are passed over", () => {
  /** C is preempted with outputs in flight and passed over, then B is preempted. */
  const waiting = (version: string): number[] => {
    // 6 usable blocks of 4, three prompts of 7. In pass 3 A needs a block: C goes. In pass 7 A needs one again: B goes.
    const limits = under(version, { asyncScheduling: true, blockSize: 4, numGpuBlocks: 7 });
    const scenario = new Scenario(limits, [prompt(1, 7, 99), prompt(2, 7, 99), prompt(3, 7, 99)]);
    const passes = Array.from({ length: 7 }, () => scenario.schedule());
    expect([passes[2], passes[6]]).toEqual(["0:1* 1:1* -2", "0:1* -1"]);
    return scenario.waiting;
  };

  it("stand behind one that was preempted after them since 0.31, and stood before it", () => {
    expect(waiting("0.30.0")).toEqual([2, 1]);
    expect(waiting("0.31.0")).toEqual([1, 2]);
  });
});

describe("released blocks without a prefix key", () => {
  const requests = [prompt(1, 55, 9), { promptTokens: 53, outputTokens: 9, content: [[1, 48], [2, 5]] as const }]; // prettier-ignore

  it("are taken next since 0.24; before, all blocks were taken in the order of their release", () => {
    // 1 to 3 are shared and have keys, 4 and 5 have none.
    const queue = (version: string): number[] => {
      const scenario = new Scenario(under(version, { prefixCaching: true, numGpuBlocks: 11 }), requests);
      scenario.schedule();
      for (const index of [0, 1]) scenario.scheduler.abort(index);
      return scenario.scheduler.freeQueue();
    };
    expect(queue("0.23.0")).toEqual([6, 7, 8, 9, 10, 4, 5, 3, 2, 1]);
    expect(queue("0.24.0")).toEqual([5, 4, 6, 7, 8, 9, 10, 3, 2, 1]);
  });

  it("are followed one by one before 0.24, since extents of blocks know the newer order only", () => {
    const made = (version: string): StepScheduler[] => {
      const limits: SchedulerLimits = { ...roomy, ...under(version, { prefixCaching: true }) };
      const tokens = tokenCounts(requests);
      const choice = vllmSchedulers(limits).choose({ requests, tokens, isReference: false });
      const { afterPreemption } = choice;
      return [choice, ...(afterPreemption === undefined ? [] : [afterPreemption])].map(({ make }) => make());
    };
    expect(made("0.23.0")).toEqual([expect.any(Scheduler)]);
    expect(made("0.24.0")).toEqual([expect.any(CountScheduler)]);
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
  const rests = (promptTokens: number): number[][] => {
    const limits: SchedulerLimits = { ...roomy, maxNumBatchedTokens: 4 };
    const requests = [prompt(1, promptTokens, 1)];
    return [new Scheduler(limits, requests), new CountScheduler(limits, requests)].map((scheduler) => {
      scheduler.add(0, 0);
      const counts: number[] = [];
      while (scheduler.hasUnfinished()) {
        const step = scheduler.schedule();
        counts.push(step.promptRests);
        scheduler.update(step as never);
      }
      return counts;
    });
  };

  it("is counted by both schedulers, and a prompt of one token is not", () => {
    expect(rests(5)).toEqual([[0, 1], [0, 1]]); // prettier-ignore
    expect(rests(1)).toEqual([[0], [0]]);
    expect(rests(6)).toEqual([[0, 0], [0, 0]]); // prettier-ignore
  });
});
