/**
 * Commands killed or told to stop at many points: what was finished is there afterwards, every command reads what is there,
 * and the same command run again ends well.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { readRun } from "../../formats/files/index.js";
import { startFakeVllm, type FakeVllm } from "../support/fake-vllm.js";
import { servesimIn, signalWhen, startServesimIn, type Ended } from "../support/servesim-process.js";

let folder: string;
let server: FakeVllm | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-kills-"));
});
beforeEach(() => {
  for (const name of readdirSync(folder)) if (name !== "cache") rmSync(join(folder, name), { recursive: true });
});
afterEach(async () => {
  await server?.close();
  server = undefined;
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const servesim = (...words: string[]): Promise<Ended> => servesimIn(folder, words);
const at = (...parts: string[]): string => join(folder, ...parts);

/** Whole lines of a file that grows; 0 before it is there. */
function linesOf(path: string): number {
  return existsSync(path) ? readFileSync(path, "latin1").split("\n").length - 1 : 0;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const kills: [NodeJS.Signals, number][] = [["SIGKILL", 1], ["SIGKILL", 25], ["SIGINT", 12], ["SIGTERM", 12], ["SIGHUP", 12]]; // prettier-ignore

interface BenchCase {
  readonly name: string;
  readonly words: () => Promise<string[]>;
}

const load = [
  "--dataset-name",
  "random",
  "--random-input-len",
  "8",
  "--random-output-len",
  "4",
  "--num-prompts",
  "300",
];

async function onServer(...words: string[]): Promise<string[]> {
  server = await startFakeVllm({ script: () => ({ firstMs: 5, gapMs: 2 }), metrics: () => 'vllm:kv_cache_usage_perc{engine="0"} 0.25\n' }); // prettier-ignore
  return ["bench", "--backend", "vllm", "--base-url", server.baseUrl, ...load, ...words, "--output", "out"];
}

const benches: BenchCase[] = [
  { name: "vllm", words: () => onServer("--request-rate", "60") },
  { name: "vllm with two threads", words: () => onServer("--request-rate", "60", "--client-workers", "2") },
  {
    name: "batches on vllm",
    words: () => onServer("--policy", "naive", "--batch-size", "4", "--timeout", "0.05", "--request-rate", "60"),
  },
  {
    name: "onnx",
    words: () =>
      Promise.resolve(
        "bench --policy naive --batch-size 4 --timeout 0.05 --model tiny --request-rate 60 --num-prompts 300 --output out".split(
          " ",
        ),
      ),
  },
];

describe.each(benches)("bench on $name", ({ words: wordsOf }) => {
  test.each(kills)("%s after %d lines keeps every finished request", async (signal, lines) => {
    const words = await wordsOf();
    const log = at("out", "finished.jsonl");
    let seen = 0;
    const ended = await signalWhen(startServesimIn(folder, words), signal, () => (seen = linesOf(log)) >= lines);
    const { info, requests, batches } = await readRun(at("out"));
    expect(requests.length + batches.length).toBeGreaterThanOrEqual(seen);
    expect(requests.length).toBeLessThan(300);
    expect(requests.every(({ status, lastTokenNs }) => status === "ok" && lastTokenNs !== undefined)).toBe(true);
    expect(info.valid?.ok).toBe(false);
    if (signal === "SIGKILL") expect(info).toMatchObject({ cut: true, planned_requests: 300 });
    else {
      expect(ended.stderr).toMatch(
        /stopping; finished work is kept.*\n[^]*interrupted: stopped after \d+ of 300 requests/,
      );
      expect(ended.code).toBe(130);
      expect(info).not.toHaveProperty("cut");
    }
  });
});

test("a run that was cut is compared with a remark, and its place is not taken without --force", async () => {
  const words = (await onServer("--request-rate", "60")).map((word) => (word === "300" ? "60" : word));
  await signalWhen(startServesimIn(folder, words), "SIGKILL", () => linesOf(at("out", "finished.jsonl")) >= 20);
  const compared = await servesim("compare", "out", "out");
  expect(compared.stderr).toMatch(/warning: out: the run was cut before its end: \d+ of 60 requests had finished/);
  expect(compared.code).toBe(0);
  const again = await servesim(...words);
  expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/out already holds a run/) as string]);
  expect((await servesim(...words, "--force")).code).toBe(0);
  const { info, requests } = await readRun(at("out"));
  expect([requests.length, info.cut]).toEqual([60, undefined]);
  expect(readdirSync(at("out"))).not.toContain("finished.jsonl");
});

