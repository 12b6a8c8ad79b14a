/** Recorded runs of vLLM servers on the command line: replay, import, the profiles that ship, calibrate vllm --from. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Ended, servesimIn } from "../../../test/support/servesim-process.js";

const profile = resolve("profiles/h100-llama-3.1-8b-vllm-0.26.json");
const onnx = resolve("profiles/mini-cpu-2core.json");
const recording = resolve("profiles/raw/vllm-h100/llama8b/poisson-medium-r1");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-recordings-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const servesim = (...words: string[]): Promise<Ended> => servesimIn(folder, words);
const replay = (...words: string[]): Promise<Ended> =>
  servesim("replay", "--profile", profile, "--recording", recording, "--replications", "2", ...words);

/** A user's mistake: exit 2 and one line that says where; nothing on stdout. */
function expectMistake({ code, stdout, stderr }: Ended, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd()).toMatch(/^error: [^\n]*$/);
  expect([code, stdout]).toEqual([2, ""]);
}

describe("replay", () => {
  interface Told {
    readonly jitter: string;
    readonly replications: number;
    readonly metrics: Readonly<Record<string, { real: number; sim: number; error: number }>>;
    readonly preemptions: { real: number; sim: number };
  }
  const told = ({ stdout }: Ended): Told => JSON.parse(stdout) as Told;

  test("--json puts what was simulated beside what was recorded; equal seeds give equal bytes", async () => {
    const [one, again, other] = await Promise.all([
      replay("--json", "--seed", "7"),
      replay("--json", "--seed", "7"),
      replay("--json", "--seed", "8"),
    ]);
    expect([one.code, one.stderr]).toEqual([0, ""]);
    expect(again.stdout).toBe(one.stdout);
    const { metrics, preemptions, jitter, replications } = told(one);
    expect([jitter, replications]).toEqual(["on", 2]);
    const names = ["ttft", "tpot", "e2el"].flatMap((metric) =>
      ["mean", "p50", "p95", "p99"].map((stat) => `${stat}_${metric}_ms`),
    );
    expect(Object.keys(metrics).sort()).toEqual(names.sort());
    for (const { real, sim, error } of Object.values(metrics)) expect(error).toBeCloseTo(sim / real - 1, 12);
    expect(Math.abs(metrics.mean_tpot_ms!.error)).toBeLessThan(0.1);
    expect(preemptions).toEqual({ real: 0, sim: 0 });
    expect(told(other).metrics.mean_ttft_ms!.sim).not.toBe(metrics.mean_ttft_ms!.sim);
    expect(told(other).metrics.mean_ttft_ms!.real).toBe(metrics.mean_ttft_ms!.real);
  });

  test("--jitter off simulates once, whatever the seed", async () => {
    const [one, other] = await Promise.all([
      replay("--json", "--jitter", "off", "--seed", "1"),
      replay("--json", "--jitter", "off", "--seed", "2"),
    ]);
    expect(told(one)).toMatchObject({ jitter: "off", replications: 1 });
    expect(told(other).metrics).toEqual(told(one).metrics);
  });

  test("a folder that is missing, and a profile of something else than vLLM, are named", async () => {
    const [absent, batches] = await Promise.all([
      servesim("replay", "--profile", profile, "--recording", "absent"),
      servesim("replay", "--profile", onnx, "--recording", recording),
    ]);
    expectMistake(absent, /absent is not a folder, expected a run folder/);
    expectMistake(batches, /profile "mini-cpu" is not of a vLLM engine/);
  });

  test("requests that were cut off are named by their file", async () => {
    cpSync(recording, join(folder, "cut"), { recursive: true });
    const path = join(folder, "cut", "requests.csv.gz");
    const whole = readFileSync(path);
    rmSync(path);
    writeFileSync(path, whole.subarray(0, whole.length >> 1));
    expectMistake(await servesim("replay", "--profile", profile, "--recording", "cut"), /requests\.csv\.gz/);
  });
});

