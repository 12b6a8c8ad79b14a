/** servesim calibrate vllm as users meet it, against a server of our own that speaks vLLM's protocol. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRun } from "../../../formats/files/index.js";
import { type FakeVllm, startFakeVllm } from "../../../test/support/fake-vllm.js";
import { type Ended, servesimIn } from "../../../test/support/servesim-process.js";

const metrics = 'vllm:request_queue_time_seconds_bucket{le="+Inf"} 0\nvllm:num_requests_running 0\n';
const stated = ["--max-num-seqs", "4", "--max-num-batched-tokens", "256", "--num-gpu-blocks", "600", "--block-size", "16", "--no-async-scheduling"]; // prettier-ignore

let folder: string;
let fake: FakeVllm;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "servesim-calibrate-vllm-"));
  fake = await startFakeVllm({ maxModelLen: 256, metrics: () => metrics });
});
afterEach(async () => {
  await fake.close();
  rmSync(folder, { recursive: true, force: true });
});

const calibrate = (...flags: readonly string[]): Promise<Ended> =>
  servesimIn(folder, ["calibrate", "vllm", "--base-url", fake.baseUrl, ...flags]);

test("probes and loads are measured within the budget, and kept where they are", async () => {
  const only = ["--measure-only", "--output", "server.json"];
  // Other tests may keep the cores busy.
  const { code, stdout, stderr } = await calibrate(
    ...stated,
    ...only,
    "--budget",
    "10s",
    "--accept-disturbed",
    "--json",
  );
  expect([code, stderr]).toEqual([0, expect.stringContaining("raw runs written to server.json.raw")]);
  const told = JSON.parse(stdout) as { provenance: object; runs: readonly { name: string; requests: number }[] };
  expect(told.provenance).toMatchObject({ max_num_seqs: "stated", max_model_len: "/v1/models" });
  for (const { name, requests } of told.runs) {
    expect((await readRun(join(folder, "server.json.raw", name))).requests).toHaveLength(requests);
  }
  const again = await calibrate(...stated, ...only);
  expect([again.code, again.stderr]).toEqual([
    2,
    expect.stringContaining("continue with --resume, or measure again with --force"),
  ]);
  expect(await calibrate(...stated, ...only, "--resume")).toMatchObject({ code: 0 });
});

test.each([
  [["--budget", "soon"], '--budget: got "soon", expected a time such as 120s or 2m'],
  [["--max-num-seqs", "0"], "--max-num-seqs: got 0"],
  [["--max-num-seqs", "4"], "does not report max_num_batched_tokens, async_scheduling"],
  [[...stated, "--max-model-len", "512"], "max_model_len: given as 512, but the server's /v1/models says 256"],
])("%j is rejected with exit 2, and nothing is sent", async (flags, why) => {
  const { code, stderr } = await calibrate(...flags);
  expect([code, stderr]).toEqual([2, expect.stringContaining(why)]);
  expect(fake.received).toHaveLength(0);
  expect(existsSync(join(folder, "profile.json.raw"))).toBe(false);
});