test.each(signals)("%s in the warm-ups of a bench ends it, although the server does not answer", async (signal) => {
  server = await startFakeVllm({ script: () => ({ misbehaves: { kind: "stall", afterChunks: 0 } }) });
  const { received } = server;
  const words = ["bench", "--backend", "vllm", "--base-url", server.baseUrl, ...load, "--output", "out"];
  const ended = await signalWhen(startServesimIn(folder, words), signal, () => received.length > 0);
  expect(ended.stderr).toMatch(/interrupted: stopped before the first request/);
  expect(ended.code).toBe(130);
  expect(existsSync(at("out", "run.json"))).toBe(false);
});

test.each(signals)("%s ends calibrate vllm while its first request hangs", async (signal) => {
  server = await startFakeVllm({ script: () => ({ misbehaves: { kind: "stall", afterChunks: 0 } }) });
  const { received } = server;
  const words = [
    "calibrate",
    "vllm",
    "--base-url",
    server.baseUrl,
    "--vocab-size",
    "100",
    ...stated,
    "--output",
    "p.json",
  ];
  const ended = await signalWhen(startServesimIn(folder, words), signal, () => received.length > 0);
  expect(ended.code).toBe(130);
});

const stated = [
  "--max-num-seqs",
  "8",
  "--max-num-batched-tokens",
  "512",
  "--block-size",
  "16",
  "--num-gpu-blocks",
  "100",
  "--async-scheduling",
];

test("calibrate vllm gives a server up that takes the whole budget for its first request", async () => {
  server = await startFakeVllm({ script: () => ({ misbehaves: { kind: "stall", afterChunks: 0 } }) });
  const words = ["calibrate", "vllm", "--base-url", server.baseUrl, "--vocab-size", "100", ...stated, "--budget", "1s"];
  const { code, stderr } = await servesim(...words, "--output", "p.json");
  expect(stderr).toMatch(/took the whole budget of 1 s before the first probe/);
  expect(code).toBe(3);
});

describe("simulate --output", () => {
  const words = (requests: number): string[] => [
    ...["simulate", "--policy", "vllm", "--profile", resolve("profiles/h100-llama-3.1-8b-vllm-0.26.json")],
    ...["--num-prompts", String(requests), "--request-rate", "20", "--replications", "1", "--output", "out"],
  ];

  test.each([...signals, "SIGKILL"] as const)(
    "%s while it simulates ends it, and nothing is half there",
    async (signal) => {
      const started = startServesimIn(folder, words(400_000));
      const { stdout } = await signalWhen(started, signal, () => started.said().includes("simulating 400000"));
      expect(stdout).toBe("");
      expect(existsSync(at("out", "run.json"))).toBe(false);
    },
  );

  test("SIGKILL while the folder is written leaves a whole run or none, and it can be written again", async () => {
    await signalWhen(startServesimIn(folder, words(20_000)), "SIGKILL", () => existsSync(at("out")));
    const isThere = existsSync(at("out", "run.json"));
    if (isThere) expect((await readRun(at("out"))).requests).toHaveLength(20_000);
    const { code } = await servesim(...words(50), ...(isThere ? ["--force"] : []));
    expect(code).toBe(0);
    expect((await readRun(at("out"))).requests).toHaveLength(50);
  });
});

