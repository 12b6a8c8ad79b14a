/** servesim bench --backend vllm as users meet it, against a server of our own that speaks vLLM's protocol. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isResultKey } from "../../../formats/index.js";
import { readRun } from "../../../formats/files/index.js";
import { sglang, tensorrtLlm } from "../../../test/support/fake-engines.js";
import { type FakeVllm, type FakeVllmOptions, startFakeVllm } from "../../../test/support/fake-vllm.js";
import { type Ended, servesimIn, startServesimIn } from "../../../test/support/servesim-process.js";

let folder: string;
let server: FakeVllm;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-bench-vllm-"));
});

afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function bench(options: FakeVllmOptions, ...words: string[]): Promise<Ended> {
  server = await startFakeVllm(options);
  return servesimIn(folder, ["bench", "--backend", "vllm", "--base-url", server.baseUrl, ...words]);
}

const random = ["--dataset-name", "random", "--random-input-len", "12", "--random-output-len", "6"];
const resultOf = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, name), "utf8")) as Record<string, unknown>;

test("a run folder as recordings have it, with the server's model and what the user says of its settings", async () => {
  const { code, stdout, stderr } = await bench(
    {},
    ...[...random, "--num-prompts", "40", "--request-rate", "400", "--output", "out", "--max-num-seqs", "16"],
  );
  expect([code, stderr.includes("error")]).toEqual([0, false]);
  expect(stdout).toMatch(/^real vllm on fake \(vllm\): 40 requests in /);
  expect(stdout).toMatch(/counted from sending, as a client that forgets its schedule would:/);
  expect(stdout).toMatch(/client: sent .* ms late at P99/);
  const { info, requests } = await readRun(join(folder, "out"));
  expect(info).toMatchObject({
    source: "real",
    policy: "vllm",
    engine: { name: "vllm", version: "0.0.0-fake", settings: { max_num_seqs: 16, max_model_len: 4096 } },
    model: { name: "fake" },
    load: { kind: "gamma", request_rate: 400 },
    client: { endpoint: "/v1/completions", ignore_eos: true, num_warmups: 1, failures: {} },
  });
  expect(requests).toHaveLength(40);
  const header = readFileSync(join(folder, "out", "requests.csv"), "utf8").split("\n")[0]!;
  expect(header).toMatch(/^request_id,arrival_ms,sent_ms,scheduled_ms,first_token_ms,last_token_ms,prompt_tokens,/);
  expect(header).toMatch(/,status,error,.*headers_ms,.*chunks,chunk_ms/);
  expect(server.received).toHaveLength(41);
});

test("--save-result has the keys of vllm bench serve, --save-detailed its arrays", async () => {
  const { code } = await bench(
    { script: (n) => (n === 3 ? { misbehaves: { kind: "status", status: 500, body: "no" } } : {}) },
    ...[...random, "--num-prompts", "8", "--max-concurrency", "1", "--save-result", "r.json", "--save-detailed"],
    ...["--metric-percentiles", "50,99", "--max-tokens", "4", "--temperature", "0.5", "--top-k", "3"],
  );
  expect(code).toBe(0);
  const result = resultOf("r.json");
  const recorded = JSON.parse(readFileSync(resolve("real/vllm/testdata/vllm-bench.json"), "utf8")) as object;
  expect(Object.keys(result)).toEqual(expect.arrayContaining(Object.keys(recorded)));
  expect(result).toMatchObject({ completed: 7, failed: 1, max_concurrency: 1, request_rate: "inf", model_id: "fake" });
  expect(result).toMatchObject({
    total_input_tokens: 84,
    total_output_tokens: 28,
    output_lens: [4, 4, 0, 4, 4, 4, 4, 4],
  });
  expect((result.itls as number[][]).map((gaps) => gaps.length)).toEqual([3, 3, 0, 3, 3, 3, 3, 3]);
  expect((result.generated_texts as string[])[0]).toBe(" x x x x");
  expect((result.errors as string[])[2]).toBe("HTTP 500: no");
  expect(server.received[1]!.body).toMatchObject({ max_tokens: 4, temperature: 0.5, top_k: 3 });
});

test("without --save-detailed the arrays that vLLM leaves out are left out", async () => {
  await bench({}, ...random, "--num-prompts", "8", "--save-result", "r.json");
  for (const key of ["ttfts", "itls", "input_lens", "output_lens", "errors", "generated_texts", "start_times"]) {
    expect(resultOf("r.json")).not.toHaveProperty(key);
  }
});

test("--save-result alone names the file as vLLM bench does, with label and metadata in it and in run.json", async () => {
  const { code } = await bench(
    {},
    ...[...random, "--num-prompts", "4", "--request-rate", "400", "--output", "out", "--label", "try"],
    ...["--save-result", "--result-dir", "results", "--metadata", "gpu=H100", "tp=2", "--save-detailed"],
  );
  expect(code).toBe(0);
  const [name, ...others] = readdirSync(join(folder, "results"));
  expect([name, others]).toEqual([expect.stringMatching(/^try-400\.0qps-fake-\d{8}-\d{6}\.json$/), []]);
  const result = resultOf(join("results", name!));
  expect(result).toMatchObject({ label: "try", gpu: "H100", tp: "2", backend: "openai", completed: 4 });
  for (const key of Object.keys(result))
    expect([key, isResultKey(key) || ["gpu", "tp"].includes(key)]).toEqual([key, true]);
  const { info } = await readRun(join(folder, "out"));
  expect(info).toMatchObject({ label: "try", metadata: { gpu: "H100", tp: "2" } });
});

test("the vocabulary is found by asking, unless it is given or no random ids are sent", async () => {
  await bench({ vocab: 4500 }, ...random, "--num-prompts", "8", "--output", "out");
  const ids = server.received.flatMap(({ body }) => body.prompt as number[]);
  expect(Math.max(...ids)).toBeLessThan(4000);
  expect(Math.max(...ids)).toBeGreaterThan(2000);
  expect((await readRun(join(folder, "out"))).info.client).toMatchObject({ vocab_size: 4000 });
  await server.close();
  await bench({ vocab: 0 }, ...random, "--num-prompts", "8", "--vocab-size", "500");
  expect(Math.max(...server.received.flatMap(({ body }) => body.prompt as number[]))).toBeLessThan(500);
  await server.close();
  const { code } = await bench({ vocab: 0 }, "--num-prompts", "3");
  expect(code).toBe(0);
  await server.close();
  const refused = await bench({ vocab: 0 }, ...random, "--num-prompts", "3");
  expect(refused.stderr).toMatch(/does not accept prompts of token ids: .*out of vocabulary.*; give --vocab-size/);
  expect([refused.code, server.received.length]).toEqual([3, 0]);
});

test("--dataset-name custom sends the file's prompts as text, for the lengths of its lines", async () => {
  writeFileSync(
    join(folder, "p.jsonl"),
    '{"prompt": "one two", "output_tokens": 3}\n{"prompt": "three", "output_len": 2}\n',
  );
  const words = [
    "--dataset-name",
    "custom",
    "--dataset-path",
    "p.jsonl",
    "--num-warmups",
    "0",
    "--request-rate",
    "400",
  ];
  const { code, stderr } = await bench({}, ...words, "--num-prompts", "3");
  expect([code, stderr]).toEqual([0, expect.stringContaining("its 2 prompts are taken again from the start for 3")]);
  expect(server.received.map(({ body }) => [body.prompt, body.max_tokens])).toEqual([
    ["one two", 3],
    ["three", 2],
    ["one two", 3],
  ]);
});

test("clients give up and try again, and the terminal says what that came to", async () => {
  const { code, stdout } = await bench(
    { script: (_, { requestId }) => (requestId?.endsWith("-retry1") === true ? {} : { gapMs: 60_000 }) },
    ...[...random, "--num-prompts", "3", "--max-concurrency", "3", "--output", "out", "--num-warmups", "0"],
    ...["--patience-e2el", "0.5", "--retries", "1", "--retry-backoff", "0.01"],
  );
  expect(code).toBe(0);
  expect(stdout).toContain(
    "clients gave up 3 times (0 before the first token, 3 within the answer) and tried again 3 times; 0 requests were never answered",
  );
  expect(stdout).toContain("wasted on what was given up: at least 36 prompt and 3 output tokens\n");
  const { info, requests } = await readRun(join(folder, "out"));
  expect(requests.map(({ status }) => status)).toEqual(["aborted", "ok", "aborted", "ok", "aborted", "ok"]);
  expect(info.load).toMatchObject({ patience_e2el: "0.5", retries: 1 });
});

test("a load with classes has figures by class, as in simulations, whoever batches", async () => {
  const classes = ["--classes", "fast:share=1,priority=0,ttft=60000;slow:share=1,priority=3,output_len=4,e2el=0.001"];
  const words = [...random, "--num-prompts", "12", "--max-concurrency", "4", ...classes];
  const { code, stdout } = await bench({}, ...words, "--output", "out");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /│ class +│ answered .*\n.*\n│ fast +│ [0-9]+ .* 100.0 % *│\n.*\n│ slow +│ [0-9]+ .* 0.0 % *│/,
  );
  const { info, requests } = await readRun(join(folder, "out"));
  const summary = info.summary as Record<string, number>;
  const slow = requests.filter(({ extra }) => extra!.class === "slow");
  expect(summary).toMatchObject({ "completed@slow": slow.length, "attainment@fast": 1, "attainment@slow": 0 });
  expect(summary["completed@fast"]! + summary["completed@slow"]!).toBe(12);
  expect(slow.map(({ outputTokens }) => outputTokens)).toEqual(slow.map(() => 4));
  await server.close();
  const metrics = (): string => 'vllm:kv_cache_usage_perc{engine="0"} 0.25\n';
  await bench(
    { metrics },
    ...words,
    "--policy",
    "naive",
    "--batch-size",
    "4",
    "--timeout",
    "0.1",
    "--output",
    "batches",
  );
  expect((await readRun(join(folder, "batches"))).info.summary).toMatchObject({ "completed@slow": slow.length });
});

test("Ctrl-C writes the requests that had ended and exits with 130", async () => {
  server = await startFakeVllm({
    script: (n) => (n <= 10 ? {} : { misbehaves: { kind: "stall", afterChunks: 1 } }),
  });
  const words = ["--num-prompts", "30", "--max-concurrency", "2", "--output", "out"];
  const all = ["bench", "--backend", "vllm", "--base-url", server.baseUrl, ...random, ...words];
  const { child, ended } = startServesimIn(folder, all);
  while (server.received.length < 13) await new Promise((resolve) => setTimeout(resolve, 10));
  await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill("SIGINT");
  const { code, stderr } = await ended;
  expect(stderr).toMatch(/interrupted: stopped after 10 of 30 requests/);
  expect(code).toBe(130);
  const { info, requests } = await readRun(join(folder, "out"));
  expect(requests.map(({ status }) => status)).toEqual(Array(10).fill("ok"));
  expect(info.valid!.ok).toBe(false);
});

test("--policy naive sends batches, with the server's KV cache as their memory", async () => {
  const metrics = (): string => 'vllm:kv_cache_usage_perc{engine="0"} 0.25\n';
  const words = ["--policy", "naive", "--batch-size", "3", "--num-prompts", "9", "--max-concurrency", "6"];
  const { code, stdout } = await bench({ metrics }, ...random, ...words, "--timeout", "1", "--output", "out");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^real naive on fake \(vllm\): 9 requests in /);
  const { info, batches } = await readRun(join(folder, "out"));
  expect(info).toMatchObject({ policy: "naive", policy_settings: { batch_size: 3 }, engine: { name: "vllm" } });
  expect(info.engine.settings).not.toHaveProperty("batch_size");
  expect(batches.map(({ size }) => size)).toEqual([3, 3, 3]);
});

test.each([
  [["--backend", "vllm"], 2, /--backend vllm needs the server's --base-url/],
  [["--backend", "vllm", "--base-url", "here"], 2, /base URL is "here", expected one such as http/],
  [
    ["--backend", "vllm", "--base-url", "http://127.0.0.1:9"],
    3,
    /no server answers at http:\/\/127.0.0.1:9\/v1\/models/,
  ],
  [
    ["--backend", "vllm", "--base-url", "http://x", "--device", "cpu"],
    2,
    /--device is a flag of --backend onnx, not of vllm/,
  ],
  [["--backend", "vllm", "--base-url", "http://x", "--save-detailed"], 2, /give --save-result too/],
  [["--base-url", "http://127.0.0.1:9", "--policy", "naive"], 2, /--base-url is a flag of --backend vllm, not of onnx/],
  [
    ["--backend", "vllm", "--base-url", "http://x", "--policy", "naive", "--client-workers", "2"],
    2,
    /--client-workers cannot be given with --policy naive/,
  ],
  [
    ["--backend", "vllm", "--base-url", "http://x", "--policy", "orca"],
    2,
    /--policy orca: no server schedules this way, simulate it; a vLLM server runs vllm, or batches of naive or dynamic/,
  ],
  [
    ["--backend", "vllm", "--base-url", "http://x", "--save-result", "/dev/null/r.json"],
    2,
    /cannot write \/dev\/null: a part of the path is a file/,
  ],
  [
    ["--backend", "vllm", "--base-url", "http://x", "--policy", "naive", "--retries", "1"],
    2,
    /--retries: a real run of naive waits for every answer of a batch; .*that runs steps: vllm, orca \(--backend onnx\)/,
  ],
  [
    ["--policy", "dynamic", "--patience-ttft", "1"],
    2,
    /--patience-ttft: a real run of dynamic waits for every answer of a batch; .*that runs steps: vllm, orca/,
  ],
  [["--num-prompts", "2"], 2, /--backend onnx needs a --policy: naive, dynamic, vllm, orca/],
])("bench %j is rejected with its reason", async (words, exit, message) => {
  server = await startFakeVllm();
  const { code, stderr, stdout } = await servesimIn(folder, ["bench", ...words]);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect([code, stdout]).toEqual([exit, ""]);
  expect(existsSync(join(folder, "out"))).toBe(false);
});

test("another engine is measured under its own name, with its settings, and without a view of vLLM's metrics", async () => {
  const few = [...random, "--num-prompts", "4", "--max-concurrency", "2"];
  const { code, stdout, stderr } = await bench(sglang, ...few, "--output", "out");
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^real sglang on m \(sglang\): 4 requests in /)]);
  expect(stderr).toMatch(/warning: measured on SGLang 0\.5\.3\.post1, not on vLLM: no profile or simulation applies/);
  expect(stderr).toMatch(/warning: no view of the server: only vLLM's metrics are read, this is SGLang/);
  const { info } = await readRun(join(folder, "out"));
  expect(info).toMatchObject({
    policy: "sglang",
    engine: { name: "sglang", version: "0.5.3.post1", settings: { max_running_requests: 256, max_model_len: 4096 } },
  });
  expect(info.policy_settings).toBeUndefined();
  expect(existsSync(join(folder, "out", "server.json"))).toBe(false);
  const replayed = await servesimIn(folder, ["calibrate", "vllm", "--from", "out"]);
  expect([replayed.code, replayed.stderr]).toEqual([
    2,
    expect.stringMatching(
      /run\.json: engine "sglang", expected a run of vllm: a profile is fitted to the steps of vLLM's/,
    ),
  ]);
});

test.each([
  [["--max-num-seqs", "8"], /is a server of TensorRT-LLM, expected vLLM: --max-num-seqs is about vLLM, leave it out/],
  [["--otlp-port", "4318"], /--otlp-port is about vLLM, leave it out/],
  [["--return-token-ids"], /return_token_ids: TensorRT-LLM has no such field/],
  [["--policy", "naive"], /is a server of TensorRT-LLM, expected vLLM: what memory a batch takes is read from vLLM's/],
])("another engine is not asked for what only vLLM has: %j", async (words, message) => {
  const { code, stderr } = await bench(
    tensorrtLlm,
    ...random,
    "--num-prompts",
    "4",
    "--max-concurrency",
    "2",
    ...words,
  );
  expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  expect(server.received).toEqual([]);
});
