import { sglang, tensorrtLlm } from "../../../test/support/fake-engines.js";
import { startFakeVllm, type FakeVllm, type FakeVllmOptions } from "../../../test/support/fake-vllm.js";
import { checkServer } from "./check-server.js";
import type { ServerFinding } from "./check-version.js";

let fake: FakeVllm;
afterEach(async () => {
  await fake.close();
});

async function findingsOf(options: FakeVllmOptions): Promise<Readonly<Record<string, ServerFinding>>> {
  fake = await startFakeVllm(options);
  const findings = await checkServer(fake.baseUrl);
  return Object.fromEntries(findings.map((finding) => [finding.what, finding]));
}

/** The fake streams whatever is asked; a server's whole answer is not looked into. */
const metrics = (): string =>
  'vllm:request_queue_time_seconds_bucket{le="+Inf"} 0\nvllm:cache_config_info{block_size="16",num_gpu_blocks="99"} 1\n';

test("a server that can be measured: every essential line ok, what is missing says what to do", async () => {
  const found = await findingsOf({ metrics });
  const essentials = Object.values(found).filter(({ isEssential }) => isEssential);
  expect(essentials.map(({ what, state }) => [what, state])).toEqual([
    ["server", "ok"],
    ["model", "ok"],
    ["completion", "ok"],
    ["streaming", "ok"],
    ["tokens counted", "ok"],
  ]);
  expect(found.model!.detail).toBe("fake, up to 4096 tokens");
  expect(found.metrics).toMatchObject({ state: "ok", detail: "1 histograms, 99 KV blocks" });
  expect(found["dev mode"]).toMatchObject({
    state: "missing",
    detail: expect.stringContaining("VLLM_SERVER_DEV_MODE=1") as string,
  });
  expect(found.settings!.detail).toContain("unknown: max_num_seqs");
});

test("without metrics, the line says how to get them", async () => {
  const found = await findingsOf({});
  expect(found.metrics).toMatchObject({
    state: "missing",
    detail: expect.stringContaining("--disable-log-stats") as string,
  });
});

test("a completion that is rejected, and the reason", async () => {
  const body = '{"error":{"message":"no token ids here"}}';
  const found = await findingsOf({ script: () => ({ misbehaves: { kind: "status", status: 400, body } }) });
  for (const what of ["completion", "streaming", "tokens counted"]) {
    expect(found[what]).toMatchObject({ state: "missing", isEssential: true });
  }
  expect(found.completion!.detail).toContain("HTTP 400 (no token ids here)");
});

test("a server that stops early is found out by its own count", async () => {
  const found = await findingsOf({ script: () => ({ tokens: 3 }) });
  expect(found.streaming!.state).toBe("ok");
  expect(found["tokens counted"]).toMatchObject({ state: "missing" });
  expect(found["tokens counted"]!.detail).toContain("8 in, 3 out, asked for 8 and 5");
});

test("times per request are recognised", async () => {
  const times = { queue_time_ms: 1, time_to_first_token_ms: 2, generation_time_ms: 3 };
  const found = await findingsOf({ script: () => ({ metrics: times }) });
  expect(found["times per request"]!.state).toBe("ok");
});

test("another engine that can be measured: its name, version and settings, and why it is not calibrated", async () => {
  const found = await findingsOf(sglang);
  expect(Object.keys(found)).toEqual(
    ["server", "model", "completion", "streaming", "tokens counted", "settings", "calibration"], // prettier-ignore
  );
  expect(found.server).toMatchObject({ state: "ok", detail: `SGLang 0.5.3.post1 at ${fake.baseUrl}` });
  expect(found.settings!.detail).toContain("max_running_requests 256");
  expect(found.calibration).toMatchObject({ state: "missing", isEssential: false });
  expect(found.calibration!.detail).toMatch(/fitted to the steps of vLLM's scheduler.*bench --backend vllm/);
});

test("requests of the check are such as TensorRT-LLM takes, which rejects fields that it does not know", async () => {
  const found = await findingsOf(tensorrtLlm);
  expect(found["tokens counted"]!.state).toBe("ok");
  expect(found.settings!.detail).toBe("TensorRT-LLM reports none");
});
