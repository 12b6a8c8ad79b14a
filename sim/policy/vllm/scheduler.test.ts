/** The vllm policy by hand: the steps below follow from vLLM V1's rules, worked out in the comments. */
import fc from "fast-check";
import { ConfigError, InvariantError } from "../../../formats/index.js";
import { planPolicy, type Machine, type Policy, type StepWork } from "../index.js";
import { affineCost, observe, type Observation } from "../policy.conformance.js";
import { BlockPool } from "./block-pool.js";

const machine: Machine = { totalBytes: 1e6, baseBytes: 2e5, kvBytesPerToken: 100, positions: 64 };

function vllm(settings: object): Policy {
  return planPolicy("vllm", settings, { source: "scene" }).create(machine);
}

/** Serves requests of [prompt, output] tokens that all arrive at 0. */
function run(settings: object, lengths: readonly (readonly [number, number])[]): Observation {
  const requests = lengths.map(([promptTokens, outputTokens], index) => {
    return { id: String(index), arrivalNs: 0, promptTokens, outputTokens };
  });
  return observe(vllm(settings), { requests, maxConcurrency: Infinity, thinkNs: 0 }, affineCost({ fixedNs: 1000 }));
}

function steps({ ran }: Observation): StepWork[] {
  return ran.map(({ work }) => work).filter((work) => work.kind === "step");
}

/** Each step as "request:tokens", a * where it samples, and -request where it preempts. */
function trace(observation: Observation): string[] {
  return steps(observation).map(({ requests, tokens, sampling, preempted }) => {
    const ran = requests.map((request, at) => {
      return `${request.index}:${tokens[at]!}${sampling.includes(request) ? "*" : ""}`;
    });
    return [...ran, ...preempted.map(({ index }) => `-${index}`)].join(" ");
  });
}

