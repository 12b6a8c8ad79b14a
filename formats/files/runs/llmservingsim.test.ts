import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArtifactError } from "../../index.js";
import { readLlmServingSim } from "../index.js";

const meta = {
  model: "meta-llama/Llama-3.1-8B",
  vllm_version: "0.20.0",
  engine_kwargs: { max_num_seqs: 128, max_num_batched_tokens: 2048, max_model_len: null, dtype: "bfloat16" },
  kv_cache: { num_gpu_blocks: 5000, block_size: 16, enable_prefix_caching: false },
  hardware: { device_name: "RTX" },
};

/** `lagS`: how long after it arrived, by the wall clock, the engine took it in. */
const line = (id: string, atS: number, lagS?: number): string =>
  JSON.stringify({
    request_id: id,
    input_toks: 100,
    output_toks: 5,
    ...(lagS === undefined ? {} : { arrival_time: 1.7e9 + atS - lagS }),
    queued_ts: atS,
    scheduled_ts: atS + 0.001,
    first_token_ts: atS + 0.02,
    last_token_ts: atS + 0.06,
  });

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-llmservingsim-"));
  recording(JSON.stringify(meta), line("a", 1000.5), line("b", 1000.25));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function recording(metaText: string, ...lines: readonly string[]): void {
  writeFileSync(join(folder, "meta.json"), metaText);
  writeFileSync(join(folder, "requests.jsonl"), lines.map((text) => `${text}\n`).join(""));
}

test("times count from the first arrival, in nanoseconds", () => {
  const { requests, info } = readLlmServingSim(folder);
  expect(requests.map(({ requestId, arrivalNs }) => [requestId, arrivalNs])).toEqual([
    ["a", 250e6],
    ["b", 0],
  ]);
  expect(requests[1]).toMatchObject({ scheduledNs: 1e6, firstTokenNs: 20e6, lastTokenNs: 60e6, promptTokens: 100 });
  expect(info.requests).toBe(2);
});

test("requests arrive by arrival_time, behind which the engine's clock is by the smallest lag", () => {
  recording(JSON.stringify(meta), line("a", 1000, 0.02), line("b", 1001, 0.12), line("c", 1002, 0.01));
  const { requests, info } = readLlmServingSim(folder);
  // b waited 0.11 s longer than c until a step was over, and its time to first token has that in it.
  const arrivalsS = requests.map(({ arrivalNs }) => arrivalNs / 1e9);
  expect(arrivalsS[0]).toBeCloseTo(0, 5);
  expect(arrivalsS[1]).toBeCloseTo(0.9, 5);
  expect(arrivalsS[2]).toBeCloseTo(2.01, 5);
  expect((requests[1]!.firstTokenNs! - requests[1]!.arrivalNs) / 1e6).toBeCloseTo(130, 2);
  expect(requests[2]!.scheduledNs! - requests[2]!.arrivalNs).toBeCloseTo(1e6, -3);
  expect(info.notes!.join()).not.toContain("queued_ts");
});

test("without arrival_time it says that times to first token are too short", () => {
  recording(JSON.stringify(meta), line("a", 1000, 0.02), line("b", 1001));
  const { requests, info } = readLlmServingSim(folder);
  expect(requests.map(({ arrivalNs }) => arrivalNs)).toEqual([0, 1e9]);
  expect(info.notes!.join()).toMatch(/queued_ts.*times to first token are too short/);
});

test("settings are those of the recording; what it does not have stays absent", () => {
  expect(readLlmServingSim(folder).info.engine).toEqual({
    name: "vllm",
    version: "0.20.0",
    settings: {
      max_num_seqs: 128,
      max_num_batched_tokens: 2048,
      block_size: 16,
      num_gpu_blocks: 5000,
      enable_prefix_caching: false,
      async_scheduling: true,
    },
  });
  recording(JSON.stringify({ ...meta, kv_cache: undefined }), line("a", 3));
  expect(readLlmServingSim(folder).info.engine.settings).not.toHaveProperty("num_gpu_blocks");
});

test.each([
  ["{", /requests\.jsonl:2: not JSON; the file may be truncated/],
  [line("b", 3).replace('"output_toks":5', '"output_toks":0'), /requests\.jsonl:2: output_toks: got 0/],
  [line("b", 3).replace('"queued_ts":3,', ""), /requests\.jsonl:2: queued_ts: /],
])("a bad line is named: %s", (bad, message) => {
  recording(JSON.stringify(meta), line("a", 2), bad);
  expect(() => readLlmServingSim(folder)).toThrow(message);
  expect(() => readLlmServingSim(folder)).toThrow(ArtifactError);
});

test("a recording without requests, or with a bad meta.json, is rejected with the file's name", () => {
  recording(JSON.stringify(meta));
  expect(() => readLlmServingSim(folder)).toThrow(/requests\.jsonl: no request/);
  recording(JSON.stringify({ ...meta, engine_kwargs: { max_num_seqs: 0 } }), line("a", 2));
  expect(() => readLlmServingSim(folder)).toThrow(/meta\.json: engine_kwargs\.max_num_seqs: got 0/);
  rmSync(join(folder, "requests.jsonl"));
  expect(() => readLlmServingSim(folder)).toThrow(/requests\.jsonl: no such file/);
});
