/** The command line as users meet it, in a temporary folder. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Ended, servesimIn, signalWhen, startServesimIn } from "../test/support/servesim-process.js";

const profile = resolve("examples/original-suite/profile.json");
const h100 = resolve("profiles/h100-llama-3.1-8b-vllm-0.26.json");
const vllmKeys = [
  "completed",
  "duration",
  "request_throughput",
  "output_throughput",
  ...["ttft", "tpot", "e2el"].flatMap((metric) => [`mean_${metric}_ms`, `p99_${metric}_ms`]),
];
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-cli-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const servesim = (...words: string[]): Promise<Ended> => servesimIn(folder, words);
const simulate = (...words: string[]): Promise<Ended> =>
  servesim("simulate", "--policy", "naive", "--profile", profile, ...words);

/** A user's mistake: exit 2, one "error:" message that matches, no stack, nothing on stdout. */
function expectMistake({ code, stdout, stderr }: Ended, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^error: /m);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stdout).toBe("");
  expect(code).toBe(2);
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function filesOf(name: string): Record<string, string> {
  const root = join(folder, name);
  return Object.fromEntries(readdirSync(root).map((file) => [file, readFileSync(join(root, file), "latin1")]));
}

describe("simulate", () => {
  test("--json prints vLLM bench's keys, and nothing else goes to stdout", async () => {
    const { code, stdout } = await simulate("--num-prompts", "8", "--max-concurrency", "2", "--json");
    expect(code).toBe(0);
    const summary = JSON.parse(stdout) as Record<string, unknown>;
    expect(Object.keys(summary)).toEqual(expect.arrayContaining(vllmKeys));
    expect(summary).toMatchObject({ source: "sim", policy: "naive", completed: 8, failed: 0 });
  });

  test("writes the same bytes for the same seed, and others for another", async () => {
    const load = ["--policy", "vllm", "--profile", profile, "--num-prompts", "20", "--request-rate", "9"];
    for (const [output, seed] of ["a 7", "b 7", "c 8"].map((text) => text.split(" ") as [string, string])) {
      expect((await servesim("simulate", ...load, "--seed", seed, "--output", output)).code).toBe(0);
    }
    expect(Object.keys(filesOf("a"))).toContain("run.json");
    expect(filesOf("b")).toEqual(filesOf("a"));
    expect(filesOf("c")["requests.csv"]).not.toBe(filesOf("a")["requests.csv"]);
    expectMistake(await servesim("simulate", ...load, "--output", "a"), /a already holds a run; .*--force/);
  });

  test("ends its work when nobody reads on, as behind | head", async () => {
    const words = ["--num-prompts", "8", "--json", "--output", "read-by-none"];
    const { child, ended } = startServesimIn(folder, ["simulate", "--policy", "naive", "--profile", profile, ...words]);
    child.stdout!.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: expect.not.stringContaining("EPIPE") as string });
    expect(Object.keys(filesOf("read-by-none"))).toContain("run.json");
  });

  test("takes explicit requests from a workload CSV", async () => {
    const path = write("workload.csv", "arrival_ms,prompt_tokens,output_tokens,request_id\n0,5,3,x\n10,7,2,y\n");
    const { code, stdout } = await simulate("--workload", path, "--json", "--output", "from-csv");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ completed: 2, total_input_tokens: 12, total_output_tokens: 5 });
    expect(filesOf("from-csv")["requests.csv"]).toMatch(/^y,10,/m);
  });

  test("rejects a truncated, empty or endless workload CSV with its line", async () => {
    const header = "arrival_ms,prompt_tokens,output_tokens\n";
    expectMistake(await simulate("--workload", write("cut.csv", `${header}0,5,3\n1,5`)), /cut\.csv:3: got 2 fields/);
    expectMistake(await simulate("--workload", write("zero.csv", header)), /zero\.csv holds no requests/);
    expectMistake(await simulate("--workload", write("far.csv", `${header}1e300,5,3\n`)), /far\.csv:2: arrival_ms/);
  });

  const mistakes = [
    [["--request-rate", "0"], /--request-rate: got 0, expected number to be >0/],
    [["--request-rate", "-1"], /--request-rate: got -1/],
    [["--request-rate", "NaN"], /--request-rate: got "NaN", expected number/],
    [["--num-prompts", "1000000000"], /--num-prompts: got 1000000000/],
    [["--think-time", "1e308"], /--think-time: got 1e\+308/],
    [["--output-len", "1e6"], /request 0 .*model gpt2 has 1024 positions/],
    [["--btch-size", "4"], /unknown flag --btch-size, did you mean "batch-size"\?/],
    [["--max-num-seqs", "4"], /--max-num-seqs is a setting of vllm and orca, not of naive/],
    [["--batch-size"], /--batch-size: got nothing, expected a value/],
    [["--json=5"], /--json: got "5", expected nothing, true or false/],
    [["--tensor-parallel-size", "2"], /--tensor-parallel-size is a setting of vllm, not of naive/],
    [["--pipeline-parallel-size", "2"], /--pipeline-parallel-size is a setting of vllm that is not modelled/],
    [["--engine", "step"], /--engine is a flag of vllm and orca, not of naive/],
    [["--replications", "0"], /--replications: got 0/],
    [["--replications", "4"], /replications would all be the same: .*does not say how times vary.*--replications 1/],
    [["--uncertainty", "10"], /unknown flag --uncertainty/],
    [["--output", ""], /--output: got "", expected a folder/],
    [["surplus"], /unexpected argument "surplus"/],
    [["--output", join(profile, "below")], /cannot write .*a part of the path is a file/],
  ] as const;
  test.each(mistakes)("%j is a mistake that is explained", async (words, message) => {
    expectMistake(await simulate("--num-prompts", "4", ...words), message);
  });

  test("a profile that is missing, truncated or a folder is named", async () => {
    const run = (path: string) => servesim("simulate", "--policy", "naive", "--profile", path);
    expectMistake(await run("nope.json"), /cannot read nope\.json: no such file or folder/);
    expectMistake(await run(write("cut.json", readFileSync(profile, "utf8").slice(0, 500))), /cut\.json is not JSON/);
    expectMistake(await run(folder), /it is a folder/);
    expectMistake(await run("mini-cpu-2cores"), /no profile "mini-cpu-2cores", did you mean "mini-cpu-2core"\?/);
  });
});

