import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readServerSettings } from "./settings.js";

/** Serves fixed texts by path; all else is 404. Closed after each test. */
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(pages: Readonly<Record<string, string>>): Promise<string> {
  const all: Readonly<Record<string, string>> = {
    "/v1/models": JSON.stringify({ data: [{ id: "m", max_model_len: 1024 }] }),
    ...pages,
  };
  const server = createServer((request, response) => {
    const text = all[request.url!.split("?")[0]!];
    response.writeHead(text === undefined ? 404 : 200).end(text ?? '{"detail":"Not Found"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const cacheLine = 'vllm:cache_config_info{block_size="16",enable_prefix_caching="False",num_gpu_blocks="28982"} 1.0\n';

function info(config: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ vllm_config: config, system_env: {} });
}

test("a server that says little: blocks from /metrics, length from /v1/models, the rest unknown", async () => {
  const read = await readServerSettings(await serve({ "/metrics": cacheLine }));
  expect(read.settings).toEqual({
    block_size: 16,
    num_gpu_blocks: 28982,
    enable_prefix_caching: false,
    max_model_len: 1024,
  });
  expect(read.provenance).toMatchObject({ num_gpu_blocks: "/metrics", max_model_len: "/v1/models" });
  expect(read.unknown).toContain("max_num_seqs");
  expect(read.unknown).not.toContain("block_size");
  expect(read).toMatchObject({ isDevMode: false, version: undefined, model: { name: "m" } });
});

test("what the user states fills the gaps, and may not contradict the server", async () => {
  const baseUrl = await serve({ "/metrics": cacheLine });
  const read = await readServerSettings(baseUrl, { stated: { max_num_seqs: 128, block_size: 16 } });
  expect(read.settings.max_num_seqs).toBe(128);
  expect(read.provenance).toMatchObject({ max_num_seqs: "stated", block_size: "/metrics" });
  await expect(readServerSettings(baseUrl, { stated: { block_size: 32 } })).rejects.toThrow(
    "block_size: given as 32, but the server's /metrics says 16; leave it out",
  );
});

test.each([
  ["JSON", { device_config: { device: "cpu" } }],
  ["text", "model='m', device_config=cpu, max_seq_len=1024"],
])("what the model runs on is read from /server_info as %s", async (_, config) => {
  const answer = JSON.stringify({ vllm_config: config, system_env: {} });
  const read = await readServerSettings(await serve({ "/metrics": cacheLine, "/server_info": answer }));
  expect(read.hardware).toEqual({ device: "cpu" });
});

test("null in /server_info is unknown, graphs are named, what is not modelled is reported", async () => {
  const config = {
    scheduler_config: { max_num_seqs: 256, async_scheduling: null, policy: "priority" },
    parallel_config: { tensor_parallel_size: 2, pipeline_parallel_size: 1 },
    speculative_config: { method: "ngram" },
    compilation_config: { cudagraph_mode: [2, 1], cudagraph_capture_sizes: [1, 2, 4] },
  };
  const read = await readServerSettings(
    await serve({ "/server_info": info(config), "/version": '{"version":"0.26.0"}' }),
  );
  expect(read.settings).toMatchObject({
    max_num_seqs: 256,
    scheduling_policy: "priority",
    cudagraph_mode: "FULL_AND_PIECEWISE",
    cudagraph_capture_sizes: [1, 2, 4],
  });
  expect(read.unknown).toContain("async_scheduling");
  expect(read.settings.tensor_parallel_size).toBe(2);
  expect(read.unmodelled.map(({ seen }) => seen)).toEqual([
    'speculative_config = {"method":"ngram"} (speculative decoding)',
  ]);
  expect(read).toMatchObject({ isDevMode: true, version: "0.26.0" });
});

test("options that only newer servers have are reported where they are used, and are never called unknown", async () => {
  const config = { scheduler_config: { max_num_active_seqs: 64, max_num_queued_reqs: null } };
  const read = await readServerSettings(await serve({ "/server_info": info(config) }));
  expect(read.settings.max_num_active_seqs).toBe(64);
  expect(read.settings).not.toHaveProperty("max_num_queued_reqs");
  expect(read.unknown).not.toContain("max_num_queued_reqs");
  expect(read.unknown).not.toContain("max_num_scheduled_tokens");
});

test("a /server_info that is not vLLM's is rejected, not passed over", async () => {
  await expect(readServerSettings(await serve({ "/server_info": "<html>" }))).rejects.toThrow("expected JSON");
  await expect(readServerSettings(await serve({ "/server_info": "{}" }))).rejects.toThrow("no vllm_config");
});

const fixtures = "../shared/vllm-cpu/fixtures";
const recorded = existsSync(fixtures) ? test : test.skip;

recorded("a recorded server in dev mode: every setting, model and CPU", async () => {
  const read = await readServerSettings(
    await serve({
      "/server_info": readFileSync(`${fixtures}/server_info-gpt2-small.json`, "utf8"),
      "/metrics": readFileSync(`${fixtures}/metrics-gpt2-small.txt`, "utf8"),
    }),
  );
  expect(read.unknown).toEqual([]);
  expect(read.settings).toEqual({
    max_num_seqs: 64,
    max_num_batched_tokens: 2048,
    max_model_len: 1024,
    block_size: 128,
    num_gpu_blocks: 227,
    gpu_memory_utilization: 0.92,
    enable_chunked_prefill: true,
    enable_prefix_caching: false,
    async_scheduling: false,
    scheduling_policy: "fcfs",
    long_prefill_token_threshold: 0,
    long_prefill_token_threshold_adaptive: false,
    watermark: 0,
    scheduler_reserve_full_isl: true,
    stream_interval: 1,
    enforce_eager: true,
    tensor_parallel_size: 1,
    cudagraph_mode: "NONE",
    cudagraph_capture_sizes: [],
  });
  expect(read.model).toEqual({ name: "m", dtype: "bfloat16", weights: "dummy" });
  expect(read.hardware).toEqual({ cpu: { model: "AMD EPYC", cores: 2 }, device: "cpu" });
  expect([read.unmodelled, read.leftOut]).toEqual([[], []]);
});

recorded("a recorded server whose /server_info is a text: what the text says", async () => {
  const read = await readServerSettings(
    await serve({ "/server_info": readFileSync(`${fixtures}/server_info-text.json`, "utf8") }),
  );
  expect(read.settings).toEqual({
    max_model_len: 1024,
    enable_chunked_prefill: true,
    tensor_parallel_size: 1,
    enable_prefix_caching: true,
    enforce_eager: true,
    cudagraph_capture_sizes: [],
    cudagraph_mode: "NONE",
  });
  expect(read.unknown).toContain("max_num_seqs");
  expect(read.model).toEqual({ name: "m", dtype: "float32" });
});
