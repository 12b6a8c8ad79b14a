/** Which prompts share KV blocks, and which blocks are lost first, after the behaviours that vLLM's own tests pin. */
import { prompt, Scenario } from "./scenario.fixture.js";

describe("prefix caching", () => {
  const prefixCaching = true;

  it("registers full blocks when they are scheduled, and shares them within the same pass", () => {
    // 55 tokens: 3 full blocks and one of 7. The second shares 48 tokens and has 5 of its own.
    const second = { promptTokens: 53, outputTokens: 9, content: [[1, 48], [2, 5]] as const }; // prettier-ignore
    const third = { ...second, content: [[1, 48], [3, 5]] as const }; // prettier-ignore
    const scenario = new Scenario({ prefixCaching, numGpuBlocks: 11 }, [prompt(1, 55, 9), second, third], 2);
    expect(scenario.schedule()).toBe("0:55* 1:5*");
    expect([scenario.blocks(0), scenario.blocks(1)]).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 5],
    ]);
    scenario.scheduler.abort(0);
    scenario.scheduler.abort(1);
    // Blocks without a key are taken next, the tail of a prefix before its head.
    expect(scenario.freeQueue()).toEqual([5, 4, 6, 7, 8, 9, 10, 3, 2, 1]);
    scenario.add(2);
    scenario.schedule();
    expect(scenario.blocks(2)).toEqual([1, 2, 3, 5]);
  });

  it("evicts what was released first, from its tail", () => {
    const scenario = new Scenario(
      { prefixCaching, numGpuBlocks: 11 },
      [prompt(1, 87, 9), prompt(2, 48, 9), prompt(3, 160, 1)],
      2,
    );
    scenario.schedule();
    scenario.scheduler.abort(0);
    expect(scenario.freeQueue()).toEqual([6, 10, 5, 4, 3, 2, 1]);
    scenario.scheduler.abort(1);
    expect(scenario.freeQueue()).toEqual([6, 10, 5, 4, 3, 2, 1, 9, 8, 7]);
    scenario.add(2);
    scenario.schedule();
    expect(scenario.blocks(2)).toEqual([6, 10, 5, 4, 3, 2, 1, 9, 8, 7]);
  });

  it("leaves one token to compute: of a prompt that is cached whole the last block is done again", () => {
    const scenario = new Scenario({ prefixCaching }, [
      prompt(1, 64, 1),
      prompt(1, 64, 1),
      prompt(2, 17, 1),
      prompt(2, 17, 1),
    ]);
    expect(scenario.run()).toEqual(["0:64* 1:16* 2:17* 3:1*"]);
  });

  it("hits the outputs of an earlier turn", () => {
    // 100 + 200 tokens, the last without KV: 299 fill 18 blocks, 288 of the next turn's 300 are hit.
    const answer = Array.from({ length: 200 }, (_, position) => [5000 + position, 1] as const);
    for (const asyncScheduling of [false, true]) {
      const turns = [
        prompt(1, 100, 200, { answer }),
        { promptTokens: 300, outputTokens: 1, content: [[1, 100] as const, ...answer] },
      ];
      const scenario = new Scenario({ prefixCaching, asyncScheduling }, turns, 1);
      scenario.run();
      scenario.add(1);
      expect(scenario.schedule()).toBe("1:12*");
    }
  });

  it("lets a resumed request hit its own surviving blocks", () => {
    // 10 usable blocks, two prompts of 80: B's tail block goes to A, the other 4 survive: 81 - 64 = 17.
    const limits = { prefixCaching, numGpuBlocks: 11, maxNumBatchedTokens: 200 };
    for (const content of [true, false]) {
      const requests = [1, 2].map((id) => (content ? prompt(id, 80, 5) : { promptTokens: 80, outputTokens: 5 }));
      expect(new Scenario(limits, requests).run()).toEqual([
        "0:80* 1:80*",
        "0:1* -1",
        "0:1*",
        "0:1*",
        "0:1*",
        "1:17*",
        "1:1*",
        "1:1*",
        "1:1*",
      ]);
    }
  });

  it("never hits what has another salt, no content, or no caching", () => {
    const salted = [undefined, "a", "b", "a"].map((salt) => prompt(1, 40, 1, salt === undefined ? {} : { salt }));
    expect(new Scenario({ prefixCaching }, salted).run()).toEqual(["0:40* 1:40* 2:40* 3:8*"]);
    const blank = { promptTokens: 40, outputTokens: 1 };
    expect(new Scenario({ prefixCaching }, [blank, blank]).run()).toEqual(["0:40* 1:40*"]);
    expect(new Scenario({}, [prompt(1, 40, 1), prompt(1, 40, 1)]).run()).toEqual(["0:40* 1:40*"]);
  });

  it("leaves the hit blocks of a request that cannot be admitted where they are", () => {
    // 10 usable blocks. A leaves 3 cached ones; B holds 5; C hits 3 but needs 9: 6 new ones and its 3, of 5.
    const requests = [prompt(1, 48, 1), prompt(2, 80, 5), { ...prompt(1, 144, 1), content: [[1, 48], [3, 96]] as const }]; // prettier-ignore
    const scenario = new Scenario({ prefixCaching, numGpuBlocks: 11 }, requests, 2);
    scenario.step();
    const before = scenario.freeQueue();
    scenario.add(2);
    expect(scenario.schedule()).toBe("1:1*");
    expect(scenario.waiting).toEqual([2]);
    // Only the decode's block is gone, the first of the queue.
    expect(scenario.freeQueue()).toEqual(before.slice(1));
  });

  it("counts lookups once per admission, apart after a preemption, and not at all when caching is off", () => {
    const limits = { prefixCaching, numGpuBlocks: 11, maxNumBatchedTokens: 200 };
    const scenario = new Scenario(limits, [prompt(1, 80, 5), prompt(2, 80, 5), prompt(1, 80, 1)]);
    scenario.step();
    expect(scenario.scheduler.cached!.takeStatistics()).toEqual({
      queries: 160,
      hits: 0,
      preemptedQueries: 0,
      preemptedHits: 0,
    });
    for (let pass = 1; pass < 5; pass++) scenario.step();
    expect(scenario.scheduler.cached!.takeStatistics().queries).toBe(0);
    scenario.step();
    expect(scenario.scheduler.cached!.takeStatistics()).toMatchObject({ preemptedQueries: 81, preemptedHits: 64 });
    const off = new Scenario({}, [prompt(1, 80, 1)]);
    off.step();
    expect(off.scheduler.cached!.takeStatistics().queries).toBe(0);
  });
});
