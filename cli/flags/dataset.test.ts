/** vLLM bench's datasets that are files, from the command line. */
import { fileDatasetNames } from "./dataset.js";
import { loadFromFlags } from "./load.js";

const file = { "dataset-path": "f.jsonl" };

test("name and path are a workload in that format", () => {
  expect(loadFromFlags({ ...file, "dataset-name": "custom", "request-rate": "8" })).toMatchObject({
    workload: "f.jsonl",
    trace_format: "custom",
    request_rate: 8,
  });
  expect(loadFromFlags({ ...file, "dataset-name": "sharegpt" })).toMatchObject({ trace_format: "sharegpt" });
  expect(loadFromFlags({ ...file, "dataset-name": "custom" })).not.toHaveProperty("dataset_name");
});

test("defaults are vLLM bench's where they differ, and may be overridden", () => {
  expect(loadFromFlags({ ...file, "dataset-name": "burstgpt" })).toMatchObject({ self_timed: false });
  expect(loadFromFlags({ ...file, "dataset-name": "burstgpt", "self-timed": true })).toMatchObject({
    self_timed: true,
  });
  expect(loadFromFlags({ ...file, "dataset-name": "timed_trace" })).toMatchObject({
    timed_trace_chunk_hash_size: 16,
    timed_trace_sec_multiplier: 1,
  });
});

test("--custom-output-len is one length for all, and -1 each line's own", () => {
  const custom = { ...file, "dataset-name": "custom" };
  expect(loadFromFlags({ ...custom, "custom-output-len": "64" }).custom_output_len).toBe(64);
  expect(loadFromFlags({ ...custom, "custom-output-len": "-1" })).not.toHaveProperty("custom_output_len");
  expect(() => loadFromFlags({ ...custom, "custom-output-len": "-2" })).toThrow(/--custom-output-len: got -2/);
  expect(() => loadFromFlags({ "custom-output-len": "64" })).toThrow(/--custom-output-len: .*expected a workload/);
});

test.each(fileDatasetNames)("--dataset-name %s without a path says what is missing", (name) => {
  expect(() => loadFromFlags({ "dataset-name": name })).toThrow(
    `--dataset-name ${name} reads a file, give it as --dataset-path`,
  );
});

test("what does not go together is named", () => {
  expect(() => loadFromFlags(file)).toThrow(
    /--dataset-path is the file of --dataset-name custom, sharegpt, .* --workload/,
  );
  expect(() => loadFromFlags({ ...file, "dataset-name": "random" })).toThrow(/--dataset-path is the file of/);
  expect(() => loadFromFlags({ ...file, "dataset-name": "custom", workload: "g.csv" })).toThrow(
    /--workload: --dataset-name and --dataset-path say this already, leave it out/,
  );
  expect(() => loadFromFlags({ ...file, "dataset-name": "custom", "trace-format": "csv" })).toThrow(
    /--trace-format: --dataset-name and --dataset-path say this/,
  );
  expect(() => loadFromFlags({ "dataset-name": "hf" })).toThrow(
    /--dataset-name: got "hf", .*expected one of .*"custom"/,
  );
});