describe("import llmservingsim", () => {
  const meta = {
    model: "meta-llama/Llama-3.1-8B",
    vllm_version: "0.20.0",
    engine_kwargs: { max_num_seqs: 128, max_num_batched_tokens: 2048, max_model_len: 4096 },
  };
  const lines = Array.from({ length: 30 }, (_, k) =>
    JSON.stringify({
      request_id: `r${k}`,
      input_toks: 100 + k,
      output_toks: 20,
      queued_ts: 50 + 0.1 * k,
      scheduled_ts: 50.001 + 0.1 * k,
      first_token_ts: 50.02 + 0.1 * k,
      last_token_ts: 50.15 + 0.1 * k,
    }),
  );
  beforeAll(() => {
    mkdirSync(join(folder, "theirs"));
    writeFileSync(join(folder, "theirs", "meta.json"), JSON.stringify(meta));
    writeFileSync(join(folder, "theirs", "requests.jsonl"), lines.join("\n"));
  });

  test("a recording that does not say how many KV blocks there were asks for them, and writes nothing", async () => {
    const ended = await servesim("import", "llmservingsim", "theirs", "--output", "blockless");
    expectMistake(ended, /does not say how many KV blocks the server had, give --num-gpu-blocks/);
    expect(existsSync(join(folder, "blockless"))).toBe(false);
  });

  test("makes a run folder that replay reads, and does not replace one unasked", async () => {
    const words = ["import", "llmservingsim", "theirs", "--output", "ours", "--num-gpu-blocks", "20000"];
    expect(await servesim(...words)).toMatchObject({ code: 0, stderr: "30 requests written to ours\n" });
    const ended = await servesim("replay", "--profile", profile, "--recording", "ours", "--jitter", "off", "--json");
    const { requests, metrics } = JSON.parse(ended.stdout) as {
      requests: number;
      metrics: Record<string, { real: number; sim: number }>;
    };
    expect([ended.code, requests]).toEqual([0, 30]);
    expect(metrics.mean_ttft_ms!.real).toBeCloseTo(20, 6);
    expect(metrics.mean_e2el_ms!.real).toBeCloseTo(150, 6);
    expect(metrics.mean_e2el_ms!.sim).toBeGreaterThan(0);
    expectMistake(await servesim(...words), /ours/);
  });

  test("two pipeline stages are rejected by import, replay and calibrate alike", async () => {
    const two = { ...meta, engine_kwargs: { ...meta.engine_kwargs, pipeline_parallel_size: 2 } };
    mkdirSync(join(folder, "two"));
    writeFileSync(join(folder, "two", "meta.json"), JSON.stringify(two));
    writeFileSync(join(folder, "two", "requests.jsonl"), lines.join("\n"));
    const seen =
      /the server uses features that are not modelled: pipeline_parallel_size = 2 \(pipeline parallelism\); .*tensor/;
    expectMistake(
      await servesim("import", "llmservingsim", "two", "--output", "twoOut", "--num-gpu-blocks", "9"),
      seen,
    );
    expect(existsSync(join(folder, "twoOut"))).toBe(false);
    // As a run folder that was made by hand, or by an older version.
    cpSync(recording, join(folder, "dp"), { recursive: true });
    const path = join(folder, "dp", "run.json");
    const text = readFileSync(path, "utf8").replace('"max_num_seqs"', '"pipeline_parallel_size": 2, "max_num_seqs"');
    rmSync(path);
    writeFileSync(path, text);
    expectMistake(await servesim("replay", "--profile", profile, "--recording", "dp"), seen);
    const words = ["calibrate", "vllm", "--output", "dp.json"];
    expectMistake(await servesim(...words, "--from", "dp"), seen);
    expectMistake(await servesim(...words, "--from", recording, "--held-out", "dp"), seen);
    expect(existsSync(join(folder, "dp.json"))).toBe(false);
  });

  const published = resolve("../shared/data/llmservingsim/RTXPRO6000-Qwen3-30B-A3B-Instruct-2507");
  (existsSync(published) ? test : test.skip)("a published recording of two engines is imported with them", async () => {
    const ended = await servesim("import", "llmservingsim", published, "--output", "qwen", "--num-gpu-blocks", "30000");
    expect(ended).toMatchObject({ code: 0 });
    const { engine } = JSON.parse(readFileSync(join(folder, "qwen", "run.json"), "utf8")) as {
      engine: { settings: object };
    };
    expect(engine.settings).toMatchObject({ data_parallel_size: 2, enable_expert_parallel: true });
  });

  test("a result of vllm bench becomes a run folder that replay reads, once it is known how the server was set up", async () => {
    const times = (of: (k: number) => unknown): unknown[] => Array.from({ length: 30 }, (_, k) => of(k));
    const result = {
      ...{ backend: "openai", model_id: "llama8b", request_rate: 10, completed: 30 },
      input_lens: times((k) => 100 + k),
      output_lens: times(() => 3),
      ttfts: times(() => 0.02),
      itls: times(() => [0.01, 0.01]),
      start_times: times((k) => 7000 + 0.1 * k),
      errors: times(() => ""),
    };
    writeFileSync(join(folder, "bench.json"), JSON.stringify(result));
    const words = ["import", "vllm-bench", "bench.json", "--output", "benched"];
    expectMistake(await servesim(...words), /how the server was set up; give --profile, .* or --serve-args/);
    expectMistake(await servesim(...words, "--profile", profile, "--serve-args=-pp 2"), /pipeline parallelism/);
    expect(existsSync(join(folder, "benched"))).toBe(false);
    const set = ["--profile", profile, "--serve-args=--max-num-seqs 64 --no-enable-prefix-caching --api-key SECRET"];
    expect(await servesim(...words, ...set)).toMatchObject({ code: 0, stderr: "30 requests written to benched\n" });
    const info = readFileSync(join(folder, "benched", "run.json"), "utf8");
    expect(info).not.toContain("SECRET");
    expect(JSON.parse(info)).toMatchObject({
      engine: { settings: { max_num_seqs: 64, max_num_batched_tokens: 2048, enable_prefix_caching: false } },
    });
    const ended = await servesim("replay", "--profile", profile, "--recording", "benched", "--jitter", "off", "--json");
    const { metrics } = JSON.parse(ended.stdout) as { metrics: Record<string, { real: number; sim: number }> };
    expect(metrics.mean_ttft_ms!.real).toBeCloseTo(20, 6);
    expect(metrics.mean_e2el_ms!.real).toBeCloseTo(40, 6);
    expect(metrics.mean_e2el_ms!.sim).toBeGreaterThan(0);
  });

  test("another form is rejected with those that are known", async () => {
    const ended = await servesim("import", "llmservingsin", "theirs", "--output", "ours2");
    expectMistake(ended, /no form "llmservingsin", did you mean "llmservingsim"\?/);
  });
});

