import { parseServeFlags } from "./serve-flags.js";

const read = (line: string): string[] => parseServeFlags(line).map(({ name, value }) => `${name}=${value}`);

test.each([
  ["--max-num-seqs 256 --enforce-eager", ["max_num_seqs=256", "enforce_eager=true"]],
  ["vllm serve meta/m --port=8000 --no-enable-prefix-caching", ["port=8000", "enable_prefix_caching=false"]],
  ["-tp 4 -dp 2", ["tensor_parallel_size=4", "data_parallel_size=2"]],
  ["--max_num_seqs 8", ["max_num_seqs=8"]],
  [`--speculative-config '{"method": "ngram"}' --watermark 0.01`, ['speculative_config={"method": "ngram"}', "watermark=0.01"]], // prettier-ignore
  [`--hf-overrides='{"a": 1}'`, ['hf_overrides={"a": 1}']],
  ["--compilation-config.mode 3", ["compilation_config=3"]],
  ["--max-num-seqs 8 \\\n  --watermark 0", ["max_num_seqs=8", "watermark=0"]],
  ["--long-prefill-token-threshold -1", ["long_prefill_token_threshold=-1"]],
  ["", []],
])("%j is read as flags of vLLM", (line, flags) => {
  expect(read(line)).toEqual(flags);
});

test("a quote without its end is rejected where it begins", () => {
  expect(() => read("--model m --hf-overrides '{")).toThrow(
    '--serve-args: got a quote without its end after "--model m --hf-overrides"',
  );
});
