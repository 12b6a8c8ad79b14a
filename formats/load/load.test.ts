import { check, loadSchema } from "../index.js";

const rejected = (load: object) => () => check(loadSchema, load, { source: "load" });

describe("a load", () => {
  test("of every dataset needs its own keys", () => {
    expect(rejected({ dataset_name: "fixed" })).toThrow(/load: input_len: got nothing, expected prompt tokens/);
    expect(rejected({ dataset_name: "zipf", zipf_input_max: 5 })).toThrow(/zipf_output_max: got nothing/);
    expect(rejected({ dataset_name: "lognormal" })).toThrow(/4 problems/);
    const lognormal = { dataset_name: "lognormal", lognormal_input_mean: 5, lognormal_output_mean: 5 };
    const sigma = { ...lognormal, lognormal_input_sigma: 1, lognormal_output_cv: 1 };
    expect(rejected(sigma)).not.toThrow();
    expect(rejected({ ...sigma, lognormal_input_p99: 9 })).toThrow(
      /lognormal_input_p99: got 9, expected exactly one of/,
    );
    expect(rejected({ dataset_name: "random" })).not.toThrow();
    expect(rejected({ dataset_name: "prefix_repetition" })).not.toThrow();
  });

  test("rejects keys of another dataset, and of traces without one", () => {
    expect(rejected({ random_input_len: 5 })).toThrow(/random_input_len: got 5, expected dataset_name random with it/);
    expect(rejected({ dataset_name: "random", prefix_repetition_prefix_len: 5 })).toThrow(
      /dataset_name prefix_repetition/,
    );
    expect(rejected({ time_scale: 2 })).toThrow(/time_scale: got 2, expected a workload/);
    expect(rejected({ workload: "a.csv", dataset_name: "random" })).toThrow(/dataset_name: got "random", workload has/);
  });

  test("rejects numbers out of range", () => {
    expect(rejected({ dataset_name: "random", random_range_ratio: 1 })).toThrow(/random_range_ratio: got 1, expected/);
    expect(rejected({ dataset_name: "random", random_input_len: 0 })).toThrow(/random_input_len: got 0/);
    expect(rejected({ dataset_name: "random", random_prefix_len: -1 })).toThrow(/random_prefix_len: got -1/);
    expect(rejected({ dataset_name: "random", random_input_len: 2.5 })).toThrow(/random_input_len: got 2.5/);
    expect(rejected({ request_rate: 1e308 })).toThrow(/request_rate: got 1e\+308, expected number to be <=1000000000/);
    expect(rejected({ workload: "a", slice_start_s: 1e308 })).toThrow(/slice_start_s: got 1e\+308, expected/);
    expect(rejected({ workload: "a", time_scale: NaN })).toThrow(/time_scale: got NaN/);
    expect(rejected({ priorities: "high:1" })).toThrow(/priorities: got "high:1", expected "priority:weight,..."/);
  });

  test("has either a rate, a ramp-up or neither", () => {
    const ramp = { ramp_up_strategy: "linear", ramp_up_start_rps: 1, ramp_up_end_rps: 5 };
    expect(rejected(ramp)).not.toThrow();
    expect(rejected({ ...ramp, request_rate: 5 })).toThrow(/request_rate: got 5, the ramp-up has its own rates/);
    expect(rejected({ ramp_up_strategy: "linear" })).toThrow(/ramp_up_end_rps: got nothing/);
    expect(rejected({ rescale_to_rate: true })).toThrow(/rescale_to_rate: got true, expected a request_rate/);
  });

  test("scales a trace in one way", () => {
    expect(rejected({ workload: "a", time_scale: 2, trace_rate: 5 })).toThrow(
      /time_scale: got 2, trace_rate scales too/,
    );
    expect(rejected({ workload: "a", self_timed: false, trace_rate: 5 })).toThrow(
      /trace_rate: got 5, self_timed is false/,
    );
    expect(rejected({ workload: "a", slice_start_s: 5, slice_end_s: 5 })).toThrow(/slice_end_s: got 5, expected more/);
  });
});
