import { tmpdir } from "node:os";
import { startFakeVllm } from "../../../test/support/fake-vllm.js";
import { type Ended, servesimIn } from "../../../test/support/servesim-process.js";

const doctor = (...flags: readonly string[]): Promise<Ended> => servesimIn(tmpdir(), ["doctor", ...flags]);

test("a server that answers: a line for each finding, exit 0", async () => {
  const fake = await startFakeVllm({ model: "small" });
  const { code, stdout } = await doctor("--base-url", `${fake.baseUrl}/v1`);
  await fake.close();
  expect(code).toBe(0);
  expect(stdout).toContain("small, up to 4096 tokens");
  expect(stdout).toMatch(/dev mode.*missing/);
});

test("nobody there: the finding as JSON and in words, exit 3", async () => {
  const fake = await startFakeVllm();
  const { baseUrl } = fake;
  await fake.close();
  const { code, stdout, stderr } = await doctor("--base-url", baseUrl, "--json");
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({ findings: [{ what: "server", state: "missing" }] });
  expect(stderr).toContain(`error: no server answers at ${baseUrl}`);
});

test("a server that cannot be measured: what is missing, exit 3", async () => {
  const fake = await startFakeVllm({ script: () => ({ misbehaves: { kind: "no_usage" } }) });
  const { code, stderr } = await doctor("--base-url", fake.baseUrl);
  await fake.close();
  expect(code).toBe(3);
  expect(stderr).toContain("cannot be measured: streaming, tokens counted missing");
});

test("a model that is not served, and a model without a server: exit 2", async () => {
  const fake = await startFakeVllm({ model: "small" });
  const other = await doctor("--base-url", fake.baseUrl, "--model", "large");
  await fake.close();
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('does not serve a model "large"')]);
  expect(await doctor("--model", "large")).toMatchObject({ code: 2 });
});

test("flags and settings against the server's version of vLLM, or another", async () => {
  const serverInfo = { vllm_config: { scheduler_config: { max_num_active_seqs: 8 } }, system_env: {} };
  const fake = await startFakeVllm({ version: "0.31.0", serverInfo });
  const own = await doctor("--base-url", fake.baseUrl, "--serve-args=--disable-cascade-attn --swap-space 4");
  const earlier = await doctor("--base-url", fake.baseUrl, "--vllm-version", "0.26");
  await fake.close();
  expect(own.stdout).toMatch(/flag +│ unknown +│ --swap-space 4: no release from 0\.19 to 0\.32 has such a flag/);
  expect(own.stdout).not.toMatch(/max-num-active-seqs|cascade/);
  expect([own.code, earlier.code]).toEqual([0, 0]);
  expect(earlier.stdout).toMatch(/flag +│ unknown +│ --max-num-active-seqs 8: it came with 0\.31/);
});

test("a profile's settings and flags without a server, against its version or another", async () => {
  const ofProfile = await doctor("--profile", "h100-llama-3.1-8b-vllm-0.26", "--serve-args=--watermark 0.01", "--json");
  const { findings } = JSON.parse(ofProfile.stdout) as { findings: { what: string; detail: string }[] };
  expect(findings[0]).toEqual({ what: "vLLM version", state: "info", detail: "0.26.0, as its release is known" });
  expect(findings.some(({ what }) => what === "flag")).toBe(false);
  const { code, stdout } = await doctor("--vllm-version", "0.19.0", "--serve-args", "vllm serve m --watermark 0.01");
  expect(code).toBe(0);
  expect(stdout).toMatch(/--watermark 0\.01: it came with 0\.24/);
  expect(stdout).toMatch(/default +│ info +│ gpu_memory_utilization is 0\.9 where it is not given/);
});

test.each([
  [["--serve-args=--watermark 0.01"], /--serve-args are flags of a version of vLLM, give --vllm-version, --profile or/],
  [
    ["--vllm-version", "0.32", "--serve-args", "--watermark 0.01"],
    /got nothing, expected a value; .* as --serve-args="--watermark/,
  ],
  [["--profile", "mini-cpu-2core"], /got a profile of onnxruntime-cpu, expected one of a vLLM server/],
  [["--profile", "p.json", "--base-url", "http://127.0.0.1:1"], /--profile and --base-url are two servers, give one/],
  [["--vllm-version", "newest"], /--vllm-version: .*expected a version of vLLM, such as 0\.32 or 0\.28\.1/],
  [["--vllm-version", "0.32", "--serve-args=--x '"], /--serve-args: got a quote without its end after "--x"/],
])("doctor rejects %j", async (words, message) => {
  expect(await doctor(...words)).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringMatching(message) as string,
  });
});