describe("run and report", () => {
  const experiment = (requests: number): string => `version: 1
name: small
profile: ${resolve("profiles/mini-cpu-2core.json")}
num_runs: 0
policies: [{ policy: naive, batch_size: 2 }, { policy: vllm }]
loads: [{ label: open, num_prompts: ${requests}, request_rate: 20 }]
`;
  const cell = (name: string): string => at("results", "small", "cells", name, "sim", "run.json");

  test.each(["SIGKILL", ...signals] as const)(
    "%s between two cells keeps the first, and a second run goes on",
    async (signal) => {
      writeFileSync(at("small.yaml"), experiment(30_000));
      await signalWhen(startServesimIn(folder, ["run", "small.yaml"]), signal, () => existsSync(cell("naive--open")));
      const before = readFileSync(cell("naive--open"));
      const { code, stderr } = await servesim("run", "small.yaml");
      expect(stderr).toMatch(/simulated [01] of 2 cells, [12] existed already/);
      expect(code).toBe(0);
      expect(readFileSync(cell("naive--open"))).toEqual(before);
    },
  );

  test("SIGKILL while report writes is mended by another report", async () => {
    writeFileSync(at("small.yaml"), experiment(50));
    expect((await servesim("run", "small.yaml")).code).toBe(0);
    const page = at("results", "small", "report.html");
    const whole = readFileSync(page, "utf8");
    for (const name of ["comparison.json", "llm_inference_benchmark.csv", "plots"]) {
      const path = at("results", "small", name);
      rmSync(path, { recursive: true });
      await signalWhen(startServesimIn(folder, ["report", "results/small"]), "SIGKILL", () => existsSync(path));
      expect(readFileSync(page, "utf8")).toBe(whole);
    }
    expect((await servesim("report", "results/small")).code).toBe(0);
    expect(readFileSync(page, "utf8")).toBe(whole);
  });
});

describe("calibrate onnx", () => {
  const grid =
    "--model tiny --batch-sizes 1,2,4,8 --prompt-tokens 4,16,48 --decode-steps 4,16 --repeats 2 --max-repeats 2";
  const words = ["calibrate", "onnx", ...grid.split(" "), "--output", "tiny.json"];
  const raw = (): string => at("tiny.measurements.csv");

  test.each(["SIGKILL", ...signals] as const)(
    "%s keeps every measurement, and --resume goes on from there",
    async (signal) => {
      let seen = 0;
      const started = startServesimIn(folder, words);
      const { code } = await signalWhen(started, signal, () => (seen = linesOf(raw())) >= 8);
      if (signal !== "SIGKILL") expect(code).toBe(130);
      const kept = readFileSync(raw(), "latin1").split("\n").slice(0, seen);
      const resumed = await servesim(...words, "--resume");
      // Times of a machine that is busy with other tests may well be rejected by the fit.
      expect([0, 4]).toContain(resumed.code);
      const after = new Set(readFileSync(raw(), "latin1").split("\n"));
      expect(kept.filter((line) => !after.has(line))).toEqual([]);
    },
  );
});

