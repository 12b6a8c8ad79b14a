/** The rules of vLLM V1's scheduler by hand, after the behaviours that its own tests pin; sums are in the comments. */
import { InvariantError } from "../../../formats/index.js";
import { prompt, Scenario } from "./scenario.fixture.js";
import { rulesOf } from "./versions.js";

describe("a scheduling pass", () => {
  it.each([false, true])("admits all that fit, in order of arrival (prefix caching %s)", (prefixCaching) => {
    const scenario = new Scenario(
      { prefixCaching },
      Array.from({ length: 10 }, (_, id) => prompt(id, 10, 1)),
    );
    expect(scenario.schedule()).toBe(Array.from({ length: 10 }, (_, id) => `${id}:10*`).join(" "));
    expect(scenario.running).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(scenario.waiting).toEqual([]);
  });

  it("cuts the last prompt to the budget that is left and samples when it is whole", () => {
    expect(new Scenario({ maxNumBatchedTokens: 10 }, [prompt(1, 25, 2)]).run()).toEqual([
      "0:10",
      "0:10",
      "0:5*",
      "0:1*",
    ]);
  });

  it("keeps prompts whole without chunked prefill: the first that does not fit ends the pass", () => {
    const requests = [prompt(1, 800, 1), prompt(2, 800, 1), prompt(3, 10, 1), prompt(4, 10, 1)];
    const limits = { maxNumBatchedTokens: 1024, maxNumSeqs: 3 };
    expect(new Scenario(limits, requests).schedule()).toBe("0:800* 1:224");
    expect(new Scenario({ ...limits, chunkedPrefill: false }, requests).schedule()).toBe("0:800*");
  });

  it("serves running requests first and gives chunks what is left", () => {
    // Budget 8. 4 + 4, then 1 + 7 twice: 18 of the second's 20 are done, 2 are left.
    const scenario = new Scenario({ maxNumBatchedTokens: 8 }, [prompt(1, 4, 5), prompt(2, 20, 1)]);
    expect(scenario.run()).toEqual(["0:4* 1:4", "0:1* 1:7", "0:1* 1:7", "0:1* 1:2*", "0:1*"]);
  });

  it("caps any one request at the long-prefill threshold", () => {
    const requests = [1, 2, 3].map((id) => prompt(id, 800, 5));
    const scenario = new Scenario({ maxNumBatchedTokens: 1024, longPrefillTokenThreshold: 400 }, requests);
    expect([scenario.step(), scenario.step(), scenario.step()]).toEqual([
      "0:400 1:400 2:224",
      "0:400* 1:400* 2:224",
      "0:1* 1:1* 2:352*",
    ]);
  });

  it("runs no more requests at once than it has slots", () => {
    expect(
      new Scenario(
        { maxNumSeqs: 2 },
        [1, 2, 3].map((id) => prompt(id, 1, 2)),
      ).run(),
    ).toEqual(["0:1* 1:1*", "0:1* 1:1*", "2:1*", "2:1*"]);
  });

  it("counts decodes and prefill for the cost model, a resumed request's outputs as prefill", () => {
    // 4 usable blocks of 4: the preemption below. The second pass decodes after 7 cached tokens each.
    const scenario = new Scenario({ blockSize: 4, numGpuBlocks: 5 }, [prompt(1, 7, 6), prompt(2, 7, 6)]);
    const passes = Array.from({ length: 7 }, () => {
      const step = scenario.scheduler.schedule();
      scenario.scheduler.update(step);
      return step;
    });
    expect(passes[0]).toMatchObject({ prefillRequests: 2, prefillTokens: 14, decodeRequests: 0, firstTokens: 2 });
    // Each chunk: 7*0 + 7*8/2.
    expect(passes[0]!.prefillAttentionPairs).toBe(56);
    expect(passes[1]).toMatchObject({ decodeRequests: 2, decodeContextTokens: 14, firstTokens: 0, scheduledTokens: 2 });
    expect(passes[6]).toMatchObject({ prefillRequests: 1, prefillTokens: 9, samplingRequests: 1, firstTokens: 0 });
  });
});

