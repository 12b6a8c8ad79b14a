/** The rules of vLLM V1's scheduler by hand, after the behaviours that its own tests pin; sums are in the comments. */
import { InvariantError } from "../../../formats/index.js";
import { prompt, Scene } from "./scenes.js";
import { rulesOf } from "./versions.js";

describe("a scheduling pass", () => {
  it.each([false, true])("admits all that fit, in order of arrival (prefix caching %s)", (prefixCaching) => {
    const scene = new Scene(
      { prefixCaching },
      Array.from({ length: 10 }, (_, id) => prompt(id, 10, 1)),
    );
    expect(scene.schedule()).toBe(Array.from({ length: 10 }, (_, id) => `${id}:10*`).join(" "));
    expect(scene.running).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(scene.waiting).toEqual([]);
  });

  it("cuts the last prompt to the budget that is left and samples when it is whole", () => {
    expect(new Scene({ maxNumBatchedTokens: 10 }, [prompt(1, 25, 2)]).run()).toEqual(["0:10", "0:10", "0:5*", "0:1*"]);
  });

  it("keeps prompts whole without chunked prefill: the first that does not fit ends the pass", () => {
    const requests = [prompt(1, 800, 1), prompt(2, 800, 1), prompt(3, 10, 1), prompt(4, 10, 1)];
    const limits = { maxNumBatchedTokens: 1024, maxNumSeqs: 3 };
    expect(new Scene(limits, requests).schedule()).toBe("0:800* 1:224");
    expect(new Scene({ ...limits, chunkedPrefill: false }, requests).schedule()).toBe("0:800*");
  });

  it("serves running requests first and gives chunks what is left", () => {
    // Budget 8. 4 + 4, then 1 + 7 twice: 18 of the second's 20 are done, 2 are left.
    const scene = new Scene({ maxNumBatchedTokens: 8 }, [prompt(1, 4, 5), prompt(2, 20, 1)]);
    expect(scene.run()).toEqual(["0:4* 1:4", "0:1* 1:7", "0:1* 1:7", "0:1* 1:2*", "0:1*"]);
  });

  it("caps any one request at the long-prefill threshold", () => {
    const requests = [1, 2, 3].map((id) => prompt(id, 800, 5));
    const scene = new Scene({ maxNumBatchedTokens: 1024, longPrefillTokenThreshold: 400 }, requests);
    expect([scene.step(), scene.step(), scene.step()]).toEqual([
      "0:400 1:400 2:224",
      "0:400* 1:400* 2:224",
      "0:1* 1:1* 2:352*",
    ]);
  });

  it("runs no more requests at once than it has seats", () => {
    expect(
      new Scene(
        { maxNumSeqs: 2 },
        [1, 2, 3].map((id) => prompt(id, 1, 2)),
      ).run(),
    ).toEqual(["0:1* 1:1*", "0:1* 1:1*", "2:1*", "2:1*"]);
  });

  it("does not schedule a request again whose tokens are all in flight, and admits others meanwhile", () => {
    const scene = new Scene({}, [prompt(1, 10, 5), prompt(2, 20, 5)], 1);
    expect(scene.schedule()).toBe("0:10*");
    scene.add(1);
    expect(scene.schedule()).toBe("1:20*");
    expect(scene.update()).toBe("0");
    expect(scene.schedule()).toBe("0:1*");
  });

  it("counts decodes and prefill for the cost model, a resumed request's outputs as prefill", () => {
    // 4 usable blocks of 4: the preemption below. The second pass decodes after 7 cached tokens each.
    const scene = new Scene({ blockSize: 4, numGpuBlocks: 5 }, [prompt(1, 7, 6), prompt(2, 7, 6)]);
    const passes = Array.from({ length: 7 }, () => {
      const step = scene.scheduler.schedule();
      scene.scheduler.update(step);
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
    expect(new Scene(limits, requests).schedule()).toBe("0:16*");
    expect(new Scene({ ...limits, reserveFullIsl: false }, requests).schedule()).toBe("0:16* 1:16");
  });

  it("keeps the watermark free of admissions, but not of decodes or of a request alone", () => {
    // 10 usable blocks, 0.2 * 11: 2 are kept. A needs 9, more than 8, but is alone. With 7 held, B's 2 leave one.
    expect(new Scene({ numGpuBlocks: 11, watermark: 0.2 }, [prompt(1, 144, 1)]).schedule()).toBe("0:144*");
    const requests = [prompt(1, 112, 30), prompt(2, 32, 1), prompt(3, 16, 1)];
    expect(new Scene({ numGpuBlocks: 11, watermark: 0.2 }, requests).schedule()).toBe("0:112*");
    expect(new Scene({ numGpuBlocks: 11, watermark: 0.2 }, [requests[0]!, requests[2]!]).schedule()).toBe(
      "0:112* 1:16*",
    );
    expect(new Scene({ numGpuBlocks: 11, watermark: 0.2 }, [prompt(1, 128, 30)]).run()).toHaveLength(30);
  });
});

describe("preemption", () => {
  it("puts back the latest admitted; it recomputes prompt and outputs and gets all its tokens", () => {
    // 4 usable blocks of 4, both prompts take 2. In step 3 A's ninth token needs a block: B goes, with 2 outputs. It
    // needs 3 blocks for its 9 known tokens, so it waits until A (3 blocks) is done after step 6.
    const scene = new Scene({ blockSize: 4, numGpuBlocks: 5 }, [prompt(1, 7, 6), prompt(2, 7, 6)]);
    const alone = ["0:1*", "0:1*", "0:1*"];
    expect(scene.run()).toEqual(["0:7* 1:7*", "0:1* 1:1*", "0:1* -1", ...alone, "1:9*", "1:1*", "1:1*", "1:1*"]);
    expect([scene.scheduler.freeBlocks, scene.scheduler.fewestFreeBlocks]).toEqual([4, 0]);
  });

  it("puts a preempted request in front of those that wait", () => {
    // As above with two seats and C waiting: from step 4 a seat and a block are free, enough for C, but B is before it.
    const limits = { blockSize: 4, numGpuBlocks: 5, maxNumSeqs: 2 };
    const scene = new Scene(limits, [prompt(1, 7, 6), prompt(2, 7, 6), prompt(3, 4, 1)]);
    expect(scene.run().slice(2, 8)).toEqual(["0:1* -1", "0:1*", "0:1*", "0:1*", "1:9* 2:4*", "1:1*"]);
  });

  it("still delivers the output of a step in flight, and readmits only when it has come", () => {
    // 10 usable blocks, two prompts of 80. A's decode needs a block while B's first output is in flight.
    const scene = new Scene({ numGpuBlocks: 11, maxNumBatchedTokens: 100 }, [prompt(1, 80, 3), prompt(2, 80, 3)]);
    expect([scene.schedule(), scene.schedule()]).toEqual(["0:80* 1:20", "1:60*"]);
    expect(scene.update()).toBe("0");
    expect(scene.schedule()).toBe("0:1* -1");
    scene.scheduler.abort(0);
    expect(scene.schedule()).toBe("");
    expect(scene.waiting).toEqual([1]);
    expect(scene.update()).toBe("1");
    expect(scene.schedule()).toBe("1:81*");
  });

  it("takes the one ranked last under the priority policy, unschedules it if need be, and skips nobody", () => {
    // 6 usable blocks of 4. A, ranked last, runs first and has room for its next token, B's and C's blocks are full. In
    // the third pass B needs a block: A, already scheduled, goes and leaves 2, for B and for C behind it.
    const limits = { blockSize: 4, numGpuBlocks: 7, schedulingPolicy: "priority" as const };
    const requests = [prompt(1, 5, 9, { priority: 5 }), prompt(2, 8, 4, { priority: 1 }), prompt(3, 8, 4)];
    const scene = new Scene(limits, requests, 1);
    expect(scene.step()).toBe("0:5*");
    scene.add(1);
    scene.add(2);
    expect(scene.step()).toBe("0:1* 2:8* 1:8*");
    expect(scene.step()).toBe("2:1* 1:1* -0");
    expect([scene.step(), scene.step(), scene.step()]).toEqual(["2:1* 1:1*", "2:1* 1:1*", "0:7*"]);
  });

  it("ends the pass when the request that needs a block is itself ranked last", () => {
    // 4 usable blocks of 4, all held: A needs a fifth for its ninth token and goes; B waits for the next pass.
    const limits = { blockSize: 4, numGpuBlocks: 5, schedulingPolicy: "priority" as const };
    const scene = new Scene(limits, [prompt(1, 7, 9, { priority: 5 }), prompt(2, 8, 3)], 1);
    expect(scene.step()).toBe("0:7*");
    scene.add(1);
    expect([scene.step(), scene.step(), scene.step()]).toEqual(["0:1* 1:8*", "-0", "1:1*"]);
  });
});

describe("the priority policy", () => {
  it("admits by priority, then arrival, and reorders nobody who runs", () => {
    const requests = [3, 2, 0, 2].map((priority, id) => prompt(id, 10, 2, { priority }));
    const scene = new Scene({ schedulingPolicy: "priority", maxNumSeqs: 1 }, requests);
    expect(scene.run()).toEqual(["2:10*", "2:1*", "1:10*", "1:1*", "3:10*", "3:1*", "0:10*", "0:1*"]);
    const roomy = new Scene({ schedulingPolicy: "priority" }, requests, 1);
    expect(roomy.step()).toBe("0:10*");
    for (const index of [1, 2, 3]) roomy.add(index);
    expect(roomy.step()).toBe("0:1* 2:10* 1:10* 3:10*");
  });

  it("behaves as fcfs when all priorities are equal", () => {
    const requests = Array.from({ length: 6 }, (_, id) => prompt(id, 20, 12));
    const limits = { numGpuBlocks: 8, maxNumBatchedTokens: 50 };
    expect(new Scene({ ...limits, schedulingPolicy: "priority" }, requests).run()).toEqual(
      new Scene(limits, requests).run(),
    );
  });

  it("evicts no running request while blocks last, whatever waits", () => {
    const scene = new Scene(
      { schedulingPolicy: "priority", maxNumSeqs: 1 },
      [prompt(1, 10, 3, { priority: 9 }), prompt(2, 10, 1, { priority: 0 })],
      1,
    );
    scene.step();
    scene.add(1);
    expect([scene.step(), scene.step(), scene.step()]).toEqual(["0:1*", "0:1*", "1:10*"]);
  });
});

describe("the end of a request", () => {
  it("is its last output, the end-of-sequence token or a stop token; the others stay in order", () => {
    const scene = new Scene({}, [
      prompt(1, 5, 9, { eosAt: 2 }),
      prompt(2, 5, 9),
      prompt(3, 5, 9, { stopAt: 2 }),
      prompt(4, 5, 2),
      prompt(5, 5, 9),
    ]);
    scene.step();
    scene.schedule();
    expect(scene.update()).toBe("0 1 2 3 4 0=stop 2=stop 3=length");
    expect(scene.running).toEqual([1, 4]);
    expect(scene.schedule()).toBe("1:1* 4:1*");
  });

  it("is the model's length for a request that the server let in", () => {
    expect(new Scene({ maxModelLen: 20 }, [prompt(1, 15, 9)]).run()).toHaveLength(5);
  });

  it("leaves one empty pass to tell the worker", () => {
    const scene = new Scene({}, [prompt(1, 5, 1)]);
    scene.step();
    expect([scene.scheduler.hasUnfinished(), scene.scheduler.hasWork()]).toEqual([false, true]);
    expect(scene.step()).toBe("");
    expect(scene.scheduler.hasWork()).toBe(false);
  });

  it("frees its blocks for the very next pass", () => {
    const scene = new Scene({ numGpuBlocks: 6 }, [prompt(1, 80, 1), prompt(2, 80, 1)]);
    expect(scene.run()).toEqual(["0:80*", "1:80*"]);
  });

  it("tells of a step that is updated twice", () => {
    const scene = new Scene({}, [prompt(1, 5, 2)]);
    const step = scene.scheduler.schedule();
    scene.scheduler.update(step);
    expect(() => scene.scheduler.update(step)).toThrow(InvariantError);
  });
});

describe("asynchronous scheduling", () => {
  const asyncScheduling = true;

  it.each([1, 2, 3, 5])("computes prompt + outputs - 1 tokens with two steps in flight (%i outputs)", (outputs) => {
    const scene = new Scene({ asyncScheduling }, [prompt(1, 20, outputs), prompt(2, 7, outputs)]);
    const steps = scene.run();
    expect([scene.tokensOf(0, steps), scene.tokensOf(1, steps)]).toEqual([20 + outputs - 1, 7 + outputs - 1]);
  });

  it("computes one token too many when a request ends by the end-of-sequence token, and drops it", () => {
    const scene = new Scene({ asyncScheduling }, [prompt(1, 10, 9, { eosAt: 2 })]);
    expect([scene.schedule(), scene.schedule(), scene.update()]).toEqual(["0:10*", "0:1*", "0"]);
    expect([scene.schedule(), scene.update(), scene.update()]).toEqual(["0:1*", "0 0=stop", ""]);
    expect(scene.scheduler.freeBlocks).toBe(999);
  });

  it("gives a seat on one pass late", () => {
    const scene = new Scene({ asyncScheduling, maxNumSeqs: 1 }, [prompt(1, 10, 2), prompt(2, 10, 1)]);
    expect([scene.schedule(), scene.schedule(), scene.update()]).toEqual(["0:10*", "0:1*", "0"]);
    // The last token is in flight: nothing is scheduled, and the seat is taken until it has come.
    expect([scene.schedule(), scene.update()]).toEqual(["", "0 0=length"]);
    expect(scene.schedule()).toBe("1:10*");
  });

  it("keeps exactly the outputs delivered before an abort, in whatever order requests are aborted", () => {
    const scene = new Scene(
      { asyncScheduling },
      [1, 2, 3].map((id) => prompt(id, 10, 9)),
    );
    scene.schedule();
    scene.schedule();
    expect(scene.update()).toBe("0 1 2");
    expect(scene.scheduler.abort(1)).toBe(true);
    scene.schedule();
    expect(scene.update()).toBe("0 2");
    expect(scene.scheduler.abort(2)).toBe(true);
    expect(scene.scheduler.abort(0)).toBe(true);
    expect(scene.scheduler.abort(0)).toBe(false);
    expect(scene.update()).toBe("");
    expect([scene.running, scene.scheduler.freeBlocks, scene.scheduler.hasUnfinished()]).toEqual([[], 999, false]);
  });

  it("shares the prefix with a request that is still in flight", () => {
    // 6 full blocks of 100 tokens are hit, 4 tokens are left.
    const scene = new Scene(
      { asyncScheduling, prefixCaching: true },
      [1, 1, 1].map((id) => prompt(id, 100, 3)),
      2,
    );
    expect(scene.schedule()).toBe("0:100* 1:4*");
    scene.add(2);
    expect(scene.schedule()).toBe("0:1* 1:1* 2:4*");
  });

  it("delivers every output once when a request is preempted with two steps in flight, unless reset by force", () => {
    for (const force of [false, true]) {
      const scene = new Scene({ asyncScheduling, prefixCaching: true }, [prompt(1, 20, 4)]);
      scene.schedule();
      scene.schedule();
      expect(scene.scheduler.resetPrefixCache(false)).toBe(false);
      if (force) expect(scene.scheduler.resetPrefixCache(true)).toBe(true);
      const outputs = [scene.update(), scene.update()];
      expect(outputs).toEqual(force ? ["", ""] : ["0", "0"]);
      expect(scene.tokensOf(0, scene.run())).toBe(force ? 20 + 3 : 2);
    }
  });
});

describe("a request that can never be served", () => {
  const refused = (limits: object, promptTokens: number, outputTokens: number): string | undefined =>
    new Scene(limits, [{ promptTokens, outputTokens }], 0).scheduler.refusal(0);

  it("is refused when it exceeds the model's length", () => {
    expect(refused({ maxModelLen: 20 }, 15, 5)).toBeUndefined();
    expect(refused({ maxModelLen: 20 }, 15, 6)).toBe("21 tokens of prompt and output exceed max_model_len 20");
  });

  it("is refused when the whole pool cannot hold it; the last token needs no KV", () => {
    // 2 usable blocks of 4.
    const limits = { blockSize: 4, numGpuBlocks: 3, watermark: 0.9 };
    expect(refused(limits, 8, 1)).toBeUndefined();
    expect(refused(limits, 8, 2)).toBe("10 tokens need 3 KV blocks, the pool has 2");
    expect(new Scene(limits, [{ promptTokens: 8, outputTokens: 1 }]).run()).toEqual(["0:8*"]);
  });

  it("is refused when it can outgrow the budget and prompts are not cut", () => {
    const limits = { chunkedPrefill: false, maxNumBatchedTokens: 10 };
    expect(refused(limits, 8, 3)).toBeUndefined();
    expect(refused(limits, 8, 4)).toContain("11 tokens to compute exceed max_num_batched_tokens 10");
    // Capped, until it is alone: then no longer.
    const capped = { ...limits, longPrefillTokenThreshold: 5 };
    expect(refused({ ...capped, rules: rulesOf("0.30.0") }, 8, 4)).toBeUndefined();
    expect(refused({ ...capped, rules: rulesOf("0.31.0") }, 8, 4)).toContain("11 tokens to compute exceed");
    expect(refused({ ...limits, maxNumScheduledTokens: 9 }, 8, 3)).toContain("exceed max_num_scheduled_tokens 9");
  });
});
