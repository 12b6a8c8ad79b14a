import fc from "fast-check";
import { loadSchema, type Load, type WorkloadRequest } from "../../../formats/index.js";
import { prefixCeiling, workloadFromLengths } from "../index.js";

function load(settings: object): Load {
  return loadSchema.parse(settings);
}

function requestsOf(settings: object, seed = "1"): readonly WorkloadRequest[] {
  return workloadFromLengths(load(settings), seed).requests;
}

describe("synthetic requests", () => {
  it("are fixed, with vLLM bench's number and numbered ids", () => {
    const requests = requestsOf({ dataset_name: "fixed", input_len: 7, output_len: 3 });
    expect(requests).toHaveLength(1000);
    expect(requests[999]).toEqual({ id: "999", arrivalNs: 0, promptTokens: 7, outputTokens: 3 });
  });

  it("are vLLM bench's random ones by default", () => {
    const [first] = requestsOf({ dataset_name: "random", num_prompts: 1 });
    expect(first).toEqual({ id: "0", arrivalNs: 0, promptTokens: 1024, outputTokens: 128 });
  });

  it("have the same lengths under another rate, and others for another seed", () => {
    const random = { dataset_name: "random", random_range_ratio: 0.5, num_prompts: 50 };
    const lengths = (settings: object, seed?: string) =>
      requestsOf({ ...random, ...settings }, seed).map(({ promptTokens, outputTokens }) => [
        promptTokens,
        outputTokens,
      ]);
    expect(lengths({ request_rate: 5 })).toEqual(lengths({ max_concurrency: 3 }));
    expect(lengths({}, "2")).not.toEqual(lengths({}));
  });

  it("come at the load's times, or without any in a closed loop", () => {
    const fixed = { dataset_name: "fixed", input_len: 7, num_prompts: 3 };
    const timed = requestsOf({ ...fixed, request_rate: 4, arrivals: "constant" });
    expect(timed.map(({ arrivalNs }) => arrivalNs)).toEqual([250e6, 500e6, 750e6]);
    expect(requestsOf({ ...fixed, max_concurrency: 2 }).every((request) => !("arrivalNs" in request))).toBe(true);
  });
});

describe("prompts that share prefixes", () => {
  it("hit exactly the common prefix of random prompts", () => {
    const settings = { dataset_name: "random", random_input_len: 40, random_prefix_len: 100, random_range_ratio: 0.5 };
    const requests = requestsOf({ ...settings, num_prompts: 30 });
    expect(requests.every(({ promptTokens }) => promptTokens >= 120 && promptTokens <= 160)).toBe(true);
    // 100 tokens are 6 blocks of 16; the first request finds nothing.
    expect(prefixCeiling(requests, 16)!.hitTokens).toBe(29 * 96);
    expect(prefixCeiling(requests, 1)!.hitTokens).toBe(29 * 100);
  });

  it("have each prefix as often as the others, in random order", () => {
    const requests = requestsOf({ dataset_name: "prefix_repetition", num_prompts: 100 });
    expect(requests[0]).toMatchObject({ promptTokens: 512, outputTokens: 128 });
    const prefixes = requests.map(({ content }) => content![0]![0]);
    for (let prefix = 0; prefix < 10; prefix++) {
      expect(prefixes.filter((each) => each === prefix)).toHaveLength(10);
    }
    expect(prefixes).not.toEqual(prefixes.map((_, index) => index % 10));
    // All but the first of each prefix find its 256 tokens.
    expect(prefixCeiling(requests, 16)!.hitTokens).toBe(90 * 256);
  });

  it("say what they hold for all of their tokens, and no two say the same after the prefix", () => {
    const lengths = fc.integer({ min: 1, max: 2000 });
    fc.assert(
      fc.property(
        lengths,
        lengths,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 60 }),
        (prefix, suffix, prefixes, count) => {
          const requests = requestsOf({
            dataset_name: "prefix_repetition",
            prefix_repetition_prefix_len: prefix,
            prefix_repetition_suffix_len: suffix,
            prefix_repetition_num_prefixes: prefixes,
            num_prompts: count,
          });
          for (const { content, promptTokens } of requests) {
            expect(content!.reduce((sum, [, tokens]) => sum + tokens, 0)).toBe(promptTokens);
          }
          const used = new Set(requests.map(({ content }) => content![0]![0]));
          expect(used.size).toBe(Math.min(prefixes, count));
          expect(prefixCeiling(requests, 1)!.hitTokens).toBe((count - used.size) * prefix);
        },
      ),
    );
  });
});