describe("admission by KV blocks", () => {
  it("lets a prompt that does not fit whole block those behind it, though its first chunk would fit", () => {
    // 10 usable blocks. A holds 1; B's 160 tokens need 10, its chunk of 16 one, C one.
    const requests = [prompt(1, 16, 9), prompt(2, 160, 1), prompt(3, 16, 1)];
    const limits = { numGpuBlocks: 11, maxNumBatchedTokens: 32 };
    expect(new Scenario(limits, requests).schedule()).toBe("0:16*");
    expect(new Scenario({ ...limits, reserveFullIsl: false }, requests).schedule()).toBe("0:16* 1:16");
  });

  it("keeps the watermark free of admissions, but not of decodes or of a request alone", () => {
    // 10 usable blocks, 0.2 * 11: 2 are kept. A needs 9, more than 8, but is alone. With 7 held, B's 2 leave one.
    expect(new Scenario({ numGpuBlocks: 11, watermark: 0.2 }, [prompt(1, 144, 1)]).schedule()).toBe("0:144*");
    const requests = [prompt(1, 112, 30), prompt(2, 32, 1), prompt(3, 16, 1)];
    expect(new Scenario({ numGpuBlocks: 11, watermark: 0.2 }, requests).schedule()).toBe("0:112*");
    expect(new Scenario({ numGpuBlocks: 11, watermark: 0.2 }, [requests[0]!, requests[2]!]).schedule()).toBe(
      "0:112* 1:16*",
    );
    expect(new Scenario({ numGpuBlocks: 11, watermark: 0.2 }, [prompt(1, 128, 30)]).run()).toHaveLength(30);
  });
});

describe("preemption", () => {
  it("puts back the latest admitted; it recomputes prompt and outputs and gets all its tokens", () => {
    // 4 usable blocks of 4, both prompts take 2. In step 3 A's ninth token needs a block: B goes, with 2 outputs. It
    // needs 3 blocks for its 9 known tokens, so it waits until A (3 blocks) is done after step 6.
    const scenario = new Scenario({ blockSize: 4, numGpuBlocks: 5 }, [prompt(1, 7, 6), prompt(2, 7, 6)]);
    const alone = ["0:1*", "0:1*", "0:1*"];
    expect(scenario.run()).toEqual(["0:7* 1:7*", "0:1* 1:1*", "0:1* -1", ...alone, "1:9*", "1:1*", "1:1*", "1:1*"]);
    expect([scenario.scheduler.freeBlocks, scenario.scheduler.fewestFreeBlocks]).toEqual([4, 0]);
  });

  it("puts a preempted request in front of those that wait", () => {
    // As above with two slots and C waiting: from step 4 a slot and a block are free, enough for C, but B is before it.
    const limits = { blockSize: 4, numGpuBlocks: 5, maxNumSeqs: 2 };
    const scenario = new Scenario(limits, [prompt(1, 7, 6), prompt(2, 7, 6), prompt(3, 4, 1)]);
    expect(scenario.run().slice(2, 8)).toEqual(["0:1* -1", "0:1*", "0:1*", "0:1*", "1:9* 2:4*", "1:1*"]);
  });

  it("takes the one ranked last under the priority policy, unschedules it if need be, and skips nobody", () => {
    // 6 usable blocks of 4. A, ranked last, runs first and has room for its next token, B's and C's blocks are full. In
    // the third pass B needs a block: A, already scheduled, goes and leaves 2, for B and for C behind it.
    const limits = { blockSize: 4, numGpuBlocks: 7, schedulingPolicy: "priority" as const };
    const requests = [prompt(1, 5, 9, { priority: 5 }), prompt(2, 8, 4, { priority: 1 }), prompt(3, 8, 4)];
    const scenario = new Scenario(limits, requests, 1);
    expect(scenario.step()).toBe("0:5*");
    scenario.add(1);
    scenario.add(2);
    expect(scenario.step()).toBe("0:1* 2:8* 1:8*");
    expect(scenario.step()).toBe("2:1* 1:1* -0");
    expect([scenario.step(), scenario.step(), scenario.step()]).toEqual(["2:1* 1:1*", "2:1* 1:1*", "0:7*"]);
  });

  it("ends the pass when the request that needs a block is itself ranked last", () => {
    // 4 usable blocks of 4, all held: A needs a fifth for its ninth token and goes; B waits for the next pass.
    const limits = { blockSize: 4, numGpuBlocks: 5, schedulingPolicy: "priority" as const };
    const scenario = new Scenario(limits, [prompt(1, 7, 9, { priority: 5 }), prompt(2, 8, 3)], 1);
    expect(scenario.step()).toBe("0:7*");
    scenario.add(1);
    expect([scenario.step(), scenario.step(), scenario.step()]).toEqual(["0:1* 1:8*", "-0", "1:1*"]);
  });
});

