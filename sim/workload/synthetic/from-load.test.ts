import { ConfigError, loadSchema, type Load } from "../../../formats/index.js";
import { workloadFromPrompts, workloadFromRequests } from "../index.js";

/** One token a word. */
const source = {
  prompts: ["one", "one two", "one two three"],
  tokenize: (text: string): number[] => text.split(" ").map((_, at) => at),
};

function load(settings: object): Load {
  return loadSchema.parse(settings);
}

describe("a workload from prompts", () => {
  it("goes through the prompts and from the start again", () => {
    const { requests } = workloadFromPrompts(load({ num_prompts: 5, output_len: 7 }), source, "1");
    expect(requests.map(({ promptTokens }) => promptTokens)).toEqual([1, 2, 3, 1, 2]);
    expect(requests.map(({ prompt }) => prompt)).toEqual([...source.prompts, ...source.prompts.slice(0, 2)]);
    expect(requests.map(({ id }) => id)).toEqual(["0", "1", "2", "3", "4"]);
    expect(requests.every(({ outputTokens }) => outputTokens === 7)).toBe(true);
  });

  it("uses each prompt once when no number is given", () => {
    expect(workloadFromPrompts(load({}), source, "1").requests).toHaveLength(3);
  });

  it("sends everything at 0 with neither rate nor concurrency", () => {
    const { requests, maxConcurrency } = workloadFromPrompts(load({}), source, "1");
    expect(requests.map(({ arrivalNs }) => arrivalNs)).toEqual([0, 0, 0]);
    expect(maxConcurrency).toBe(Infinity);
  });

  it("is a closed loop without arrival times with a concurrency alone", () => {
    const closed = workloadFromPrompts(load({ max_concurrency: 2, think_time_s: 0.25 }), source, "1");
    expect(closed.requests.every((request) => !("arrivalNs" in request))).toBe(true);
    expect(closed).toMatchObject({ maxConcurrency: 2, thinkNs: 250_000_000 });
  });

  it("has arrival times and a concurrency with both", () => {
    const both = workloadFromPrompts(load({ max_concurrency: 2, request_rate: 4, arrivals: "constant" }), source, "1");
    expect(both.requests.map(({ arrivalNs }) => arrivalNs)).toEqual([250e6, 500e6, 750e6]);
    expect(both.maxConcurrency).toBe(2);
  });

  it("is the same for the same seed and has other arrivals for another", () => {
    const at = (seed: string) => workloadFromPrompts(load({ num_prompts: 20, request_rate: 4 }), source, seed);
    expect(at("1")).toEqual(at("1"));
    expect(at("1")).not.toEqual(at("2"));
  });

  it("is rejected without prompts", () => {
    expect(() => workloadFromPrompts(load({}), { ...source, prompts: [] }, "1")).toThrow(ConfigError);
  });
});

describe("a workload from explicit requests", () => {
  const requests = [0, 10, 20].map((arrivalNs, index) => {
    return { id: `r${index}`, arrivalNs, promptTokens: 5, outputTokens: 2 };
  });

  it("is cut to num_prompts and put under the load's concurrency", () => {
    const cut = workloadFromRequests(load({ num_prompts: 2, max_concurrency: 1 }), requests);
    expect(cut).toEqual({ requests: requests.slice(0, 2), maxConcurrency: 1, thinkNs: 0 });
    expect(workloadFromRequests(load({}), requests).requests).toEqual(requests);
  });

  it("cannot have a rate as well", () => {
    expect(() => workloadFromRequests(load({ request_rate: 1 }), requests)).toThrow(ConfigError);
  });
});
