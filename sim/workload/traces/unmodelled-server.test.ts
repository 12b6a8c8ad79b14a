/** Servers that no profile models are recognised by settings, flags, earlier findings and chunks, and rejected with what was seen. */
import type { RequestRecord, Run } from "../../../formats/index.js";
import { smallRun } from "../../../test/support/small-run.js";
import { rejectUnmodelled } from "./unmodelled-server.js";

function request(id: number, arrivalMs: number, chunks: number): RequestRecord {
  return {
    requestId: String(id),
    arrivalNs: arrivalMs * 1e6,
    firstTokenNs: (arrivalMs + 5) * 1e6,
    lastTokenNs: (arrivalMs + 50) * 1e6,
    promptTokens: 20,
    outputTokens: 16,
    status: "ok",
    extra: { chunks: String(chunks) },
  };
}

const lone = (chunks: number): RequestRecord[] => [0, 100, 200, 300].map((atMs, id) => request(id, atMs, chunks));

function recorded(engine: Partial<Run["info"]["engine"]>, requests = lone(16)): Run {
  const run = smallRun(requests, {});
  return { ...run, info: { ...run.info, engine: { ...run.info.engine, name: "vllm", ...engine } } };
}

const reject =
  (run: Run): (() => void) =>
  () => {
    rejectUnmodelled(run, "there/run");
  };

test.each([
  [{ pipeline_parallel_size: 4 }, "pipeline_parallel_size = 4 (pipeline parallelism)", "tensor parallelism can be"],
  [{ prefill_context_parallel_size: 2 }, "prefill_context_parallel_size = 2 (context parallelism)", "without it"],
  [
    { speculative_config: { method: "ngram" } },
    'speculative_config = {"method":"ngram"} (speculative decoding)',
    "without",
  ],
  [{ kv_transfer_config: { kv_role: "kv_both" } }, "(KV transfer)", "its own prefills"],
  [{ enable_lora: true }, "enable_lora = true (LoRA)", "base model"],
])("a recording with %j is rejected, with what was seen and what to do", (settings, seen, remedy) => {
  expect(reject(recorded({ settings }))).toThrow(`there/run: the server uses features that are not modelled: `);
  expect(reject(recorded({ settings }))).toThrow(seen);
  expect(reject(recorded({ settings }))).toThrow(remedy);
});

test.each([
  ["--max-num-seqs 4 -dp 2 --dtype half", 'data_parallel_size = "2"'],
  ["--pipeline-parallel-size=2", 'pipeline_parallel_size = "2"'],
  ["--enable-lora --max-num-seqs 4", "enable_lora = true"],
  ["--speculative_config {}", 'speculative_config = "{}"'],
])("the flags %j of its start tell, too", (args, seen) => {
  expect(reject(recorded({ args }))).toThrow(seen);
});

test("what its own measuring saw is kept, and told again", () => {
  expect(reject(recorded({ unmodelled: ["/metrics has 2 engines (data parallelism)"] }))).toThrow(
    "/metrics has 2 engines",
  );
});

test("data parallelism is modelled where the settings have it, whatever else tells of it", () => {
  const seen = { args: "-dp 2", unmodelled: ["/metrics has 2 engines (data parallelism)"] };
  expect(reject(recorded({ ...seen, settings: { data_parallel_size: 2 } }))).not.toThrow();
  expect(reject(recorded({ ...seen, settings: {} }))).toThrow(
    "put data_parallel_size (and enable_expert_parallel) into",
  );
});

test("one of each, nothing, and tensor parallelism are modelled", () => {
  const settings = { data_parallel_size: 1, pipeline_parallel_size: 1, speculative_config: null, enable_lora: false };
  const args = "--tensor-parallel-size 4 --data-parallel-size 1 --no-enable-prefix-caching";
  expect(reject(recorded({ settings: { ...settings, tensor_parallel_size: 4 }, args }))).not.toThrow();
});

test("several tokens a chunk tell of drafts, or of a proxy, where the requests were alone", () => {
  expect(reject(recorded({}, lone(8)))).toThrow(
    "2.00 tokens per chunk in the median of 4 requests that were alone; speculative decoding, a stream_interval above 1 or a proxy",
  );
  expect(reject(recorded({}, lone(15)))).not.toThrow();
  // A busy front end merges tokens: those of requests together say nothing.
  const together = [0, 10, 20, 30].map((atMs, id) => request(id, atMs, 8));
  expect(reject(recorded({}, together))).not.toThrow();
});