describe("simulate --policy vllm", () => {
  const random = ["--dataset-name", "random", "--random-input-len", "200", "--random-output-len", "50"];
  const vllm = (...words: string[]): Promise<Ended> =>
    servesim("simulate", "--policy", "vllm", "--profile", h100, ...random, ...words);

  test("both engines write the same bytes, save for how many steps were taken at once", async () => {
    const words = ["--num-prompts", "200", "--max-concurrency", "40", "--num-gpu-blocks", "120", "--output"];
    expect((await vllm(...words, "fast")).code).toBe(0);
    expect((await vllm(...words, "step", "--engine", "step")).code).toBe(0);
    const [fast, step] = [filesOf("fast"), filesOf("step")];
    const steps = /"engine_steps": \{\s*"scheduled": (\d+),\s*"jumped": (\d+),\s*"in_runs": (\d+)\s*\}/;
    const counts = [fast, step].map((files) => steps.exec(files["run.json"]!)!.slice(1).map(Number));
    expect(counts[0]![0]! + counts[0]![1]!).toBe(counts[1]![0]);
    expect(counts[1]!.slice(1)).toEqual([0, 0]);
    expect(JSON.parse(fast["run.json"]!)).toMatchObject({ preemptions: expect.any(Number) as number });
    expect(fast["requests.csv"]).toBe(step["requests.csv"]);
    expect(fast["run.json"]!.replace(steps, "")).toBe(step["run.json"]!.replace(steps, ""));
  });

  test("replicas share the load as the router says", async () => {
    const words = ["--num-prompts", "60", "--max-concurrency", "30", "--replicas", "3", "--json", "--router"];
    const [turns, least] = await Promise.all(
      ["round-robin", "least-outstanding"].map(async (router) => {
        const { code, stdout } = await vllm(...words, router);
        expect(code).toBe(0);
        return JSON.parse(stdout) as Record<string, unknown> & { kv_blocks: { high_water: number[] } };
      }),
    );
    expect(turns).toMatchObject({ replicas: 3, router: "round-robin", completed: 60 });
    expect(turns!.kv_blocks.high_water).toHaveLength(3);
    expect(least!.router).toBe("least-outstanding");
    expectMistake(await vllm("--router", "fastest"), /--router: got "fastest"/);
    expectMistake(await vllm("--replicas", "1001"), /--replicas: got 1001/);
  });

  test("orca runs on the same profile, with the memory that the server had and settings of its own", async () => {
    const words = ["--num-prompts", "60", "--max-concurrency", "30", "--replications", "1", "--json"];
    const orca = (...more: string[]): Promise<Ended> =>
      servesim(
        "simulate",
        "--policy",
        "orca",
        "--profile",
        "h100-llama-3.1-8b-vllm-0.26",
        ...random,
        ...words,
        ...more,
      );
    const { code, stdout } = await orca();
    expect(code).toBe(0);
    const run = JSON.parse(stdout) as { policy_settings: Record<string, number>; kv_blocks: { total: number } };
    expect(run).toMatchObject({
      policy: "orca",
      completed: 60,
      preemptions: 0,
      policy_settings: { max_num_seqs: 128 },
    });
    expect(run.kv_blocks.total).toBe(run.policy_settings.kv_cache_tokens);
    expectMistake(await orca("--enable-chunked-prefill", "false"), /is a setting of vllm, not of orca/);
  });

  test("repeats itself and prints each value with its interval; the records are those of one run", async () => {
    const words = ["--num-prompts", "40", "--max-concurrency", "10"];
    const { code, stdout } = await vllm(...words, "--output", "repeated");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^simulated vllm .*: 40 requests in [\d.]+ \([\d.]+-[\d.]+\) s/);
    expect(stdout).toMatch(/mean of \d+ replications, and in brackets the interval that holds 9 of 10 real runs/);
    const once = await vllm(...words, "--replications", "1", "--output", "once");
    expect(once.stdout).toMatch(/: 40 requests in [\d.]+ s, [\d.]+ requests/);
    expect(once.stdout).not.toContain("replications");
    expect(filesOf("once")["requests.csv"]).toBe(filesOf("repeated")["requests.csv"]);
    const again = await vllm(...words, "--output", "again");
    expect(again.stdout).toBe(stdout);
    expect(filesOf("again")).toEqual(filesOf("repeated"));
  });

  test("--json has an interval for each statistic, with the spread by cause", async () => {
    const { stdout } = await vllm("--num-prompts", "80", "--max-concurrency", "10", "--replications", "9", "--json");
    const said = JSON.parse(stdout) as Record<string, number> & { intervals: Record<string, Record<string, number>> };
    expect(said.replications).toBe(9);
    const interval = said.intervals.mean_tpot_ms!;
    expect(Object.keys(interval)).toEqual(["low", "high", "from_seed", "from_run", "from_calibration"]);
    expect(interval.low).toBeLessThan(said.mean_tpot_ms!);
    expect(interval.high).toBeGreaterThan(said.mean_tpot_ms!);
    expect(Object.keys(said.intervals)).toEqual(expect.arrayContaining(["p99_ttft_ms", "request_throughput"]));
  });

  test("--resample-load draws the load anew, and is a mistake for a load that is not drawn", async () => {
    const words = [
      "--num-prompts",
      "40",
      "--request-rate",
      "20",
      "--max-num-seqs",
      "16",
      "--replications",
      "8",
      "--json",
    ];
    const spread = async (...more: string[]): Promise<number> => {
      const { low, high } = (
        JSON.parse((await vllm(...words, ...more)).stdout) as {
          intervals: { duration: { low: number; high: number } };
        }
      ).intervals.duration;
      return high - low;
    };
    expect(await spread("--resample-load")).toBeGreaterThan(3 * (await spread()));
    const path = write("given.csv", "arrival_ms,prompt_tokens,output_tokens\n0,5,3\n10,7,2\n");
    const given = ["simulate", "--policy", "vllm", "--profile", h100, "--workload", path, "--resample-load"];
    expectMistake(await servesim(...given), /--resample-load: the trace gives times and lengths/);
  });

  test("ends on Ctrl-C, its threads too, and writes nothing", async () => {
    const words = ["--num-prompts", "200000", "--request-rate", "20", "--output", "never"];
    const { child, ended } = startServesimIn(folder, [
      "simulate",
      "--policy",
      "vllm",
      "--profile",
      h100,
      ...random,
      ...words,
    ]);
    const said = await new Promise<string>((resolve) => {
      child.stderr!.on("data", (text: Buffer) => {
        child.kill("SIGINT");
        resolve(text.toString());
      });
    });
    expect(said).toMatch(/^simulating 200000 requests, up to 8 times for intervals \(once: --replications 1\)/);
    expect((await ended).stdout).toBe("");
    expect(existsSync(join(folder, "never"))).toBe(false);
  });

  test("says of a load above capacity by how much, and prints no latency that grows with the run", async () => {
    const { code, stdout, stderr } = await vllm("--num-prompts", "200", "--request-rate", "60", "--max-num-seqs", "4");
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /overload: \d+ % of what the server can take is offered; latencies grow with the run, by [\d.]+ s/,
    );
    expect(stdout).toMatch(
      /^capacity [\d.]+ requests\/s, .* limited by max_num_seqs; offered 60\.00 requests\/s: \d+ %, above$/m,
    );
    for (const latency of ["time to first token", "end-to-end latency", "queue time"]) {
      expect(stdout).toMatch(new RegExp(`${latency} +│ grows with the run: by [\\d.]+ s for every minute of it +│`));
    }
    expect(stdout).toMatch(/ms, above capacity .*\n.*\n.*\n.*\n│ time per output token │ [\d.]+/);
  });

  test("names the setting that limits capacity by the policy's own name for it", async () => {
    const words = ["--num-prompts", "40", "--request-rate", "60", "--profile", profile];
    const { stdout } = await servesim("simulate", "--policy", "naive", "--batch-size", "2", ...words);
    expect(stdout).toMatch(/ limited by the batch size; offered 60\.00 requests\/s/);
  });

  test("says why requests got no answer, and when none did", async () => {
    const path = write("long.csv", "arrival_ms,prompt_tokens,output_tokens,request_id\n0,5,3,x\n1,5000,3,y\n");
    const run = (...words: string[]) =>
      servesim("simulate", "--policy", "vllm", "--profile", h100, "--max-num-seqs", "8", "--workload", path, ...words);
    const one = await run();
    expect(one.stdout).toMatch(/: 1 request in /);
    expect(one.stderr).toMatch(/1 of 2 requests got no answer, the first \(y\) because: .*exceed max_model_len 4096/);
    const none = await run("--max-model-len", "2");
    expect(none).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/none of 2 requests got an answer$/m) as string,
    });
  });

  const mistakes = [
    [["--batch-size", "4"], /--batch-size is a setting of naive and dynamic, not of vllm/],
    [["--enable-chunked-prefill=maybe"], /--enable-chunked-prefill: got "maybe", expected nothing, true or false/],
    [["--no-enable-chunked-prefill"], /without chunked prefill, expected at least max_model_len 4096/],
    [["--cold-start"], /has no cold start, simulate without it/],
    [["--gpu-memory-utilization", "0.1"], /no memory is left for KV blocks/],
  ] as const;
  test.each(mistakes)("%j is a mistake that is explained", async (words, message) => {
    expectMistake(await vllm("--num-prompts", "4", ...words), message);
  });
});