describe("the priority policy", () => {
  it("admits by priority, then arrival, and reorders nobody who runs", () => {
    const requests = [3, 2, 0, 2].map((priority, id) => prompt(id, 10, 2, { priority }));
    const scenario = new Scenario({ schedulingPolicy: "priority", maxNumSeqs: 1 }, requests);
    expect(scenario.run()).toEqual(["2:10*", "2:1*", "1:10*", "1:1*", "3:10*", "3:1*", "0:10*", "0:1*"]);
    const roomy = new Scenario({ schedulingPolicy: "priority" }, requests, 1);
    expect(roomy.step()).toBe("0:10*");
    for (const index of [1, 2, 3]) roomy.add(index);
    expect(roomy.step()).toBe("0:1* 2:10* 1:10* 3:10*");
  });

  it("behaves as fcfs when all priorities are equal", () => {
    const requests = Array.from({ length: 6 }, (_, id) => prompt(id, 20, 12));
    const limits = { numGpuBlocks: 8, maxNumBatchedTokens: 50 };
    expect(new Scenario({ ...limits, schedulingPolicy: "priority" }, requests).run()).toEqual(
      new Scenario(limits, requests).run(),
    );
  });

  it("evicts no running request while blocks last, whatever waits", () => {
    const scenario = new Scenario(
      { schedulingPolicy: "priority", maxNumSeqs: 1 },
      [prompt(1, 10, 3, { priority: 9 }), prompt(2, 10, 1, { priority: 0 })],
      1,
    );
    scenario.step();
    scenario.add(1);
    expect([scenario.step(), scenario.step(), scenario.step()]).toEqual(["0:1*", "0:1*", "1:10*"]);
  });
});

describe("the end of a request", () => {
  it("is its last output, expected or not; the others stay in order", () => {
    const scenario = new Scenario({}, [
      prompt(1, 5, 2, { maxTokens: 9 }),
      prompt(2, 5, 9),
      prompt(3, 5, 2, { maxTokens: 3 }),
      prompt(4, 5, 2),
      prompt(5, 5, 9),
    ]);
    scenario.step();
    scenario.schedule();
    expect(scenario.update()).toBe("0 1 2 3 4 0=end 2=end 3=end");
    expect(scenario.running).toEqual([1, 4]);
    expect(scenario.schedule()).toBe("1:1* 4:1*");
  });

  it("is the model's length for a request that the server let in", () => {
    expect(new Scenario({ maxModelLen: 20 }, [prompt(1, 15, 9)]).run()).toHaveLength(5);
  });

  it("leaves one empty pass to tell the worker", () => {
    const scenario = new Scenario({}, [prompt(1, 5, 1)]);
    scenario.step();
    expect([scenario.scheduler.hasUnfinished(), scenario.scheduler.hasWork()]).toEqual([false, true]);
    expect(scenario.step()).toBe("");
    expect(scenario.scheduler.hasWork()).toBe(false);
  });

  it("frees its blocks for the very next pass", () => {
    const scenario = new Scenario({ numGpuBlocks: 6 }, [prompt(1, 80, 1), prompt(2, 80, 1)]);
    expect(scenario.run()).toEqual(["0:80*", "1:80*"]);
  });

  it("tells of a step that is updated twice", () => {
    const scenario = new Scenario({}, [prompt(1, 5, 2)]);
    const step = scenario.scheduler.schedule();
    scenario.scheduler.update(step);
    expect(() => scenario.scheduler.update(step)).toThrow(InvariantError);
  });
});

