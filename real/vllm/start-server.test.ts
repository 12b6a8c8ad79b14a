/** start-server.sh in a PATH of our own: what it finds missing, and what it starts vLLM with. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";

const script = resolve("real/vllm/start-server.sh");
let bin: string;

beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), "servesim-bin-"));
  for (const tool of ["bash", "env", "grep", "sed", "tail", "cat"]) {
    const found = spawnSync("sh", ["-c", `command -v ${tool}`], { encoding: "utf8" }).stdout.trim();
    symlinkSync(found, join(bin, tool));
  }
});

afterEach(() => {
  rmSync(bin, { recursive: true, force: true });
});

function place(name: string, ...lines: readonly string[]): void {
  writeFileSync(join(bin, name), ["#!/usr/bin/env bash", ...lines, ""].join("\n"));
  chmodSync(join(bin, name), 0o755);
}

/** A Python with vLLM: tells its facts, says that the port is free, and prints what the server would be started with. */
function placePython(facts: string, portIsUsed = false): void {
  place(
    "python3",
    'if [[ $1 == -m ]]; then printf "%s|" "dev=$VLLM_SERVER_DEV_MODE" "${@:2}"; exit 0; fi',
    `if [[ $# == 1 ]]; then cat >/dev/null; ${facts}; fi`,
    `cat >/dev/null; exit ${portIsUsed ? 0 : 1}`,
  );
}

const gpuBuild = "echo facts 0.26.0 cuda yes; exit 0";
const noVllm = "exit 1";

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly said: string;
}

function start(env: Readonly<Record<string, string>> = {}, ...flags: readonly string[]): Ended {
  const child = spawnSync(join(bin, "bash"), [script, ...flags], { encoding: "utf8", env: { PATH: bin, ...env } });
  return { code: child.status, out: child.stdout, said: child.stderr };
}

test("with vLLM and a GPU: variables and flags are passed on, in dev mode", () => {
  placePython(gpuBuild);
  place("nvidia-smi", 'echo "NVIDIA H100, 80000 MiB"');
  const { code, out, said } = start(
    { LLM_MODEL: "some/model", VLLM_PORT: "8123", VLLM_HOST: "127.0.0.2", GPU_MEMORY_UTIL: "0.5" },
    ...["--max-num-seqs", "64"],
  );
  expect([code, out]).toEqual([
    0,
    "dev=1|vllm.entrypoints.openai.api_server|--model|some/model|--host|127.0.0.2|--port|8123|" +
      "--gpu-memory-utilization|0.5|--enable-per-request-metrics|--max-num-seqs|64|",
  ]);
  expect(said).toContain("servesim doctor --base-url http://127.0.0.2:8123");
});

test("a build for the CPU needs no GPU, and an old one gets no flag that it does not know", () => {
  placePython("echo facts 0.9.0 cpu no; exit 0");
  const { code, out, said } = start();
  expect([code, out]).toEqual([
    0,
    "dev=1|vllm.entrypoints.openai.api_server|--model|gpt2|--host|127.0.0.1|--port|8000|",
  ]);
  expect(said).toContain("no --enable-per-request-metrics");
});

test("no Python, no vLLM, no GPU, no free port: what is missing and exit 3", () => {
  expect(start()).toMatchObject({ code: 3, said: expect.stringContaining("missing: python3;") as string });
  placePython(noVllm);
  expect(start()).toMatchObject({ code: 3, said: expect.stringContaining("missing: vLLM in ") as string });
  placePython(gpuBuild);
  expect(start()).toMatchObject({ code: 3, said: expect.stringContaining("missing: a GPU") as string });
  place("nvidia-smi", "exit 9");
  expect(start()).toMatchObject({ code: 3, said: expect.stringContaining("missing: a GPU") as string });
  place("nvidia-smi", "echo H100");
  placePython(gpuBuild, true);
  expect(start()).toMatchObject({ code: 3, said: expect.stringContaining("missing: a free port") as string });
});

test.each([
  [{ VLLM_PORT: "0" }, [], 'VLLM_PORT is "0"'],
  [{ VLLM_PORT: "80a" }, [], 'VLLM_PORT is "80a"'],
  [{ VLLM_PORT: "70000" }, [], 'VLLM_PORT is "70000"'],
  [{ GPU_MEMORY_UTIL: "90" }, [], 'GPU_MEMORY_UTIL is "90"'],
  [{ GPU_MEMORY_UTIL: "0" }, [], 'GPU_MEMORY_UTIL is "0"'],
  [{}, ["--port=1"], "--port=1 is set by"],
])("%j %j is rejected with exit 2", (env: Readonly<Record<string, string>>, flags: readonly string[], why) => {
  const { code, said } = start(env, ...flags);
  expect([code, said]).toEqual([2, expect.stringContaining(`error: ${why}`)]);
});

test("--help prints the head of the script", () => {
  const { code, out } = start({}, "--help");
  expect(code).toBe(0);
  expect(out).toContain("GPU_MEMORY_UTIL  fraction of GPU memory (0.9)");
});

const python = spawnSync("python3", ["--version"]).status === 0 ? test : test.skip;
python("a port in use is found out with a real Python", async () => {
  const listener = createServer();
  await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
  const { port } = listener.address() as AddressInfo;
  placePython(gpuBuild);
  // The facts are made up, the look at the port is real.
  place(
    "python",
    "if [[ $# == 1 ]]; then cat >/dev/null; echo facts 1 cpu yes; exit 0; fi",
    'PATH=$REAL_PATH exec python3 "$@"',
  );
  const env = {
    PATH: `${bin}${delimiter}/nowhere`,
    REAL_PATH: process.env.PATH!,
    VLLM_PYTHON: "python",
    VLLM_PORT: String(port),
  };
  const child = spawn(join(bin, "bash"), [script], { env });
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
  const code = await new Promise<number | null>((done) => child.once("close", done));
  await new Promise((done) => listener.close(done));
  expect([code, said]).toEqual([3, expect.stringContaining(`something listens on 127.0.0.1:${port}`)]);
});

const shellcheck = spawnSync("shellcheck", ["--version"]).status === 0 ? test : test.skip;
shellcheck("shellcheck has nothing to say", () => {
  const child = spawnSync("shellcheck", [script], { encoding: "utf8" });
  expect(child.stdout).toBe("");
});