test("a simulation on a profile that misses what was kept out of its fit says so with the figure, and so does its run.json", async () => {
  const shipped = JSON.parse(readFileSync(profile, "utf8")) as object;
  const metrics = { mean_e2el_ms: { real: 10, sim: 13.7, error: 0.37 } };
  const missing = { ...shipped, held_out_runs: [{ recording: "medium", requests: 9, metrics }] };
  const path = write("missing.json", JSON.stringify(missing));
  const words = ["--policy", "naive", "--profile", path, "--num-prompts", "4", "--max-concurrency", "2"];
  const { code, stderr } = await servesim("simulate", ...words, "--output", "missed");
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /warning: profile ".*" is not usable for predictions: .* by up to \+37\.0 % \(mean e2el of medium\)/,
  );
  expect(JSON.parse(filesOf("missed")["run.json"]!)).toMatchObject({
    notes: expect.arrayContaining([expect.stringContaining("+37.0 %")]) as string[],
  });
});

describe("compare", () => {
  beforeAll(async () => {
    await simulate("--num-prompts", "40", "--max-concurrency", "4", "--output", "sim");
    cpSync(join(folder, "sim"), join(folder, "slower"), { recursive: true });
    const [header, ...rows] = filesOf("slower")["requests.csv"]!.trim().split("\n");
    const last = header!.split(",").indexOf("last_token_ms");
    const slower = rows.map((row) =>
      row
        .split(",")
        .map((field, column) => (column === last ? String(Number(field) * 1.5) : field))
        .join(","),
    );
    write("slower/requests.csv", `${[header, ...slower].join("\n")}\n`);
    const { requests_sha256, ...info } = JSON.parse(filesOf("slower")["run.json"]!) as Record<string, unknown>;
    expect(requests_sha256).toMatch(/^[0-9a-f]{64}$/);
    write("slower/run.json", JSON.stringify({ ...info, source: "real" }));
  });

  test("says where a simulation is in the place of a real run, or the reverse, and where one counts twice", async () => {
    const { code, stderr } = await servesim("compare", "slower", "sim", "slower", "./slower");
    expect(code).toBe(0);
    expect(stderr).toMatch(/warning: slower is a real run in the place of the simulation/);
    expect(stderr).toMatch(/warning: sim is a simulation in the place of a real run, .*; servesim whatif compares/);
    expect(stderr).toMatch(/warning: .\/slower is given more than once, and verdicts take it for as many repeats/);
    expect((await servesim("compare", "sim", "slower")).stderr).not.toMatch(/in the place|more than once/);
  });

  test("of a run with itself finds no error and exits 0", async () => {
    const { code, stdout } = await servesim("compare", "sim", "sim", "--fail-above", "e2el.mean=0%", "--json");
    expect(code).toBe(0);
    const { metrics } = JSON.parse(stdout) as { metrics: { error_fraction: number | null }[] };
    expect(metrics.length).toBeGreaterThan(4);
    expect(metrics.filter(({ error_fraction }) => error_fraction !== null && error_fraction !== 0)).toEqual([]);
  });

  test("with an error above the threshold exits 4 and says which", async () => {
    const { code, stdout, stderr } = await servesim("compare", "sim", "slower", "--fail-above", "e2el.mean=5%");
    expect(code).toBe(4);
    expect(stderr).toMatch(/^error: .*e2el\.mean/);
    expect(stdout).toContain("e2el mean");
    expect(stdout).toMatch(/duration run .* -33\.3 % .* cannot tell \(one real run\), at least 1 more needed/);
  });

  test("says that it cannot tell where a threshold is met by one real run, and takes tolerances", async () => {
    const { code, stdout, stderr } = await servesim("compare", "sim", "slower", "--fail-above", "ttft.mean=40%");
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /warning: ttft\.mean is off by 0 %, 90 % interval 0 % to 0 %, allowed 40 %: cannot tell \(one real run\)/,
    );
    expect(stdout).toMatch(/verdicts: agrees 0, differs \d+, cannot tell \d+ of \d+/);
    const repeated = await servesim("compare", "sim", "slower", "slower", "--tolerance", "e2el.mean=99%", "--json");
    const { metrics, real } = JSON.parse(repeated.stdout) as {
      metrics: { metric: string; stat: string; verdict: string }[];
      real: object[];
    };
    expect(real).toHaveLength(2);
    const verdictOf = (stat: string) => metrics.find((one) => one.metric === "e2el" && one.stat === stat)!.verdict;
    expect([verdictOf("mean"), verdictOf("p50")]).toEqual(["agrees", "differs"]);
    expectMistake(
      await servesim("compare", "sim", "sim", "--tolerance", "e2el=5%"),
      /threshold "e2el=5%": unknown statistic "e2el" \(metrics: ttft/,
    );
  });

  test("rejects folders that are no runs, and thresholds that are none", async () => {
    expectMistake(await servesim("compare", "sim", "nope"), /nope is not a folder, expected a run folder/);
    expectMistake(await servesim("compare", "sim", "sim", "--fail-above", "e2e.mean=5%"), /did you mean "e2el\.mean"/);
    expectMistake(await servesim("compare", "sim", "sim", "--fail-above", ""), /threshold "": expected METRIC\.STAT/);
  });
});