describe("run that calibrates and runs for real", () => {
  const experiment = `version: 1
name: real
calibrate: { model: tiny, device: cpu, batch_sizes: [1, 2, 4], prompt_tokens: [4, 16], decode_steps: [4, 16], repeats: 2 }
num_runs: 2
policies: [{ policy: naive, batch_size: 2, timeout_s: 0.01 }]
loads: [{ label: open, num_prompts: 60, request_rate: 30, output_len: 4 }]
`;
  const inside = (...parts: string[]): string => at("results", "real", ...parts);
  const cell = (name: string): string => inside("cells", "naive--open", name);
  const wholeRun = async (name: string): Promise<void> => {
    const { info, requests } = await readRun(cell(name));
    expect([info.cut, requests.length]).toEqual([undefined, 60]);
  };

  test.each(["SIGKILL", ...signals] as const)("%s inside the calibration keeps its measurements", async (signal) => {
    writeFileSync(at("real.yaml"), experiment);
    const raw = inside("profile.measurements.csv");
    let seen = 0;
    await signalWhen(startServesimIn(folder, ["run", "real.yaml"]), signal, () => (seen = linesOf(raw)) >= 6);
    const kept = readFileSync(raw, "latin1").split("\n").slice(0, seen);
    const { code } = await servesim("run", "real.yaml");
    expect(code).toBe(0);
    const after = new Set(readFileSync(raw, "latin1").split("\n"));
    expect(kept.filter((line) => !after.has(line))).toEqual([]);
    for (const name of ["sim", "real", "real-r2"]) await wholeRun(name);
  });

  test.each(["SIGKILL", ...signals] as const)(
    "%s inside the second real run keeps the calibration, the simulations and the first run",
    async (signal) => {
      writeFileSync(at("real.yaml"), experiment);
      const kept = [inside("profile.json"), inside("profile.measurements.csv"), ...["sim", "real"].map((name) => join(cell(name), "requests.csv"))]; // prettier-ignore
      // The second run takes two seconds from when the first is there.
      let firstAt = Infinity;
      const isTime = (): boolean => {
        if (firstAt === Infinity && existsSync(join(cell("real"), "run.json"))) firstAt = performance.now();
        return performance.now() - firstAt > 1_000;
      };
      const ended = await signalWhen(startServesimIn(folder, ["run", "real.yaml"]), signal, isTime);
      if (signal !== "SIGKILL") expect(ended.code).toBe(130);
      expect(existsSync(join(cell("real-r2"), "run.json"))).toBe(false);
      const before = kept.map((path) => readFileSync(path));
      expect((await servesim("compare", join(cell("sim")), join(cell("real")))).code).toBe(0);
      const { code, stderr } = await servesim("run", "real.yaml");
      expect([code, stderr]).toEqual([0, expect.stringMatching(/calibration: kept/) as string]);
      expect(kept.map((path) => readFileSync(path))).toEqual(before);
      for (const name of ["sim", "real", "real-r2"]) await wholeRun(name);
    },
  );
});

describe("calibrate vllm", () => {
  const words = (url: string, ...more: string[]): string[] => [
    ...["calibrate", "vllm", "--base-url", url, "--vocab-size", "100", ...stated, "--budget", "20s"],
    ...["--measure-only", "--accept-disturbed", "--output", "p.json", ...more],
  ];
  /** Groups that are whole on disk, by number. */
  const groups = (): string[] => {
    const path = at("p.json.raw", "groups");
    return existsSync(path) ? readdirSync(path).filter((name) => existsSync(join(path, name, "run.json"))) : [];
  };
  const idOf = ({ requestId = "" }: { readonly requestId: string | undefined }): string => requestId.replace(/^servesim-\d+-/, ""); // prettier-ignore

  test.each([
    ["SIGKILL", 1],
    ["SIGKILL", 6],
    ["SIGINT", 3],
    ["SIGTERM", 3],
    ["SIGHUP", 3],
  ] as const)("%s after %d groups of probes: none that was measured is sent again", async (signal, count) => {
    const metrics = 'vllm:request_queue_time_seconds_bucket{le="+Inf"} 0\nvllm:num_requests_running 0\n';
    server = await startFakeVllm({
      maxModelLen: 512,
      metrics: () => metrics,
      script: () => ({ firstMs: 3, gapMs: 1 }),
    });
    await signalWhen(startServesimIn(folder, words(server.baseUrl)), signal, () => groups().length >= count);
    const kept = groups();
    const sentBefore = server.received.length;
    const { code } = await servesim(...words(server.baseUrl, "--resume"));
    expect(code).toBe(0);
    const again = server.received.slice(sentBefore).map(idOf);
    const ofKept = new Set(kept.map(Number));
    expect(again.filter((id) => /^\d+-\d+$/.test(id) && ofKept.has(Number(id.split("-")[0])))).toEqual([]);
    const ids = new Set((await readRun(at("p.json.raw", "probes"))).requests.map(({ requestId }) => requestId));
    for (const group of ofKept) expect(ids.has(`${group}-0`)).toBe(true);
  });
});