describe("the vllm policy", () => {
  it("cuts a long prompt to the token budget and samples when it is whole", () => {
    // 25 = 10 + 10 + 5, then one decode.
    expect(trace(run({ max_num_batched_tokens: 10 }, [[25, 2]]))).toEqual(["0:10", "0:10", "0:5*", "0:1*"]);
  });

  it("serves decodes first and gives chunks what is left of the budget", () => {
    // Budget 8. 4 + 4, then 1 + 7 twice: 18 of the second's 20 are done, 2 are left.
    expect(
      trace(
        run({ max_num_batched_tokens: 8 }, [
          [4, 5],
          [20, 1],
        ]),
      ),
    ).toEqual(["0:4* 1:4", "0:1* 1:7", "0:1* 1:7", "0:1* 1:2*", "0:1*"]);
  });

  it("counts what a step computes for the cost model", () => {
    const [, second] = steps(
      run({ max_num_batched_tokens: 8 }, [
        [4, 5],
        [20, 1],
      ]),
    );
    // A decode that reads 4 cached tokens; a chunk of 7 after 4: 7*4 + 7*8/2.
    expect(second).toMatchObject({
      decodeRequests: 1,
      decodeContextTokens: 4,
      prefillRequests: 1,
      prefillTokens: 7,
      prefillAttentionPairs: 56,
    });
  });

  it("keeps prompts whole without chunked prefill: one that does not fit the budget waits", () => {
    const settings = { max_num_batched_tokens: 8, max_model_len: 8, enable_chunked_prefill: false };
    // 5 + 5 > 8; 1 + 5 fits.
    expect(
      trace(
        run(settings, [
          [5, 3],
          [5, 1],
        ]),
      ),
    ).toEqual(["0:5*", "0:1* 1:5*", "0:1*"]);
  });

  it("runs no more requests at once than it has seats", () => {
    const two = run({ max_num_seqs: 2 }, [
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    expect(trace(two)).toEqual(["0:1* 1:1*", "0:1* 1:1*", "2:1*", "2:1*"]);
  });

  it("lets a prompt that does not fit whole block those behind it, though they and its first chunk would fit", () => {
    // 4 usable blocks of 4. A takes 2 (8 tokens). B's chunk of 8 needs 2, its whole prompt of 12 needs 3: it waits, and C
    // (1 block) behind it. A's decodes compute 9 and 10: a third block. When A is done, B and C start.
    const settings = { block_size: 4, num_gpu_blocks: 5, max_num_batched_tokens: 16 };
    expect(
      trace(
        run(settings, [
          [8, 3],
          [12, 1],
          [4, 1],
        ]),
      ),
    ).toEqual(["0:8*", "0:1*", "0:1*", "1:12* 2:4*"]);
  });

  it("preempts the latest admitted when blocks run out; it recomputes and gets all its tokens", () => {
    // 4 usable blocks of 4, both prompts take 2. In step 3 A's ninth token needs a block: B goes, with 2 outputs. It needs
    // 3 blocks for its 9 known tokens, so it waits until A (3 blocks) is done after step 6, and recomputes 9 in step 7.
    const result = run({ block_size: 4, num_gpu_blocks: 5 }, [
      [7, 6],
      [7, 6],
    ]);
    expect(trace(result)).toEqual([
      "0:7* 1:7*",
      "0:1* 1:1*",
      "0:1* -1",
      "0:1*",
      "0:1*",
      "0:1*",
      "1:9*",
      "1:1*",
      "1:1*",
      "1:1*",
    ]);
    expect(result.result.preemptions).toBe(1);
    expect(result.result.requests).toMatchObject([
      { outputTokens: 6, preemptions: 0, firstTokenNs: 1000, lastTokenNs: 6000, status: "ok" },
      { outputTokens: 6, preemptions: 1, firstTokenNs: 1000, lastTokenNs: 10_000, status: "ok" },
    ]);
  });

  it("puts a preempted request in front of those that wait", () => {
    // As above with two seats and C waiting: from step 4 a seat and a block are free, enough for C, but B is before it.
    const settings = { block_size: 4, num_gpu_blocks: 5, max_num_seqs: 2 };
    const result = run(settings, [
      [7, 6],
      [7, 6],
      [4, 1],
    ]);
    expect(trace(result).slice(2, 8)).toEqual(["0:1* -1", "0:1*", "0:1*", "0:1*", "1:9* 2:4*", "1:1*"]);
  });

  it("refuses what exceeds max_model_len and serves what just fits", () => {
    const { result } = run({ max_model_len: 20 }, [
      [15, 5],
      [15, 6],
    ]);
    expect(result.requests).toMatchObject([
      { status: "ok", outputTokens: 5 },
      { status: "refused", outputTokens: 0, error: "21 tokens of prompt and output exceed max_model_len 20" },
    ]);
  });

  it("takes max_model_len from the model when it is not given", () => {
    expect(run({}, [[60, 5]]).result.requests[0]?.error).toContain("max_model_len 64");
  });

  it("refuses what the whole pool cannot hold and serves what just fits", () => {
    // 2 usable blocks of 4. The last token needs no KV: 8 + 1 tokens hold 8, 8 + 2 hold 9.
    const { result } = run({ block_size: 4, num_gpu_blocks: 3 }, [
      [8, 1],
      [8, 2],
    ]);
    expect(result.requests).toMatchObject([
      { status: "ok" },
      { status: "refused", error: "10 tokens need 3 KV blocks, the pool has 2" },
    ]);
  });

  it("sizes the pool by the memory that is left, and says so when none is", () => {
    // 0.9 of 1 MB less 0.2 MB is 700 kB; a block of 16 tokens is 1,600 B: 437 blocks, 436 to use, of 16 tokens.
    const fits = (promptTokens: number): string | undefined =>
      planPolicy("vllm", {}, { source: "scene" })
        .create({ ...machine, positions: 1e6 })
        .arrived({ index: 0, arrivalNs: 0, promptTokens, outputTokens: 1 }, 0);
    expect(fits(436 * 16)).toBeUndefined();
    expect(fits(436 * 16 + 1)).toContain("the pool has 436");
    const full = { ...machine, baseBytes: 9e5 };
    expect(() => planPolicy("vllm", {}, { source: "scene" }).create(full)).toThrow(ConfigError);
  });

  it("has its whole pool back after any load", () => {
    const lengths = fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 12 })), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 3, max: 12 }), (drawn, num_gpu_blocks) => {
        const settings = { block_size: 4, num_gpu_blocks };
        // A last request that takes every block and comes when all others are long done.
        const all = (num_gpu_blocks - 1) * 4;
        const policy = vllm(settings);
        const requests = [...drawn, [all, 1] as const].map(([promptTokens, outputTokens], index) => {
          const arrivalNs = index === drawn.length ? 1e9 : 0;
          return { id: String(index), arrivalNs, promptTokens, outputTokens };
        });
        const workload = { requests, maxConcurrency: Infinity, thinkNs: 0 };
        const last = steps(observe(policy, workload, affineCost({ fixedNs: 1 }))).at(-1)!;
        expect([last.requests.map(({ index }) => index), last.tokens]).toEqual([[drawn.length], [all]]);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it.each([
    "async_scheduling",
    "enable_prefix_caching",
    "long_prefill_token_threshold",
    "scheduling_policy",
    "speculative_config",
    "enable_lora",
    "kv_transfer_config",
    "tensor_parallel_size",
    "pipeline_parallel_size",
  ])("models %s or refuses it by name", (option) => {
    expect(() => planPolicy("vllm", { [option]: "not a value of it" }, { source: "scene" })).toThrow(option);
  });

  it("refuses speculative decoding, an option it never heard of, and a budget below whole prompts", () => {
    const plan = (settings: object) => () => planPolicy("vllm", settings, { source: "scene" });
    expect(plan({ speculative_config: { method: "ngram" } })).toThrow(/speculative_config.*not modelled/);
    expect(plan({ max_num_sequences: 4 })).toThrow("max_num_sequences");
    expect(plan({ enable_chunked_prefill: false, max_num_batched_tokens: 8, max_model_len: 9 })).toThrow(
      "max_num_batched_tokens",
    );
  });
});

describe("the block pool", () => {
  it("keeps one block in reserve and takes nothing when there are too few", () => {
    const pool = new BlockPool(5);
    expect([pool.usableBlocks, pool.freeBlocks]).toEqual([4, 4]);
    expect([pool.take(3), pool.take(2), pool.freeBlocks]).toEqual([true, false, 1]);
    pool.release(3);
    expect(pool.freeBlocks).toBe(4);
  });

  it("finds out when more is released than was taken", () => {
    expect(() => {
      new BlockPool(5).release(1);
    }).toThrow(InvariantError);
  });
});

test("a policy that does not exist is answered with the nearest name", () => {
  expect(() => planPolicy("vlm", {}, { source: "scene" })).toThrow(/no policy "vlm".*vllm/);
});