describe("the small commands", () => {
  test("schema lists the formats and prints one as JSON", async () => {
    expect((await servesim("schema")).stdout.split("\n")).toContain("profile");
    expect(JSON.parse((await servesim("schema", "profile")).stdout)).toMatchObject({ title: "servesim profile" });
    expectMistake(await servesim("schema", "profil"), /did you mean "profile"/);
  });

  test("doctor --json says what there is", async () => {
    const { code, stdout } = await servesim("doctor", "--json");
    expect(code).toBe(0);
    const { findings } = JSON.parse(stdout) as { findings: { what: string; state: string }[] };
    expect(findings.map(({ what }) => what)).toEqual(
      expect.arrayContaining(["Node", "ONNX Runtime", "continuous batching", "model cache"]),
    );
  });

  test("--help names every command, and a misspelt command the nearest", async () => {
    // Help ends the process.
    const { code, stdout } = await startServesimIn(folder, ["--help"]).ended;
    expect(code).toBe(0);
    for (const name of ["run", "calibrate", "simulate", "bench", "compare", "report", "trace", "schema", "doctor"]) {
      expect(stdout).toMatch(new RegExp(`^ *servesim ${name}\\b`, "m"));
    }
    expectMistake(await servesim("simulat"), /did you mean "simulate"\?/);
    expectMistake(await servesim(), /no command given/);
    expectMistake(
      await servesim("trace", "inspect"),
      /too few arguments, expected servesim trace <action> <file>; see/,
    );
    expectMistake(await servesim("simulate", "-o", "x"), /unknown flag -o; see "servesim simulate --help"/);
    expectMistake(await servesim("calibrate", "onnx", "--output="), /--output: got "", expected a file/);
    expectMistake(await servesim("calibrate", "vllm", "--from", "x", "--output="), /--output: got "", expected a file/);
    expectMistake(await servesim("report", "--csv", "c.csv", "--output="), /--output: got "", expected a folder/);
  });

  test("report --csv draws the seven charts of the original suite's columns", async () => {
    const rows = ["naive", "dynamic"].flatMap((scheduler) =>
      [1, 2, 3].flatMap((run) =>
        Array.from(
          { length: 8 },
          (_, i) => `${scheduler},${run},${i + 1},ok,${0.2 + i / 50},${0.1 + i / 90},${40 - i},20`,
        ),
      ),
    );
    const header = "scheduler_type,run_num,seq,status,latency,ttft,tokens_per_sec,output_tokens";
    const path = write("original.csv", [header, ...rows, ""].join("\r\n"));
    const { code, stdout } = await servesim("report", "--csv", path, "--output", "plots");
    expect(code).toBe(0);
    const drawn = readdirSync(join(folder, "plots"));
    for (const name of ["ttft_bar", "total_latency_bar", "throughput_bar", "ttft_line", "throughput_line"]) {
      expect(drawn).toContain(`${name}_chart.svg`);
    }
    expect(drawn).toEqual(expect.arrayContaining(["latency_boxplot.svg", "latency_cdf.svg"]));
    expect(stdout.trim().split("\n")).toHaveLength(drawn.length);
  });

  test("calibrate rejects a model, an engine or a place that is none, and leaves nothing", async () => {
    const below = ["--output", "calibrated/profile.json"];
    const text = write("model.txt", "not a model");
    expectMistake(await servesim("calibrate", "onnx", "--model", text, ...below), /unknown model ".*model\.txt"/);
    expectMistake(await servesim("calibrate", "onnxx", ...below), /no engine "onnxx", did you mean "onnx"\?/);
    expectMistake(await servesim("calibrate", "onnx", "--batch-sizes", "1,a,3"), /--batch-sizes: got "a"/);
    expect(existsSync(join(folder, "calibrated"))).toBe(false);
  });
});