describe("profiles", () => {
  test("list has every profile that ships, show has one of them whole", async () => {
    const [list, text, show] = await Promise.all([
      servesim("profiles", "list", "--json"),
      servesim("profiles", "list"),
      servesim("profiles", "show", "h100-llama-3.1-8b-vllm-0.26", "--json"),
    ]);
    const names = (JSON.parse(list.stdout) as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["mini-cpu-2core", "h100-gpt2-fp16", "h100-llama-3.1-8b-vllm-0.26"]));
    for (const name of names) expect(text.stdout).toContain(name);
    expect(JSON.parse(show.stdout)).toEqual(JSON.parse(readFileSync(profile, "utf8")));
  });

  test("a misspelt name is answered with the nearest", async () => {
    const ended = await servesim("profiles", "show", "h100-lama-3.1-8b-vllm-0.26");
    expectMistake(ended, /no profile "h100-lama-3\.1-8b-vllm-0\.26", did you mean "h100-llama-3\.1-8b-vllm-0\.26"\?/);
  });

  test("only list and show are things to do", async () => {
    expectMistake(await servesim("profiles", "delete", "mini-cpu"), /profiles: got "delete", expected list or show/);
  });
});

describe("calibrate vllm --from", () => {
  const calibrate = (...words: string[]): Promise<Ended> =>
    servesim("calibrate", "vllm", "--output", "made.json", ...words);

  afterEach(() => {
    expect(existsSync(join(folder, "made.json"))).toBe(false);
  });

  test("a folder that is missing or without a run is named", async () => {
    mkdirSync(join(folder, "empty"));
    const [absent, empty] = await Promise.all([calibrate("--from", "absent"), calibrate("--from", "empty")]);
    expectMistake(absent, /absent: not a folder that can be read/);
    expectMistake(empty, /empty: no run in it, expected run\.json/);
  });

  test("a run of another engine is named with it", async () => {
    cpSync(recording, join(folder, "other"), { recursive: true });
    const path = join(folder, "other", "run.json");
    const text = readFileSync(path, "utf8").replace('"name": "vllm"', '"name": "onnxruntime"');
    rmSync(path);
    writeFileSync(path, text);
    expectMistake(await calibrate("--from", "other"), /run\.json: engine "onnxruntime", expected a run of vllm/);
  });

  test("--refit and --base go together", async () => {
    const from = ["--from", recording];
    for (const alone of [
      ["--refit", "host"],
      ["--base", profile],
    ]) {
      expectMistake(await calibrate(...from, ...alone), /give --refit host and --base PROFILE together/);
    }
  });

  test("--held-out is read before anything is fitted", async () => {
    expectMistake(await calibrate("--from", recording, "--held-out", "absent"), /absent: not a folder/);
  });
});
