/** An experiment with a vLLM server: every policy is simulated on its profile and measured on the server. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { BackendError, ConfigError } from "../../../formats/index.js";
import { readManifest, readRun } from "../../../formats/files/index.js";
import { startFakeVllm, type FakeVllm, type FakeVllmOptions } from "../../../test/support/fake-vllm.js";
import { runExperiment } from "../run-experiment.js";

const KV_METRICS = `vllm:kv_cache_usage_perc{engine="0"} 0.1
vllm:cache_config_info{block_size="32",num_gpu_blocks="28982",engine="0"} 1.0
`;

let folder: string;
let server: FakeVllm;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-on-server-"));
});

afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const text = (baseUrl: string, vllmSettings = ""): string => `version: 1
name: three
profile: ${resolve("profiles/h100-llama-3.1-8b-vllm-0.26.json")}
vllm: { base_url: "${baseUrl}", temperature: 0.5 }
num_runs: 2
policies:
  - { policy: naive, batch_size: 2, timeout_s: 0.05 }
  - { policy: dynamic, batch_size: 2, timeout_s: 0.05 }
  - { policy: vllm${vllmSettings} }
loads: [{ label: closed, dataset_name: fixed, input_len: 10, output_len: 3, num_prompts: 8, max_concurrency: 4 }]
`;

interface Told {
  readonly notes: string[];
  readonly warnings: string[];
}

async function run(yaml: string): Promise<Told> {
  const path = join(folder, "three.yaml");
  writeFileSync(path, yaml);
  const told: Told = { notes: [], warnings: [] };
  const ignore = (): void => undefined;
  const reporter = {
    note: (line: string) => told.notes.push(line),
    warn: (line: string) => told.warnings.push(line),
    progress: () => ({ update: ignore, stop: ignore }),
  };
  await runExperiment(path, { results: folder, force: false, signal: new AbortController().signal, reporter });
  return told;
}

async function start(options: FakeVllmOptions = {}): Promise<void> {
  server = await startFakeVllm({ metrics: () => KV_METRICS, ...options });
}

test("all three policies are simulated and measured, each repeat of the same requests", async () => {
  await start();
  const { notes, warnings } = await run(text(server.baseUrl));
  expect(notes).toContain("ran 6 of 6 real runs, 0 existed already");
  expect(warnings[0]).toMatch(/the server has other settings than profile .*: block_size 32 instead of 16/);
  const cells = join(folder, "three", "cells");
  expect(readdirSync(cells).sort()).toEqual(["dynamic--closed", "naive--closed", "vllm--closed"]);
  for (const policy of ["naive", "dynamic", "vllm"]) {
    const at = (name: string): string => join(cells, `${policy}--closed`, name);
    const [sim, first, second] = await Promise.all([at("sim"), at("real"), at("real-r2")].map(readRun));
    expect([sim!.info.source, first!.info.source, second!.info.source]).toEqual(["sim", "real", "real"]);
    expect(first!.info).toMatchObject({ policy, engine: { name: "vllm", settings: { block_size: 32 } } });
    for (const real of [first!, second!]) {
      expect(real.requests.map(({ requestId }) => requestId)).toEqual(sim!.requests.map(({ requestId }) => requestId));
      expect(real.requests.map(({ status }) => status)).toEqual(Array(8).fill("ok"));
    }
    expect(sim!.batches.length > 0).toBe(policy !== "vllm");
    expect(first!.batches.length > 0).toBe(policy !== "vllm");
  }
  const manifest = readManifest(join(folder, "three", "manifest.json"));
  expect(manifest!.cells.map(({ repeats }) => repeats)).toEqual([2, 2, 2]);
  expect(server.received.at(-1)!.body).toMatchObject({ temperature: 0.5 });
});

test("a policy that no server runs is simulated beside the others", async () => {
  await start();
  const { notes } = await run(text(server.baseUrl).replace("\nloads:", "\n  - { policy: orca }\nloads:"));
  expect(notes).toContain("ran 6 of 6 real runs, 0 existed already");
  const cell = join(folder, "three", "cells", "orca--closed");
  expect(readdirSync(cell)).toEqual(["sim"]);
  expect((await readRun(join(cell, "sim"))).info).toMatchObject({ policy: "orca", source: "sim" });
});

test("a second run keeps all of it, and needs no server for that", async () => {
  await start();
  const { baseUrl } = server;
  await run(text(baseUrl));
  await server.close();
  expect((await run(text(baseUrl))).notes).toContain("ran 0 of 6 real runs, 6 existed already");
});

test("without a server, or without its metrics, nothing is written", async () => {
  await start({ metrics: () => undefined });
  const { baseUrl } = server;
  await expect(run(text(baseUrl))).rejects.toThrow(/\/metrics answered with HTTP 404/);
  await server.close();
  await expect(run(text(baseUrl))).rejects.toThrow(BackendError);
  await expect(run(text(baseUrl))).rejects.toThrow(/no server answers at http:\/\/127.0.0.1:\d+\/v1\/models/);
  expect(existsSync(join(folder, "three", "cells"))).toBe(false);
});

test("a cell that states settings the server does not have is rejected", async () => {
  await start();
  await expect(run(text(server.baseUrl, ", block_size: 16"))).rejects.toThrow(ConfigError);
  await expect(run(text(server.baseUrl, ", block_size: 16"))).rejects.toThrow(
    /block_size: given as 16, but the server's \/metrics says 32/,
  );
});

test("a server needs a profile, not a calibration of this machine", async () => {
  await start();
  const yaml = text(server.baseUrl).replace(/^profile: .*$/m, "calibrate: { model: tiny }");
  await expect(run(yaml)).rejects.toThrow(
    /three\.yaml:4: vllm: got .*, calibrate measures this machine, not the server: expected "profile"/,
  );
});