describe("run", () => {
  const experiment = (name: string, numRuns: number): string => `version: 1
name: ${name}
calibrate: { model: tiny, batch_sizes: [1, 2, 4], prompt_tokens: [1, 16], decode_steps: [2, 8], repeats: 2 }
num_runs: ${numRuns}
policies:
  - { policy: naive, batch_size: 4, timeout_s: 0.02 }
  - { policy: vllm, max_num_seqs: 4 }
loads:
  - { label: closed, num_prompts: 8, max_concurrency: 2, output_len: 4 }
`;

  test("calibrates, simulates, runs, compares and reports; a second run keeps all of it", async () => {
    const path = write("tiny.yaml", experiment("tiny", 2));
    const first = await servesim("run", path, "--results", "results");
    expect(first.stderr).toMatch(
      /simulated 2 of 2 cells, 0 existed already\n(.*\n)*ran 4 of 4 real runs, 0 existed already/,
    );
    expect(first.code).toBe(0);
    const root = join(folder, "results", "tiny");
    const parts = ["report.html", "comparison.json", "manifest.json", "profile.json", "llm_inference_benchmark.csv"];
    for (const part of parts) expect(existsSync(join(root, part))).toBe(true);
    expect(existsSync(join(root, "cells", "naive--closed", "real-r2", "run.json"))).toBe(true);
    expect(existsSync(join(root, "cells", "vllm--closed", "real-r2", "run.json"))).toBe(true);
    const before = readFileSync(join(root, "cells", "naive--closed", "real", "requests.csv"), "utf8");
    expect(first.stdout).toMatch(
      /\nagrees \d+, differs \d+, cannot tell \d+ of \d+\nat the pace of the calibration: agrees/,
    );
    const info = (run: string): Record<string, unknown> =>
      JSON.parse(readFileSync(join(root, "cells", "naive--closed", run, "run.json"), "utf8")) as Record<
        string,
        unknown
      >;
    const { pace } = info("real-r2") as { pace: { before: number; after: number } };
    expect(info("sim-at-pace-r2").simulated_at_pace).toBe(pace.before);
    const { cells } = JSON.parse(readFileSync(join(root, "comparison.json"), "utf8")) as { cells: object[] };
    expect(cells[0]).toMatchObject({
      ...{ simulated_at: "pace before each real run", as_calibrated: { level: 0.9 }, level: 0.9 },
      pace: { before: expect.any(Number) as number, after: expect.any(Number) as number },
    });
    const predicted = filesOf(join("results", "tiny", "cells", "naive--closed", "sim-at-pace"));
    rmSync(join(root, "cells", "naive--closed", "sim-at-pace"), { recursive: true });

    const second = await servesim("run", path, "--results", "results");
    expect(second.code).toBe(0);
    expect(second.stderr).toMatch(/calibration: kept /);
    expect(second.stderr).toMatch(/simulated 0 of 2 cells, 2 existed already\nran 0 of 4 real runs, 4 existed already/);
    expect(readFileSync(join(root, "cells", "naive--closed", "real", "requests.csv"), "utf8")).toBe(before);
    expect(filesOf(join("results", "tiny", "cells", "naive--closed", "sim-at-pace"))).toEqual(predicted);
    expect((await servesim("report", root)).code).toBe(0);

    const resolved = readFileSync(join(root, "experiment.yaml"), "utf8");
    write("tiny.yaml", experiment("tiny", 2).replace("timeout_s: 0.02", "timeout_s: 0.03"));
    expectMistake(await servesim("run", path, "--results", "results"), /made from other inputs .*--force/);
    expect(readFileSync(join(root, "experiment.yaml"), "utf8")).toBe(resolved);
    write("tiny.yaml", experiment("tiny", 2).replace("repeats: 2", "repeats: 3"));
    expectMistake(await servesim("run", path, "--results", "results"), /calibrated with another plan; .*--force/);
  });

  test("goes on after Ctrl-C in the calibration and in the real runs", async () => {
    const path = write("stopped.yaml", experiment("stopped", 2).replace("repeats: 2", "repeats: 6"));
    const root = join(folder, "results", "stopped");
    const raw = join(root, "profile.measurements.csv");
    const words = ["run", path, "--results", "results"];
    const measured = (): boolean => existsSync(raw) && readFileSync(raw, "utf8").split("\n").length > 3;
    const inCalibration = await signalWhen(startServesimIn(folder, words), "SIGINT", measured);
    expect(inCalibration.stderr).toMatch(/interrupted: finished work is kept under results; continue with the same/);
    expect(inCalibration.code).toBe(130);
    expect(existsSync(join(root, "profile.json"))).toBe(false);

    const inRuns = await signalWhen(startServesimIn(folder, words), "SIGINT", () =>
      existsSync(join(root, "cells", "naive--closed", "real", "run.json")),
    );
    expect(inRuns.code).toBe(130);
    expect(JSON.parse(readFileSync(join(root, "manifest.json"), "utf8"))).toMatchObject({ interrupted: true });

    const last = await servesim(...words);
    expect(last.code).toBe(0);
    expect(last.stderr).toContain("simulated 0 of 2 cells, 2 existed already");
    expect(last.stderr).toContain("ran 3 of 4 real runs, 1 existed already");
    expect(JSON.parse(readFileSync(join(root, "manifest.json"), "utf8"))).toMatchObject({ interrupted: false });
    expect(existsSync(join(root, "report.html"))).toBe(true);
  });

  test("examples/original-suite/experiment.yaml works as it is", async () => {
    const { code, stdout } = await servesim("run", resolve("examples/original-suite/experiment.yaml"), "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveLength(6);
    expect(existsSync(join(folder, "results", "original-suite", "report.html"))).toBe(true);
  });

  test("examples/what-if.yaml works with a quarter of its requests, and its two settings differ under the heavy load", async () => {
    const example = readFileSync(resolve("examples/what-if.yaml"), "utf8").replace("../profiles", resolve("profiles"));
    const quarter = example.replaceAll(/num_prompts: (\d+)/g, (_, count) => `num_prompts: ${Number(count) / 4}`);
    const { code, stdout } = await servesim("run", write("what-if.yaml", quarter), "--json");
    expect(code).toBe(0);
    const cells = JSON.parse(stdout) as { cell: string; sim: { overloaded: boolean }; notes: string[] }[];
    expect(cells).toHaveLength(4);
    const overloaded = cells.filter(({ sim }) => sim.overloaded);
    expect(overloaded.map(({ cell }) => cell)).toEqual(["seqs32--24-per-s"]);
    expect(overloaded[0]!.notes.join()).toMatch(/^overload: /);
    expect(existsSync(join(folder, "results", "what-if", "report.html"))).toBe(true);
  });

  test("examples/sessions.yaml works with a tenth of its sessions: turns find the ones before them where the cache is on", async () => {
    const example = readFileSync(resolve("examples/sessions.yaml"), "utf8").replace("../profiles", resolve("profiles"));
    const tenth = example.replace("num_sessions: 200", "num_sessions: 20");
    const { code, stdout } = await servesim("run", write("sessions.yaml", tenth), "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveLength(2);
    const shares = ["cached", "not-cached"].map((policy) => {
      const path = join(folder, "results", "sessions", "cells", `${policy}--chat`, "sim", "run.json");
      const { sessions } = JSON.parse(readFileSync(path, "utf8")) as {
        sessions: { completed: number; by_turn: { cached_share: number }[] };
      };
      expect(sessions.completed).toBe(20);
      return sessions.by_turn[3]!.cached_share;
    });
    expect(shares[0]).toBeGreaterThan(0.8);
    expect(shares[1]).toBe(0);
  });

  test("an experiment that cannot be run leaves nothing under the results", async () => {
    const simulated = experiment("refused", 1).replace(/^calibrate: .*$/m, `profile: ${profile}`);
    const texts = [
      [simulated, /measured on original-suite, which servesim cannot run here; set num_runs: 0/],
      [simulated.replace(profile, "nope.json"), /cannot read .*nope\.json/],
      [simulated.replace("batch_size: 4", "bach_size: 4"), /did you mean "batch_size"\?/],
      [simulated.replace("refused", ".."), /refused3\.yaml:2: name: got "\.\."/],
      ...["", "- a\n", "hello\n", "a: [\n"].map((text) => [text, /refused\d\.yaml/] as const),
    ] as const;
    for (const [at, [text, message]] of texts.entries()) {
      expectMistake(await servesim("run", write(`refused${at}.yaml`, text), "--results", "refused"), message);
    }
    const left = existsSync(join(folder, "refused")) ? readdirSync(join(folder, "refused"), { recursive: true }) : [];
    expect(left.filter((name) => name !== "refused")).toEqual([]);
    mkdirSync(join(folder, "plain"), { recursive: true });
    const file = write("plain/file", "");
    const path = write("refused.yaml", simulated.replace("num_runs: 1", "num_runs: 0"));
    expectMistake(
      await servesim("run", path, "--results", file),
      /cannot write .*refused: a part of the path is a file/,
    );
  });
});