describe("asynchronous scheduling", () => {
  const asyncScheduling = true;

  it.each([1, 2, 3, 5])("computes prompt + outputs - 1 tokens with two steps in flight (%i outputs)", (outputs) => {
    const scenario = new Scenario({ asyncScheduling }, [prompt(1, 20, outputs), prompt(2, 7, outputs)]);
    const steps = scenario.run();
    expect([scenario.tokensOf(0, steps), scenario.tokensOf(1, steps)]).toEqual([20 + outputs - 1, 7 + outputs - 1]);
  });

  it("computes one token too many when a request ends by the end-of-sequence token, and drops it", () => {
    const scenario = new Scenario({ asyncScheduling }, [prompt(1, 10, 2, { maxTokens: 9 })]);
    expect([scenario.schedule(), scenario.schedule(), scenario.update()]).toEqual(["0:10*", "0:1*", "0"]);
    expect([scenario.schedule(), scenario.update(), scenario.update()]).toEqual(["0:1*", "0 0=end", ""]);
    expect(scenario.scheduler.freeBlocks).toBe(999);
  });

  it("gives a slot on one pass late", () => {
    const scenario = new Scenario({ asyncScheduling, maxNumSeqs: 1 }, [prompt(1, 10, 2), prompt(2, 10, 1)]);
    expect([scenario.schedule(), scenario.schedule(), scenario.update()]).toEqual(["0:10*", "0:1*", "0"]);
    // The last token is in flight: nothing is scheduled, and the slot is taken until it has come.
    expect([scenario.schedule(), scenario.update()]).toEqual(["", "0 0=end"]);
    expect(scenario.schedule()).toBe("1:10*");
  });

  it("keeps exactly the outputs delivered before an abort, in whatever order requests are aborted", () => {
    const scenario = new Scenario(
      { asyncScheduling },
      [1, 2, 3].map((id) => prompt(id, 10, 9)),
    );
    scenario.schedule();
    scenario.schedule();
    expect(scenario.update()).toBe("0 1 2");
    expect(scenario.scheduler.abort(1)).toBe(true);
    scenario.schedule();
    expect(scenario.update()).toBe("0 2");
    expect(scenario.scheduler.abort(2)).toBe(true);
    expect(scenario.scheduler.abort(0)).toBe(true);
    expect(scenario.scheduler.abort(0)).toBe(false);
    expect(scenario.update()).toBe("");
    expect([scenario.running, scenario.scheduler.freeBlocks, scenario.scheduler.hasUnfinished()]).toEqual([
      [],
      999,
      false,
    ]);
  });

  it("shares the prefix with a request that is still in flight", () => {
    // 6 full blocks of 100 tokens are hit, 4 tokens are left.
    const scenario = new Scenario(
      { asyncScheduling, prefixCaching: true },
      [1, 1, 1].map((id) => prompt(id, 100, 3)),
      2,
    );
    expect(scenario.schedule()).toBe("0:100* 1:4*");
    scenario.add(2);
    expect(scenario.schedule()).toBe("0:1* 1:1* 2:4*");
  });
});

describe("a request that can never be served", () => {
  const rejected = (limits: object, promptTokens: number, outputTokens: number): string | undefined =>
    new Scenario(limits, [{ promptTokens, outputTokens }], 0).scheduler.rejection(0);

  it("is rejected when it exceeds the model's length", () => {
    expect(rejected({ maxModelLen: 20 }, 15, 5)).toBeUndefined();
    expect(rejected({ maxModelLen: 20 }, 15, 6)).toBe("21 tokens of prompt and output exceed max_model_len 20");
  });

  it("is rejected when the whole pool cannot hold it; the last token needs no KV", () => {
    // 2 usable blocks of 4.
    const limits = { blockSize: 4, numGpuBlocks: 3, watermark: 0.9 };
    expect(rejected(limits, 8, 1)).toBeUndefined();
    expect(rejected(limits, 8, 2)).toBe("10 tokens need 3 KV blocks, the pool has 2");
    expect(new Scenario(limits, [{ promptTokens: 8, outputTokens: 1 }]).run()).toEqual(["0:8*"]);
  });

  it("is rejected when it can outgrow the budget and prompts are not cut", () => {
    const limits = { chunkedPrefill: false, maxNumBatchedTokens: 10 };
    expect(rejected(limits, 8, 3)).toBeUndefined();
    expect(rejected(limits, 8, 4)).toContain("11 tokens to compute exceed max_num_batched_tokens 10");
    // Capped, until it is alone: then no longer.
    const capped = { ...limits, longPrefillTokenThreshold: 5 };
    expect(rejected({ ...capped, rules: rulesOf("0.30.0") }, 8, 4)).toBeUndefined();
    expect(rejected({ ...capped, rules: rulesOf("0.31.0") }, 8, 4)).toContain("11 tokens to compute exceed");
    expect(rejected({ ...limits, maxNumScheduledTokens: 9 }, 8, 3)).toContain("exceed max_num_scheduled_tokens 9");
  });
});
